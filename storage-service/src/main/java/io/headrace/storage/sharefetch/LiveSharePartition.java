package io.headrace.storage.sharefetch;

import io.headrace.storage.partition.FetchQuery;
import io.headrace.storage.partition.Partition;
import io.headrace.storage.purgatory.ParkedFetch;
import io.headrace.storage.share.AcquiredRange;
import io.headrace.storage.share.OffsetReset;
import io.headrace.storage.share.PersistedState;
import io.headrace.storage.share.SharePartition;
import io.headrace.storage.share.SharePartitionKey;
import io.headrace.storage.share.ShareSettings;
import io.headrace.storage.share.StateWrite;
import io.headrace.transport.loop.Loop;

import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;

/**
 * A share partition at work: reads its state first, has its changes written, watches its locks and
 * wakes who waits. Confined to its partition's loop.
 */
final class LiveSharePartition {
    private static final Logger LOG = LoggerFactory.getLogger(LiveSharePartition.class);
    private static final int MAX_WAITERS = 10_000;
    private static final long RETRY_PAUSE_MS = 500;
    private static final long LONGEST_PAUSE_MS = 5_000;

    private final SharePartitionKey key;
    private final Partition partition;
    private final Loop loop;
    private final ShareStateStore store;
    private final LongSupplier clockMs;
    private final SharePartition state;
    private final Set<String> members = new HashSet<>();
    private final ShareWaiters waiters = new ShareWaiters(MAX_WAITERS);
    private boolean ready;
    private boolean reading;
    private boolean pausing;
    private long readPauseMs = RETRY_PAUSE_MS / 2;
    private long changes;
    private long timerAtMs = Long.MAX_VALUE;
    private Loop.@Nullable ScheduledTask timer;

    /** Waits for the log to grow on behalf of all waiters; null when nobody does. */
    private @Nullable ParkedFetch logWatch;

    LiveSharePartition(
            SharePartitionKey key,
            Partition partition,
            ShareSettings settings,
            ShareStateStore store,
            LongSupplier clockMs) {
        this.key = key;
        this.partition = partition;
        this.loop = partition.loop();
        this.store = store;
        this.clockMs = clockMs;
        this.state = new SharePartition(partition.leaderEpoch(), settings);
    }

    SharePartitionKey key() {
        return key;
    }

    Partition partition() {
        return partition;
    }

    SharePartition state() {
        return state;
    }

    /** Whether its state was read. */
    boolean isReady() {
        return ready;
    }

    /** Whether another is the valid one: this node leads no more, or in another epoch. */
    boolean isStale() {
        return state.closedBy() != null
                || partition.checkLeader(state.leaderEpoch()) != Errors.NONE;
    }

    /** Whether nobody uses it. */
    boolean isIdle() {
        return members.isEmpty()
                && waiters.isEmpty()
                && !reading
                && !state.hasUnwritten()
                && !state.holdsLocks();
    }

    void addMember(String memberId) {
        members.add(memberId);
    }

    /** A member's session ended: others may have what it holds. */
    void removeMember(String memberId) {
        members.remove(memberId);
        if (state.release(memberId)) {
            onChanged();
        }
    }

    /** A member was given records that did not reach it. */
    void takeBack(String memberId, List<AcquiredRange> acquired) {
        if (state.takeBack(memberId, acquired)) {
            onChanged();
        }
    }

    // Beginning.

    void start() {
        store.read(key, state.leaderEpoch())
                .whenComplete((answer, failure) -> loop.execute(() -> onRead(answer, failure)));
    }

    private void onRead(ShareStateStore.@Nullable Answer answer, @Nullable Throwable failure) {
        if (isStale()) {
            close(Errors.NOT_LEADER_OR_FOLLOWER);
        } else if (answer == null || answer.error() != Errors.NONE) {
            Errors error = answer == null ? Errors.UNKNOWN_SERVER_ERROR : answer.error();
            LOG.info("The state of share partition {} is not to be had: {}", key, error, failure);
            if (error == Errors.FENCED_LEADER_EPOCH) {
                close(Errors.NOT_LEADER_OR_FOLLOWER);
            } else {
                loop.schedule(this::restart, readPauseMs);
                readPauseMs = Math.min(LONGEST_PAUSE_MS, readPauseMs * 2);
            }
        } else if (answer.state().startOffset() >= 0) {
            begin(answer.state(), answer.state().startOffset());
        } else {
            firstOffset()
                    .whenComplete(
                            (offset, lost) ->
                                    loop.run(() -> onFirstOffset(answer.state(), offset, lost)));
        }
    }

    private void restart() {
        if (isStale()) {
            close(Errors.NOT_LEADER_OR_FOLLOWER);
        } else {
            start();
        }
    }

    private void onFirstOffset(
            PersistedState persisted, @Nullable Long offset, @Nullable Throwable failure) {
        if (isStale()) {
            close(Errors.NOT_LEADER_OR_FOLLOWER);
        } else if (offset == null) {
            LOG.warn("Cannot find where share partition {} begins", key, failure);
            loop.schedule(this::restart, RETRY_PAUSE_MS);
        } else {
            begin(persisted, offset);
        }
    }

    /** Where a share partition that was never read begins. */
    private CompletableFuture<Long> firstOffset() {
        long latest = partition.reader().visibleBound(FetchQuery.Bound.READ_UNCOMMITTED);
        return switch (state.settings().reset()) {
            case OffsetReset.Earliest earliest ->
                    CompletableFuture.completedFuture(partition.log().logStartOffset());
            case OffsetReset.Latest newest -> CompletableFuture.completedFuture(latest);
            case OffsetReset.ByDuration duration ->
                    partition
                            .log()
                            .offsetForTimestamp(clockMs.getAsLong() - duration.age().toMillis())
                            .thenApply(hit -> hit.map(found -> found.offset()).orElse(latest));
        };
    }

    private void begin(PersistedState persisted, long startOffset) {
        state.restore(persisted, startOffset);
        ready = true;
        followLog();
        onChanged();
    }

    /** Takes over where the log begins and ends now; this node leads. */
    void followLog() {
        state.onLogStart(partition.log().logStartOffset());
        state.onLogEnd(partition.log().logEndOffset());
    }

    // Change.

    /** Something was acquired, acknowledged or given back: writes it, tells who waits. */
    void onChanged() {
        changes++;
        write();
        watchLocks();
        wakeNext();
        watchLog();
    }

    /** The group's configs as they are now. */
    void configure(ShareSettings settings) {
        if (!settings.equals(state.settings())) {
            state.configure(settings);
            changes++;
            wakeNext();
        }
    }

    /** Acknowledgements came, which change nothing for others before they are written. */
    void onAcknowledged() {
        write();
        watchLocks();
    }

    /** Counts what may interest those who wait. */
    long changes() {
        return changes;
    }

    private void write() {
        StateWrite next = pausing ? null : state.nextWrite();
        if (next != null) {
            store.write(key, next)
                    .whenComplete(
                            (result, failure) -> loop.execute(() -> onWritten(result, failure)));
        }
    }

    private void onWritten(@Nullable Errors result, @Nullable Throwable failure) {
        Errors error = result == null ? Errors.UNKNOWN_SERVER_ERROR : result;
        if (error != Errors.NONE) {
            LOG.info("The state of share partition {} was not written: {}", key, error, failure);
            pausing = true;
            loop.schedule(this::resume, RETRY_PAUSE_MS);
        }
        state.onWritten(error);
        onChanged();
    }

    private void resume() {
        pausing = false;
        write();
    }

    /** Sets the timer to the next lock that expires. */
    void watchLocks() {
        long next = state.nextExpiryMs();
        if (next >= timerAtMs) {
            return;
        }
        cancelTimer();
        timerAtMs = next;
        timer = loop.schedule(this::onTimer, Math.max(1, next - clockMs.getAsLong()));
    }

    private void cancelTimer() {
        Loop.ScheduledTask current = timer;
        if (current != null) {
            current.cancel();
        }
        timer = null;
        timerAtMs = Long.MAX_VALUE;
    }

    private void onTimer() {
        timer = null;
        timerAtMs = Long.MAX_VALUE;
        if (state.expire(clockMs.getAsLong())) {
            onChanged();
        } else {
            watchLocks();
        }
    }

    // Reads from disk: one at a time, so that two do not load the same records.

    boolean isReading() {
        return reading;
    }

    void beginRead() {
        reading = true;
    }

    void endRead() {
        reading = false;
        changes++;
        wakeNext();
        watchLog();
    }

    // Waiting.

    /** The exclusive bound of what may be delivered. */
    long visibleBound() {
        return partition.reader().visibleBound(ShareReading.boundOf(state.settings()));
    }

    /** Whether a fetch that comes now is likely to be given something. */
    private boolean hasWork() {
        return ready
                && !reading
                && !isStale()
                && state.canAcquire()
                && state.nextFetchOffset() < visibleBound();
    }

    /**
     * Parks a fetch until there may be something for it.
     *
     * @param changesSeen the changes that its read saw
     * @param boundSeen the bound of visible offsets that its read saw
     * @return false if there is something already, or too many are parked
     */
    boolean park(ParkedFetch fetch, long changesSeen, long boundSeen) {
        if (isStale()
                || (hasWork() && (changes != changesSeen || visibleBound() != boundSeen))
                || !waiters.add(fetch, changes)) {
            return false;
        }
        watchLog();
        return true;
    }

    void unpark(ParkedFetch fetch) {
        waiters.remove(fetch);
    }

    /**
     * Wakes the fetch that waits longest, if there is something for it. Whoever was woken calls
     * this again once it has looked, so that as many wake as there is work for.
     */
    void wakeNext() {
        if (!waiters.isEmpty() && hasWork()) {
            ParkedFetch next = waiters.next(changes);
            if (next != null) {
                next.wake();
            }
        }
    }

    private void wakeAll() {
        waiters.drain().forEach(ParkedFetch::wake);
    }

    /** Has this share partition told when the log grows, if anybody waits for that. */
    private void watchLog() {
        if (logWatch != null || waiters.isEmpty() || !ready || isStale() || !state.canAcquire()) {
            return;
        }
        // Queued, as it may come while the partition is changing.
        ParkedFetch watch = new ParkedFetch(1, () -> loop.execute(this::onLogChanged));
        FetchQuery.Bound bound = ShareReading.boundOf(state.settings());
        if (partition.reader().park(watch, bound, visibleBound())) {
            logWatch = watch;
        } else {
            wakeAll();
        }
    }

    private void onLogChanged() {
        logWatch = null;
        if (state.closedBy() != null) {
            return;
        }
        if (isStale()) {
            close(Errors.NOT_LEADER_OR_FOLLOWER);
            return;
        }
        changes++;
        wakeNext();
        watchLog();
    }

    // End.

    /** Serves no more; what waits for a write is answered with the reason. */
    void close(Errors reason) {
        cancelTimer();
        ParkedFetch watch = logWatch;
        if (watch != null) {
            partition.reader().unpark(watch);
            logWatch = null;
        }
        state.close(reason);
        changes++;
        wakeAll();
    }
}
