package io.headrace.coordinator.cluster;

import io.headrace.protocol.metadata.PartitionImage.LogEnd;

import java.util.Map;

/**
 * Where the logs of a node end, of partitions that wait for an election of last resort.
 *
 * @param ends by partition
 */
public record LogEndReport(int nodeId, long nodeEpoch, Map<PartitionKey, Resting> ends) {
    /** The most partitions of a report. */
    public static final int MAX_PARTITIONS = 2_000;

    /**
     * A log that nobody adds to.
     *
     * @param leaderlessEpoch the partition's leader epoch, in which nobody leads
     */
    public record Resting(int leaderlessEpoch, LogEnd end) {}
}
