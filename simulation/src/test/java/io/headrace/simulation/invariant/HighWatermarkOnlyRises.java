package io.headrace.simulation.invariant;

import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.storage.SimulatedStorageNode;
import io.headrace.storage.log.PartitionLog;
import io.headrace.storage.partition.Partition;

import java.util.Collections;
import java.util.Map;
import java.util.Set;
import java.util.WeakHashMap;

/**
 * While a process lives, no replica's high watermark goes back, nor lies above its log's end; but
 * for one that knows that it lost records, or has damaged ones, while it copies them anew.
 */
public final class HighWatermarkOnlyRises implements Invariant {
    private final Map<PartitionLog, Long> highest = new WeakHashMap<>();
    private final Set<PartitionLog> unclean = Collections.newSetFromMap(new WeakHashMap<>());
    private long checks;

    @Override
    public long checks() {
        return checks;
    }

    @Override
    public void onReplica(
            SimulatedStorageNode node, Partition partition, PartitionLog log, MetadataImage truth) {
        long now = log.highWatermark();
        checks++;
        long before = highest.getOrDefault(log, 0L);
        boolean isUnclean = log.unclean().isPresent();
        boolean wasUnclean = isUnclean ? !unclean.add(log) : unclean.remove(log);
        if ((now < before && !isUnclean && !wasUnclean) || now > log.logEndOffset()) {
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
