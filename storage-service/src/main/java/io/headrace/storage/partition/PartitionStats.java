package io.headrace.storage.partition;

import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.storage.log.PartitionLog;
import io.headrace.storage.replication.Replication;
import io.headrace.storage.replication.ReplicationState;

/** Figures of a partition for metrics. */
public record PartitionStats(
        boolean leader,
        boolean underReplicated,
        long logStartOffset,
        long logEndOffset,
        long sizeInBytes,
        long appendedBytes) {
    static final PartitionStats NONE = new PartitionStats(false, false, 0, 0, 0, 0);

    /**
     * What only the partition's loop knows, noted there from time to time; the log tells the rest.
     */
    record Seen(PartitionLog log, boolean leader, boolean underReplicated, long appendedBytes) {

        static Seen of(PartitionLog log, Replication replication, long appendedBytes) {
            PartitionImage image = replication.image();
            boolean leads = replication.state() instanceof ReplicationState.Leading;
            boolean isShort = image != null && image.isr().size() < image.assignedReplicas().size();
            return new Seen(log, leads, leads && isShort, appendedBytes);
        }

        /** Any thread. */
        PartitionStats stats() {
            return new PartitionStats(
                    leader,
                    underReplicated,
                    log.logStartOffset(),
                    log.logEndOffset(),
                    log.sizeInBytes(),
                    appendedBytes);
        }
    }
}
