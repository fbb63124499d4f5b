package io.headrace.coordinator.cluster.node;

import io.headrace.coordinator.cluster.ClusterRules;
import io.headrace.coordinator.cluster.Command;
import io.headrace.coordinator.cluster.ControllerState;
import io.headrace.coordinator.cluster.Decision;
import io.headrace.coordinator.cluster.Elections;
import io.headrace.coordinator.cluster.NodeSession;
import io.headrace.coordinator.cluster.PartitionChange;
import io.headrace.coordinator.cluster.PartitionKey;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.NodeImage;
import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.protocol.metadata.PartitionImage.IsrMember;
import io.headrace.protocol.metadata.record.PartitionRecord;

import org.apache.kafka.common.protocol.ApiMessage;
import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;

/**
 * Prepares the controlled shutdown of a node: moves what it leads to other in-sync replicas and
 * takes it out of every ISR that has others, a bounded number of partitions at a time, leaders
 * first. The answer says whether the node may stop: nothing is left to move, or nobody who could
 * take it over is expected to catch up soon.
 */
public record ShutDownNode(int nodeId, long nodeEpoch) implements Command<Boolean> {

    @Override
    public boolean awaitsNodes() {
        // So that clients find the new leaders before the old one stops.
        return true;
    }

    @Override
    public boolean isUrgent() {
        return true;
    }

    @Override
    public Decision<Boolean> decide(ControllerState state, long nowMs) {
        MetadataImage image = state.image();
        NodeImage node = state.requireRegistered(nodeId, nodeEpoch);
        List<ApiMessage> led = new ArrayList<>();
        List<ApiMessage> followed = new ArrayList<>();
        boolean othersMayCatchUp = false;
        for (PartitionKey key : state.partitionsOf(nodeId)) {
            PartitionImage partition = image.partition(key.topicId(), key.partition());
            if (partition == null || partition.isrMember(nodeId) == null) {
                continue;
            }
            boolean leads = partition.leaderId() == nodeId;
            PartitionRecord record = withoutNode(state, key, partition);
            if (record == null) {
                othersMayCatchUp |= leads && hasOtherLiveReplica(state, partition);
            } else {
                (leads ? led : followed).add(record);
            }
        }
        led.addAll(followed);
        int count = Math.min(led.size(), ClusterRules.ELECTION_BATCH);
        NodeSession session = state.session(node);
        boolean patient =
                session != null
                        && session.wantsShutDown()
                        && nowMs - session.shutDownMs() < ClusterRules.SHUT_DOWN_PATIENCE_MS;
        boolean mayStop = count == led.size() && !(othersMayCatchUp && patient);
        return new Decision<>(led.subList(0, count), mayStop);
    }

    private @Nullable PartitionRecord withoutNode(
            ControllerState state, PartitionKey key, PartitionImage partition) {
        List<IsrMember> rest = Elections.activeMembers(state, partition);
        rest.removeIf(
                member ->
                        member.nodeId() == nodeId
                                || (member.nodeId() != partition.leaderId()
                                        && state.wantsShutDown(member.nodeId())));
        if (rest.isEmpty()) {
            return null;
        }
        PartitionChange change = PartitionChange.of(key.topicId(), partition).isr(rest);
        if (partition.leaderId() == nodeId) {
            change.lead(Elections.firstAssigned(partition, rest));
        } else if (partition.leaderId() < 0
                || rest.stream().noneMatch(m -> m.nodeId() == partition.leaderId())) {
            return null;
        }
        return change.toRecord();
    }

    private boolean hasOtherLiveReplica(ControllerState state, PartitionImage partition) {
        for (int replica : partition.assignedReplicas()) {
            IsrMember member = Elections.usableMember(state, partition, replica);
            if (replica != nodeId && member != null && !state.wantsShutDown(replica)) {
                return true;
            }
        }
        return false;
    }
}
