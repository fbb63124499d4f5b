package io.headrace.storage.partition;

/** Figures of a partition for metrics, taken on its loop from time to time. */
public record PartitionStats(
        boolean leader,
        boolean underReplicated,
        long logStartOffset,
        long logEndOffset,
        long sizeInBytes) {
    static final PartitionStats NONE = new PartitionStats(false, false, 0, 0, 0);
}
