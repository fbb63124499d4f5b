package io.headrace.simulation.invariant;

import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.protocol.metadata.PartitionImage.IsrMember;
import io.headrace.storage.SimulatedStorageNode;
import io.headrace.storage.log.PartitionLog;
import io.headrace.storage.partition.Partition;

import org.apache.kafka.common.TopicIdPartition;

import java.util.HashMap;
import java.util.Map;

/**
 * Every incarnation that the metadata names in sync or eligible to lead has flushed all that any
 * leader ever called committed: whichever is elected, nothing is lost.
 */
public final class InSyncReplicasHaveAll implements Invariant {
    private final Map<TopicIdPartition, Long> committed = new HashMap<>();
    private long checks;

    @Override
    public long checks() {
        return checks;
    }

    @Override
    public void onReplica(
            SimulatedStorageNode node, Partition partition, PartitionLog log, MetadataImage truth) {
        long end = committed.merge(partition.id(), log.highWatermark(), Math::max);
        PartitionImage image =
                truth.partition(partition.id().topicId(), partition.id().partition());
        long nodeEpoch = node.view().nodeEpoch();
        var registered = truth.nodes().get(node.nodeId());
        if (image == null || registered == null || registered.nodeEpoch() != nodeEpoch) {
            return;
        }
        IsrMember member = image.isrMember(node.nodeId());
        checks++;
        boolean counts =
                (member != null && member.nodeEpoch() == nodeEpoch)
                        || image.eligibleLeaderReplicas().contains(node.nodeId());
        if (counts && log.flushedOffset() < end) {
            throw new AssertionError(
                    "an in-sync replica lacks committed records: node %d, %s, has flushed up to %d of %d; %s"
                            .formatted(
                                    node.nodeId(),
                                    partition.id().topicPartition(),
                                    log.flushedOffset(),
                                    end,
                                    image));
        }
    }
}
