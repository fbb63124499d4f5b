package io.headrace.gateway.fanout;

import io.headrace.client.error.HeadraceException;

import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * The recent end of one partition's log, and the one fetch that extends it. It fetches only while a
 * reader waits at its end, so it runs as fast as its fastest reader; a reader that falls out of it
 * reads from the log by itself. Confined to the fan-out's thread.
 */
final class PartitionFeed {
    /** A reader that waits at the end. */
    interface Waiter {
        /** There may be more now. */
        void onMore();

        /** Reading failed for good. */
        void onFailed(RuntimeException error);
    }

    /** How much later than asked for an empty answer may come. */
    private static final long GRACE_MS = 2000;

    private final TopicPartition partition;
    private final Fanout fanout;
    private final ArrayDeque<LogSlice> slices = new ArrayDeque<>();
    private final Set<Waiter> waiters = new LinkedHashSet<>();
    private long startOffset;
    private long endOffset;
    private long bytes;
    private boolean fetching;
    private boolean closed;
    private int failures;
    private @Nullable RuntimeException failure;
    private long askedMs;
    private long lastUsedMs;
    private long keepFetchingUntilMs = Long.MIN_VALUE;
    private long pauseMs = 1;
    private boolean pausing;
    private long arrivedMs = Long.MIN_VALUE / 2;
    private long silenceMs;

    PartitionFeed(TopicPartition partition, Fanout fanout, long offset) {
        this.partition = partition;
        this.fanout = fanout;
        this.startOffset = offset;
        this.endOffset = offset;
        this.lastUsedMs = fanout.nowMs();
    }

    long endOffset() {
        return endOffset;
    }

    long bytes() {
        return bytes;
    }

    boolean isIdle(long nowMs, long lingerMs) {
        return waiters.isEmpty() && !fetching && nowMs - lastUsedMs > lingerMs;
    }

    /** The kept piece that holds the offset, or null: it is not kept, or not there yet. */
    @Nullable LogSlice sliceAt(long offset) {
        if (offset < startOffset || offset >= endOffset) {
            return null;
        }
        lastUsedMs = fanout.nowMs();
        var newestFirst = slices.descendingIterator();
        while (newestFirst.hasNext()) {
            LogSlice slice = newestFirst.next();
            if (slice.fetchOffset() <= offset) {
                return slice;
            }
        }
        return null;
    }

    /** Whether that very piece is kept here. */
    @SuppressWarnings("ReferenceEquality") // An equal piece that a reader fetched is its own.
    boolean isKept(LogSlice slice) {
        return sliceAt(slice.fetchOffset()) == slice;
    }

    /** How many bytes the pieces from the one with the offset on have; no exacter than needed. */
    long bytesFrom(long offset, long enough) {
        long sum = 0;
        var newestFirst = slices.descendingIterator();
        while (newestFirst.hasNext() && sum < enough) {
            LogSlice slice = newestFirst.next();
            if (slice.nextOffset() <= offset) {
                break;
            }
            sum += slice.sizeInBytes();
        }
        return sum;
    }

    /** Waits for more than the end; once. */
    void await(Waiter waiter) {
        waiters.add(waiter);
        lastUsedMs = fanout.nowMs();
        fetch();
    }

    /**
     * Reads on although nobody waits: what comes is asked for together then.
     *
     * @param pauseMs between one fetch and the next while nobody waits
     */
    void keepFetching(long untilMs, long pauseMs) {
        if (untilMs > keepFetchingUntilMs) {
            keepFetchingUntilMs = untilMs;
            this.pauseMs = pauseMs;
            fetchAfterPause();
        }
    }

    private void fetchAfterPause() {
        if (!pausing && !fetching && !closed && fanout.nowMs() < keepFetchingUntilMs) {
            pausing = true;
            fanout.schedule(
                    () -> {
                        pausing = false;
                        fetch();
                    },
                    pauseMs);
        }
    }

    void forget(Waiter waiter) {
        waiters.remove(waiter);
    }

    /** Why records may be there that this feed does not have; null when it reads as it should. */
    @Nullable RuntimeException trouble() {
        if (failure != null || !fetching) {
            return failure;
        }
        long silentMs = fanout.nowMs() - askedMs;
        return silentMs <= fanout.options().feedWait().toMillis() + GRACE_MS
                ? null
                : new HeadraceException(
                        Errors.BROKER_NOT_AVAILABLE,
                        true,
                        partition + " has not answered for " + silentMs + " ms.",
                        "Try again.",
                        null);
    }

    private void fetch() {
        boolean wanted = !waiters.isEmpty() || fanout.nowMs() < keepFetchingUntilMs;
        if (fetching || closed || !wanted) {
            return;
        }
        fetching = true;
        askedMs = fanout.nowMs();
        long offset = endOffset;
        fanout.metrics().onFeedFetch();
        fanout.read(
                partition,
                offset,
                fanout.options().feedWait(),
                this::onFetched,
                this::onFetchFailed);
    }

    private void onFetched(LogSlice slice) {
        fetching = false;
        failures = 0;
        failure = null;
        if (closed) {
            return;
        }
        if (slice.nextOffset() > endOffset) {
            append(slice);
            wake();
            fetchAfterPause();
        } else {
            fetch();
        }
    }

    /** How long nothing had come when the newest piece came. */
    long silenceMs() {
        return silenceMs;
    }

    boolean isSilentFor(long durationMs) {
        return fanout.nowMs() - arrivedMs >= durationMs;
    }

    private void append(LogSlice slice) {
        long nowMs = fanout.nowMs();
        silenceMs = nowMs - arrivedMs;
        arrivedMs = nowMs;
        slices.addLast(slice);
        endOffset = slice.nextOffset();
        bytes += slice.sizeInBytes();
        fanout.onKept(slice.sizeInBytes());
        while (bytes > fanout.options().feedBytes() && slices.size() > 1) {
            evictOldest();
        }
    }

    /** Gives back the oldest piece; false when there is none. */
    boolean evictOldest() {
        LogSlice oldest = slices.pollFirst();
        if (oldest == null) {
            return false;
        }
        bytes -= oldest.sizeInBytes();
        fanout.onKept(-oldest.sizeInBytes());
        startOffset = oldest.nextOffset();
        return true;
    }

    private void onFetchFailed(RuntimeException error) {
        fetching = false;
        if (closed) {
            return;
        }
        if (Fanout.errorOf(error) == Errors.OFFSET_OUT_OF_RANGE) {
            // The log was cut, or retention overtook an idle feed: readers find their own way.
            fanout.drop(this);
            wake();
        } else if (Fanout.isRetriable(error)) {
            failures++;
            failure = error;
            fanout.schedule(this::fetch, fanout.backoffMs(failures));
        } else {
            fanout.drop(this);
            List<Waiter> failed = new ArrayList<>(waiters);
            waiters.clear();
            failed.forEach(waiter -> waiter.onFailed(error));
        }
    }

    private void wake() {
        List<Waiter> woken = new ArrayList<>(waiters);
        waiters.clear();
        woken.forEach(Waiter::onMore);
    }

    TopicPartition partition() {
        return partition;
    }

    void close() {
        closed = true;
        while (evictOldest()) {
            // Each call takes one out.
        }
    }
}
