package io.headrace.storage.purgatory;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A fetch that waits, possibly for several partitions on several loops, until enough bytes have
 * come, something changed, or its time is up. Holds no data. Identity is equality.
 */
public final class ParkedFetch {
    private final AtomicLong missingBytes;
    private final AtomicBoolean woken = new AtomicBoolean();
    private final Runnable onWake;

    /**
     * @param missingBytes how many more bytes make it worth answering
     * @param onWake called once, on the thread that wakes it
     */
    public ParkedFetch(long missingBytes, Runnable onWake) {
        this.missingBytes = new AtomicLong(Math.max(1, missingBytes));
        this.onWake = onWake;
    }

    /** Counts bytes that became visible; whether that is enough. */
    boolean hasEnoughWith(long moreBytes) {
        return missingBytes.addAndGet(-moreBytes) <= 0;
    }

    /** Ends the wait; only the first call has an effect. */
    public void wake() {
        if (woken.compareAndSet(false, true)) {
            onWake.run();
        }
    }

    public boolean isWoken() {
        return woken.get();
    }
}
