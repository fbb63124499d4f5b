package io.headrace.storage.diskwatch;

/**
 * The flushes of one log directory between two looks.
 *
 * @param count flushes that ended
 * @param totalMs how long these took together, from their beginnings
 * @param runningMs how long one has been under way that has not ended, 0 for none
 */
public record FlushSample(int count, long totalMs, long runningMs) {
    /** A look between which nothing was flushed. */
    public static final FlushSample IDLE = new FlushSample(0, 0, 0);

    /** How long a flush takes at least, as far as this shows; -1 if it shows nothing. */
    long atLeastMs() {
        long meanMs = count == 0 ? -1 : totalMs / count;
        return runningMs == 0 ? meanMs : Math.max(meanMs, runningMs);
    }

    /** Whether it shows a flush from beginning to end, so that it may speak for the disk. */
    boolean isWhole() {
        return count > 0;
    }
}
