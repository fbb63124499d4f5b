package io.headrace.coordinator.cluster;

import io.headrace.protocol.config.TopicConfigs;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.NodeImage;
import io.headrace.protocol.metadata.PartitionImage.IsrMember;
import io.headrace.protocol.metadata.record.PartitionRecord;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.InvalidReplicaAssignmentException;
import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;

/** Records of partitions that did not exist before. */
public final class NewPartitions {
    private NewPartitions() {}

    /**
     * A partition whose unfenced replicas are in sync and whose first of these leads; with none,
     * all replicas are in sync under no incarnation and the first to come leads.
     */
    public static PartitionRecord record(
            ControllerState state,
            Uuid topicId,
            int partition,
            List<Integer> replicas,
            int minInSyncReplicas) {
        List<IsrMember> isr = new ArrayList<>();
        for (int nodeId : replicas) {
            NodeImage node = state.image().nodes().get(nodeId);
            if (node != null && state.isEligible(nodeId, node.nodeEpoch())) {
                isr.add(new IsrMember(nodeId, node.nodeEpoch()));
            }
        }
        PartitionRecord record =
                new PartitionRecord()
                        .setTopicId(topicId)
                        .setPartitionId(partition)
                        .setReplicas(replicas)
                        .setLeaderEpoch(0)
                        .setPartitionEpoch(0)
                        .setMinInSyncReplicas(minInSyncReplicas);
        if (isr.isEmpty()) {
            for (int nodeId : replicas) {
                isr.add(new IsrMember(nodeId, -1));
            }
            return record.setLeader(-1).setIsr(Elections.toRecords(isr));
        }
        return record.setLeader(isr.getFirst().nodeId())
                .setLeaderNodeEpoch(isr.getFirst().nodeEpoch())
                .setIsr(Elections.toRecords(isr));
    }

    /**
     * Checks replicas that a client chose.
     *
     * @param replicationFactor how many there must be, or -1 when any number will do
     */
    public static void requireAssignable(
            MetadataImage image, List<Integer> replicas, int replicationFactor) {
        if (replicas.isEmpty()) {
            throw new InvalidReplicaAssignmentException(
                    "The manual partition assignment includes an empty replica list.");
        }
        if (new HashSet<>(replicas).size() != replicas.size()) {
            throw new InvalidReplicaAssignmentException(
                    "The manual partition assignment includes a broker more than once: "
                            + replicas);
        }
        for (int nodeId : replicas) {
            if (!image.nodes().containsKey(nodeId)) {
                throw new InvalidReplicaAssignmentException(
                        "The manual partition assignment includes broker "
                                + nodeId
                                + ", but no such broker is registered.");
            }
        }
        if (replicationFactor >= 0 && replicas.size() != replicationFactor) {
            throw new InvalidReplicaAssignmentException(
                    "The manual partition assignment includes a partition with "
                            + replicas.size()
                            + " replica(s), but this is not consistent with previous partitions,"
                            + " which have "
                            + replicationFactor
                            + " replica(s).");
        }
    }

    /** What {@code min.insync.replicas} comes to: never more than there are replicas. */
    public static int minInSyncReplicas(Map<String, String> configs, int replicationFactor) {
        String value = configs.get(TopicConfigs.MIN_INSYNC_REPLICAS);
        int wanted = Integer.parseInt(value == null ? defaultMinIsr(replicationFactor) : value);
        return Math.min(wanted, replicationFactor);
    }

    /** The default of {@code min.insync.replicas}: 2 from three replicas on. */
    public static String defaultMinIsr(@Nullable Integer replicationFactor) {
        return replicationFactor != null && replicationFactor >= 3
                ? "2"
                : TopicConfigs.defaultValue(TopicConfigs.MIN_INSYNC_REPLICAS);
    }
}
