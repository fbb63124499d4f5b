package io.headrace.coordinator.recovery;

import io.headrace.protocol.metadata.MetadataImage;

import org.jspecify.annotations.Nullable;

import java.util.List;

/**
 * What a recovery would do, and what keeps it from being done.
 *
 * @param database the metadata as the database has it
 * @param source whose metadata is taken; null when nothing is lost, or it cannot be said
 * @param recovered the metadata afterwards; as in the database when nothing is to be done
 * @param findings for each node, where it stands
 * @param restoredTopics topics that the database has lost
 * @param keptTopics topics that only the database knows, of which nodes have records
 * @param droppedTopics topics that only the database knows, of which no node has a record: they
 *     were deleted in what it lost, or made since and never written
 * @param refusals why this cannot be applied, each with what to do; empty when it can
 */
public record RecoveryPlan(
        MetadataImage database,
        @Nullable NodeReport source,
        MetadataImage recovered,
        List<Finding> findings,
        List<String> restoredTopics,
        List<String> keptTopics,
        List<String> droppedTopics,
        List<String> refusals) {

    /**
     * Where a node stands.
     *
     * @param lost whether the database lacks what it has applied
     */
    public record Finding(NodeReport report, boolean lost) {}

    /** Whether the database has lost anything that a node knows. */
    public boolean isNeeded() {
        return findings.stream().anyMatch(Finding::lost);
    }

    /** Whether it can be applied. */
    public boolean isApplicable() {
        return isNeeded() && source != null && refusals.isEmpty();
    }
}
