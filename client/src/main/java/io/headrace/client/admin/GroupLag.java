package io.headrace.client.admin;

import io.headrace.client.consume.CommittedOffset;

import org.apache.kafka.common.TopicPartition;

import java.util.Map;

/** How far a group is behind, for each partition with a committed offset. */
public record GroupLag(String groupId, Map<TopicPartition, PartitionLag> partitions) {

    /**
     * How far it is behind in one partition.
     *
     * @param logEndOffset the next offset to be written (the high watermark); -1 when unknown, as
     *     while the partition has no leader, or of a share group
     * @param lag records from the committed offset to the end, but those that a share group is done
     *     with; never below zero; -1 when unknown
     */
    public record PartitionLag(CommittedOffset committed, long logEndOffset, long lag) {}

    /** The sum over the partitions whose lag is known. */
    public long total() {
        return partitions.values().stream().mapToLong(p -> Math.max(0, p.lag())).sum();
    }
}
