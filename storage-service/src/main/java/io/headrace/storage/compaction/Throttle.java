package io.headrace.storage.compaction;

import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Keeps compaction within a rate, and ends it when it shall stop. Confined to its thread. */
final class Throttle implements SegmentCleaner.Pace {
    private static final long NANOS_PER_SECOND = 1_000_000_000L;

    /** Shorter debts are carried over instead of slept. */
    private static final long SLEEP_MIN_NANOS = 10_000_000L;

    private static final long SLEEP_MAX_NANOS = 250_000_000L;

    private final long maxBytesPerSecond;
    private final BooleanSupplier stopping;
    private long paidUntilNanos = System.nanoTime();

    Throttle(long maxBytesPerSecond, BooleanSupplier stopping) {
        this.maxBytesPerSecond = maxBytesPerSecond;
        this.stopping = stopping;
    }

    @Override
    public void onBytes(long bytes) {
        if (stopping.getAsBoolean()) {
            throw new StoppedException();
        }
        if (maxBytesPerSecond == Long.MAX_VALUE) {
            return;
        }
        long now = System.nanoTime();
        paidUntilNanos =
                Math.max(paidUntilNanos, now)
                        + (long) ((double) bytes / maxBytesPerSecond * NANOS_PER_SECOND);
        while (paidUntilNanos - now > SLEEP_MIN_NANOS) {
            LockSupport.parkNanos(Math.min(paidUntilNanos - now, SLEEP_MAX_NANOS));
            if (stopping.getAsBoolean() || Thread.currentThread().isInterrupted()) {
                throw new StoppedException();
            }
            now = System.nanoTime();
        }
    }

    /** Compaction shall stop, in the middle of a pass; nothing is wrong. */
    static final class StoppedException extends RuntimeException {
        StoppedException() {
            super("Compaction was told to stop");
        }
    }
}
