package io.headrace.testkit.network;

import java.time.Duration;

/**
 * What goes wrong on the links of a {@link SimulatedNetwork}.
 *
 * @param minDelay the shortest way of a message
 * @param maxDelay the longest way of a message
 * @param lossChance from 0 (no message is lost) to 1 (every message)
 * @param duplicateChance from 0 to 1
 * @param ordered whether messages of one link arrive in the order in which they were sent
 */
public record LinkFaults(
        Duration minDelay,
        Duration maxDelay,
        double lossChance,
        double duplicateChance,
        boolean ordered) {
    /** Nothing: every message arrives once, in order, at once. */
    public static final LinkFaults NONE = new LinkFaults(Duration.ZERO, Duration.ZERO, 0, 0, true);

    public LinkFaults {
        if (minDelay.isNegative() || maxDelay.compareTo(minDelay) < 0) {
            throw new IllegalArgumentException("no delay from " + minDelay + " to " + maxDelay);
        }
        requireChance(lossChance);
        requireChance(duplicateChance);
    }

    private static void requireChance(double chance) {
        if (!(chance >= 0 && chance <= 1)) {
            throw new IllegalArgumentException("a chance is from 0 to 1, not " + chance);
        }
    }
}
