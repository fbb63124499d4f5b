package io.headrace.coordinator.cluster.replica;

import io.headrace.coordinator.cluster.ClusterRules;
import io.headrace.coordinator.cluster.Command;
import io.headrace.coordinator.cluster.ControllerState;
import io.headrace.coordinator.cluster.Decision;
import io.headrace.coordinator.cluster.Elections;
import io.headrace.coordinator.cluster.PartitionChange;
import io.headrace.coordinator.cluster.PartitionKey;
import io.headrace.coordinator.cluster.Reassignments;
import io.headrace.coordinator.cluster.SlowDisks;
import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.protocol.metadata.PartitionImage.IsrMember;

import org.apache.kafka.common.protocol.ApiMessage;

import java.util.ArrayList;
import java.util.List;

/**
 * Moves what a node leads on slow disks to in-sync replicas on disks that are not, a bounded number
 * at a time, and not often ({@link SlowDisks}). Nobody leaves an in-sync set: a slow replica holds
 * acks=all up until its leader finds that it lags. Where too few are in sync, or every other
 * replica is slow too, the leader stays: when all disks are slow, nothing moves.
 */
public record LeaveSlowDisks(int nodeId, long nodeEpoch)
        implements Command<LeaveSlowDisks.Outcome> {
    /**
     * What was moved.
     *
     * @param isAll whether no leader is left to move
     */
    public record Outcome(int moved, boolean isAll) {}

    @Override
    public Decision<Outcome> decide(ControllerState state, long nowMs) {
        state.requireRegistered(nodeId, nodeEpoch);
        if (!state.slowDisks().mayMove(nodeId, nowMs)) {
            return Decision.answer(new Outcome(0, false));
        }
        List<ApiMessage> records = new ArrayList<>();
        for (PartitionKey key : state.partitionsOf(nodeId)) {
            PartitionImage partition = state.image().partition(key.topicId(), key.partition());
            if (partition == null || !isToMove(state, partition, nowMs)) {
                continue;
            }
            List<IsrMember> others = others(state, partition, nowMs);
            if (!others.isEmpty()) {
                if (records.size() == ClusterRules.ELECTION_BATCH) {
                    return new Decision<>(records, new Outcome(records.size(), false));
                }
                records.add(
                        PartitionChange.of(key.topicId(), partition)
                                .lead(Elections.firstAssigned(partition, others))
                                .toRecord());
            }
        }
        return new Decision<>(records, new Outcome(records.size(), true));
    }

    private boolean isToMove(ControllerState state, PartitionImage partition, long nowMs) {
        int needed = Math.min(partition.minInSyncReplicas(), partition.assignedReplicas().size());
        return partition.leaderId() == nodeId
                && partition.isr().size() >= needed
                && !Reassignments.isMoving(partition)
                && state.slowDisks().isSlow(state.image(), partition, nodeId, nowMs);
    }

    private List<IsrMember> others(ControllerState state, PartitionImage partition, long nowMs) {
        List<IsrMember> others = Elections.activeMembers(state, partition);
        others.removeIf(
                member ->
                        member.nodeId() == nodeId
                                || state.wantsShutDown(member.nodeId())
                                || state.isDrained(member.nodeId())
                                || state.slowDisks()
                                        .isSlow(state.image(), partition, member.nodeId(), nowMs));
        return others;
    }
}
