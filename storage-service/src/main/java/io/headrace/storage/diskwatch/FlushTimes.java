package io.headrace.storage.diskwatch;

import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * How long the flushes of one log directory take, which are one after the other. Any thread, and
 * none that asks ever waits for a flush.
 */
public final class FlushTimes {
    private final LongSupplier nanoClock;
    private long begunNanos;
    private boolean running;
    private int count;
    private long totalNanos;

    public FlushTimes(LongSupplier nanoClock) {
        this.nanoClock = nanoClock;
    }

    /** A flush begins. */
    public synchronized void onBegun() {
        begunNanos = nanoClock.getAsLong();
        running = true;
    }

    /** The flush has ended, well or not. */
    public synchronized void onEnded() {
        count++;
        totalNanos += nanoClock.getAsLong() - begunNanos;
        running = false;
    }

    /** What happened since the last call; there is one who asks. */
    public synchronized FlushSample take() {
        long runningMs =
                running ? TimeUnit.NANOSECONDS.toMillis(nanoClock.getAsLong() - begunNanos) : 0;
        FlushSample sample =
                new FlushSample(count, TimeUnit.NANOSECONDS.toMillis(totalNanos), runningMs);
        count = 0;
        totalNanos = 0;
        return sample;
    }
}
