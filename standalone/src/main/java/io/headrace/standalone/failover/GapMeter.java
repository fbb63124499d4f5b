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
     * A time without a tick.
     *
     * @param fromNanos when it began
     */
    record Gap(long fromNanos, long nanos) {}

    /**
     * The longest time without a tick between two moments; a silence that begins before or ends
     * after them counts as far as it lies between.
     */
    synchronized Gap longestGap(long fromNanos, long toNanos) {
        Gap longest = new Gap(fromNanos, 0);
        long before = fromNanos;
        for (int i = firstFrom(fromNanos); i < count && timesNanos[i] - toNanos <= 0; i++) {
            longest = longer(longest, before, timesNanos[i]);
            before = timesNanos[i];
        }
        return longer(longest, before, toNanos);
    }

    private static Gap longer(Gap known, long fromNanos, long toNanos) {
        return toNanos - fromNanos > known.nanos()
                ? new Gap(fromNanos, toNanos - fromNanos)
                : known;
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
