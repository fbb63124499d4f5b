package io.headrace.storage.partition;

import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.storage.log.PartitionLog;

/** Figures of a partition for metrics, taken on its loop from time to time. */
public record PartitionStats(
        boolean leader,
        boolean underReplicated,
        long logStartOffset,
        long logEndOffset,
        long sizeInBytes,
        long appendedBytes) {
    static final PartitionStats NONE = new PartitionStats(false, false, 0, 0, 0, 0);

    static PartitionStats of(
            PartitionLog log, PartitionImage image, boolean leads, long appendedBytes) {
        return new PartitionStats(
                leads,
                leads && image.isr().size() < image.assignedReplicas().size(),
                log.logStartOffset(),
                log.logEndOffset(),
                log.sizeInBytes(),
                appendedBytes);
    }
}
