package io.headrace.standalone.failover;

import java.util.Arrays;

/** Times at which something went right, and the longest silence between them. Thread-safe. */
final class GapMeter {
    private long[] timesNanos = new long[1 << 12];
    private int count;

    synchronized void tick(long nowNanos) {
        if (count == timesNanos.length) {
            timesNanos = Arrays.copyOf(timesNanos, count * 2);
        }
        timesNanos[count++] = nowNanos;
    }

    /** How often it ticked. */
    synchronized int count() {
        return count;
    }

    /** The time of the last tick, or the fallback before the first. */
    synchronized long lastNanos(long fallback) {
        return count == 0 ? fallback : timesNanos[count - 1];
    }

    /**
     * The longest time without a tick between two moments; a silence that begins before or ends
     * after them counts as far as it lies between.
     */
    synchronized long longestGapNanos(long fromNanos, long toNanos) {
        long longest = 0;
        long before = fromNanos;
        for (int i = firstFrom(fromNanos); i < count && timesNanos[i] - toNanos <= 0; i++) {
            longest = Math.max(longest, timesNanos[i] - before);
            before = timesNanos[i];
        }
        return Math.max(longest, toNanos - before);
    }

    private int firstFrom(long fromNanos) {
        int low = 0;
        int high = count;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (timesNanos[middle] - fromNanos < 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }
}
