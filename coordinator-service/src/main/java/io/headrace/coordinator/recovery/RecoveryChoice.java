package io.headrace.coordinator.recovery;

import java.util.Set;

/**
 * What the operator says about a recovery.
 *
 * @param sourceId the node whose metadata is taken, or {@link #NEWEST}
 * @param without nodes that are not there and are not waited for
 */
public record RecoveryChoice(int sourceId, Set<Integer> without) {
    /** The node with the newest metadata. */
    public static final int NEWEST = -1;
}
