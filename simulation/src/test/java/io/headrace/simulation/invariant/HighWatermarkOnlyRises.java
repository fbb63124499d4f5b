package io.headrace.simulation.invariant;

import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.storage.SimulatedStorageNode;
import io.headrace.storage.log.PartitionLog;
import io.headrace.storage.partition.Partition;

import java.util.Map;
import java.util.WeakHashMap;

/** While a process lives, no replica's high watermark goes back, nor lies above its log's end. */
public final class HighWatermarkOnlyRises implements Invariant {
    private final Map<PartitionLog, Long> highest = new WeakHashMap<>();

    @Override
    public void onReplica(
            SimulatedStorageNode node, Partition partition, PartitionLog log, MetadataImage truth) {
        long now = log.highWatermark();
        long before = highest.getOrDefault(log, 0L);
        if (now < before || now > log.logEndOffset()) {
            throw new AssertionError(
                    "a high watermark went back: node %d, %s from %d to %d, log end %d"
                            .formatted(
                                    node.nodeId(),
                                    partition.id().topicPartition(),
                                    before,
                                    now,
                                    log.logEndOffset()));
        }
        highest.put(log, now);
    }
}
