package io.headrace.coordinator.cluster.replica;

import io.headrace.coordinator.cluster.BrokerDefaults;
import io.headrace.coordinator.cluster.ClusterRules;
import io.headrace.coordinator.cluster.Command;
import io.headrace.coordinator.cluster.ControllerState;
import io.headrace.coordinator.cluster.Decision;
import io.headrace.coordinator.cluster.PartitionKey;
import io.headrace.coordinator.cluster.Reassignments;
import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.protocol.metadata.TopicImage;
import io.headrace.protocol.metadata.record.PartitionRecord;

import org.apache.kafka.common.protocol.ApiMessage;
import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Gives partitions back to their preferred leaders where too many of a node's are led by others
 * ({@code leader.imbalance.per.broker.percentage}), a bounded number at a time. The answer says
 * whether nothing is left for another pass.
 */
public record BalanceLeaders() implements Command<Boolean> {
    private static final class Count {
        int preferred;
        int elsewhere;
    }

    @Override
    public Decision<Boolean> decide(ControllerState state, long nowMs) {
        Map<Integer, Count> counts = new HashMap<>();
        for (TopicImage topic : state.image().topicsById().values()) {
            for (PartitionImage partition : topic.partitions().values()) {
                int preferred = partition.assignedReplicas().getFirst();
                Count count = counts.computeIfAbsent(preferred, id -> new Count());
                count.preferred++;
                count.elsewhere += partition.leaderId() == preferred ? 0 : 1;
            }
        }
        int percent = BrokerDefaults.imbalancePercent(state);
        counts.values()
                .removeIf(count -> count.elsewhere * 100L <= (long) percent * count.preferred);
        List<ApiMessage> records = new ArrayList<>();
        for (int nodeId : counts.keySet()) {
            for (PartitionKey key : state.partitionsOf(nodeId)) {
                PartitionRecord record = preferredRecord(state, key, nodeId, nowMs);
                if (record != null) {
                    records.add(record);
                }
                if (records.size() == ClusterRules.ELECTION_BATCH) {
                    return new Decision<>(records, false);
                }
            }
        }
        return new Decision<>(records, true);
    }

    private static @Nullable PartitionRecord preferredRecord(
            ControllerState state, PartitionKey key, int nodeId, long nowMs) {
        PartitionImage partition = state.image().partition(key.topicId(), key.partition());
        if (partition == null
                || partition.assignedReplicas().getFirst() != nodeId
                || partition.leaderId() < 0
                || Reassignments.isMoving(partition)
                || state.slowDisks().isSlow(state.image(), partition, nodeId, nowMs)) {
            return null;
        }
        return ElectLeaders.preferredRecord(state, key.topicId(), partition);
    }
}
