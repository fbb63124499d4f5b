package io.headrace.storage.partition;

import io.headrace.storage.purgatory.FetchWaiters;
import io.headrace.storage.purgatory.OffsetWaiters;
import io.headrace.storage.purgatory.ParkedFetch;
import io.headrace.transport.loop.Loop;

import org.apache.kafka.common.protocol.Errors;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Who waits for one partition: produces for a flush or a commit, reads for a check of the leader,
 * and parked fetches for growth. Confined to the partition's loop.
 */
final class PartitionWaiters {
    private static final int MAX_WAITERS = 100_000;
    private static final int EXPIRY_GRAIN_MS = 250;

    private final Loop loop;
    private final LongSupplier clockMs;
    private final OffsetWaiters<Consumer<Errors>> untilFlushed = new OffsetWaiters<>(MAX_WAITERS);
    private final OffsetWaiters<Consumer<Errors>> untilCommitted = new OffsetWaiters<>(MAX_WAITERS);
    private final OffsetWaiters<Consumer<Errors>> untilChecked = new OffsetWaiters<>(MAX_WAITERS);
    private final FetchWaiters fetches = new FetchWaiters(MAX_WAITERS);
    private final FetchWaiters replicas = new FetchWaiters(MAX_WAITERS);
    private final Supplier<Errors> commitTimeout;

    private boolean expiryScheduled;

    /**
     * @param commitTimeout what those are told who wait too long for a commit
     */
    PartitionWaiters(Loop loop, LongSupplier clockMs, Supplier<Errors> commitTimeout) {
        this.loop = loop;
        this.clockMs = clockMs;
        this.commitTimeout = commitTimeout;
    }

    void awaitCommit(long nextOffset, long deadlineMs, Consumer<Errors> whenDone) {
        await(untilCommitted, nextOffset, deadlineMs, whenDone);
    }

    void awaitFlush(long nextOffset, long deadlineMs, Consumer<Errors> whenDone) {
        await(untilFlushed, nextOffset, deadlineMs, whenDone);
    }

    /** Waits for a check of the leader; the followers are told of it now. */
    void awaitCheck(int check, long deadlineMs, Consumer<Errors> whenDone) {
        await(untilChecked, check, deadlineMs, whenDone);
        replicas.drain().forEach(ParkedFetch::wake);
    }

    boolean hasChecks() {
        return untilChecked.size() > 0;
    }

    /** Answers those who waited for a check up to this one. */
    void onChecked(int passedCheck) {
        untilChecked.reached(passedCheck).forEach(waiter -> waiter.accept(Errors.NONE));
    }

    private void await(
            OffsetWaiters<Consumer<Errors>> waiters,
            long nextOffset,
            long deadlineMs,
            Consumer<Errors> whenDone) {
        if (!waiters.add(nextOffset, deadlineMs, whenDone)) {
            whenDone.accept(Errors.REQUEST_TIMED_OUT);
        } else if (!expiryScheduled) {
            scheduleExpiry(deadlineMs - clockMs.getAsLong());
        }
    }

    private void scheduleExpiry(long delayMs) {
        expiryScheduled = true;
        loop.schedule(this::expire, Math.max(1, delayMs));
    }

    private void expire() {
        long nowMs = clockMs.getAsLong();
        expiryScheduled = false;
        untilFlushed.expired(nowMs).forEach(waiter -> waiter.accept(Errors.REQUEST_TIMED_OUT));
        untilChecked.expired(nowMs).forEach(waiter -> waiter.accept(Errors.REQUEST_TIMED_OUT));
        untilCommitted.expired(nowMs).forEach(waiter -> waiter.accept(commitTimeout.get()));
        if (untilFlushed.size() + untilCommitted.size() + untilChecked.size() > 0
                && !expiryScheduled) {
            scheduleExpiry(EXPIRY_GRAIN_MS);
        }
    }

    /** Answers those who waited for an offset below to be flushed. */
    void onFlushed(long flushedOffset) {
        for (Consumer<Errors> waiter : untilFlushed.reached(flushedOffset)) {
            waiter.accept(Errors.NONE);
        }
    }

    /** Answers those who waited for an offset below to be committed. */
    void onCommitted(long highWatermark) {
        List<Consumer<Errors>> committed = untilCommitted.reached(highWatermark);
        for (int i = 0; i < committed.size(); i++) {
            committed.get(i).accept(Errors.NONE);
        }
    }

    /** More is visible: wakes the fetches that have enough now, and every replica's. */
    void onGrown(long appendedBytes) {
        wake(fetches.grown(appendedBytes));
        if (replicas.size() > 0) {
            replicas.drain().forEach(ParkedFetch::wake); // they are told the high watermark
        }
    }

    /** The log grew: wakes the replicas' fetches that have enough now. */
    void onAppended(long appendedBytes) {
        wake(replicas.grown(appendedBytes));
    }

    private static void wake(List<ParkedFetch> due) {
        for (int i = 0; i < due.size(); i++) {
            due.get(i).wake();
        }
    }

    /** Parks a fetch; false if too many are parked. */
    boolean park(ParkedFetch fetch, long appendedBytes) {
        return fetches.add(fetch, appendedBytes);
    }

    /** As {@link #park}, for a replica's fetch. */
    boolean parkReplica(ParkedFetch fetch, long appendedBytes) {
        return replicas.add(fetch, appendedBytes);
    }

    void unpark(ParkedFetch fetch) {
        fetches.remove(fetch);
        replicas.remove(fetch);
    }

    /** Ends all waiting. */
    void fail(Errors reason) {
        List<Consumer<Errors>> waiting = new ArrayList<>(untilFlushed.drain());
        waiting.addAll(untilCommitted.drain());
        waiting.addAll(untilChecked.drain());
        waiting.forEach(waiter -> waiter.accept(reason));
        fetches.drain().forEach(ParkedFetch::wake);
        replicas.drain().forEach(ParkedFetch::wake);
    }
}
