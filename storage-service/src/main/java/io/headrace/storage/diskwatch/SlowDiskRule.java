package io.headrace.storage.diskwatch;

/**
 * Whether one log directory is slow, look by look.
 *
 * <pre>
 *   quick --BAD_LOOKS looks, each with flushes as slow as the limit, none quicker between--> slow
 *   slow  --GOOD_LOOKS looks in a row without a flush slower than half the limit-----------> quick
 * </pre>
 *
 * <p>A look without flushes does not speak for a disk, and {@link #IDLE_LOOKS} of them make its
 * slow ones forgotten. A flush that is under way counts against the disk as soon as it is as old as
 * the limit, and never for it. Confined to who looks.
 */
final class SlowDiskRule {
    /** Slow looks until a disk is called slow. */
    static final int BAD_LOOKS = 10;

    /** Looks in a row until it no longer is. */
    static final int GOOD_LOOKS = 60;

    /** Looks in a row without flushes after which earlier slow ones count no more. */
    static final int IDLE_LOOKS = 30;

    private final long limitMs;
    private int bad;
    private int idle;
    private int good;
    private boolean slow;

    SlowDiskRule(long limitMs) {
        this.limitMs = limitMs;
    }

    /** Takes a look into account and answers whether the disk is slow now. */
    boolean look(FlushSample sample) {
        if (slow) {
            good = 2 * sample.atLeastMs() <= limitMs ? good + 1 : 0;
            slow = good < GOOD_LOOKS;
            return slow;
        }
        if (sample.atLeastMs() >= limitMs) {
            bad++;
            idle = 0;
        } else if (sample.isWhole()) {
            bad = 0;
        } else if (++idle >= IDLE_LOOKS) {
            bad = 0;
        }
        if (bad >= BAD_LOOKS) {
            slow = true;
            bad = 0;
            good = 0;
        }
        return slow;
    }
}
