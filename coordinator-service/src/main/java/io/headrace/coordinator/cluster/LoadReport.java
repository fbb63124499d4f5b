package io.headrace.coordinator.cluster;

import java.util.Map;

/**
 * How much the leaders on a node append, in bytes a second.
 *
 * @param partitions those that append most
 * @param otherBytes what all others append together
 */
public record LoadReport(
        int nodeId, long nodeEpoch, Map<PartitionKey, Long> partitions, long otherBytes) {
    /** The most partitions of a report that are kept. */
    public static final int MAX_PARTITIONS = 500;

    public long totalBytes() {
        return otherBytes + partitions.values().stream().mapToLong(Long::longValue).sum();
    }
}
