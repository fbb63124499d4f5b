package io.headrace.simulation.invariant;

import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.protocol.metadata.TopicImage;
import io.headrace.storage.SimulatedStorageNode;
import io.headrace.storage.log.PartitionLog;
import io.headrace.storage.partition.Partition;

import org.apache.kafka.common.TopicIdPartition;

import java.util.HashMap;
import java.util.Map;

/**
 * In one leader epoch one process leads, and epochs of partitions only rise. A process that starts
 * again begins another epoch.
 */
public final class OneLeaderAnEpoch implements Invariant {
    private record Epoch(TopicIdPartition partition, int leaderEpoch) {}

    private final Map<Epoch, SimulatedStorageNode> leaders = new HashMap<>();
    private int elections;
    private long checks;

    @Override
    public long checks() {
        return checks;
    }

    /** How many leaders were elected. */
    public int elections() {
        return elections;
    }

    @Override
    public void onReplica(
            SimulatedStorageNode node, Partition partition, PartitionLog log, MetadataImage truth) {
        int epoch = partition.leaderEpoch();
        if (epoch < 0) {
            return;
        }
        checks++;
        SimulatedStorageNode before = leaders.putIfAbsent(new Epoch(partition.id(), epoch), node);
        if (before != null && before != node) {
            throw new AssertionError(
                    "two processes lead %s in epoch %d: of node %d and of node %d"
                            .formatted(
                                    partition.id().topicPartition(),
                                    epoch,
                                    before.nodeId(),
                                    node.nodeId()));
        }
    }

    @Override
    public void onMetadata(MetadataImage before, MetadataImage after) {
        for (TopicImage topic : after.topicsById().values()) {
            for (PartitionImage now : topic.partitions().values()) {
                PartitionImage then = before.partition(topic.topicId(), now.partition());
                if (then == null || then.equals(now)) {
                    continue;
                }
                if (now.leaderEpoch() < then.leaderEpoch()
                        || now.partitionEpoch() <= then.partitionEpoch()) {
                    throw new AssertionError("an epoch went back: " + then + " to " + now);
                }
                if (now.leaderEpoch() > then.leaderEpoch() && now.leaderId() >= 0) {
                    elections++;
                }
            }
        }
    }
}
