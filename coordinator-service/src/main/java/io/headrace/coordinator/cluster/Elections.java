package io.headrace.coordinator.cluster;

import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.NodeImage;
import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.protocol.metadata.PartitionImage.IsrMember;
import io.headrace.protocol.metadata.record.NodeRecord;
import io.headrace.protocol.metadata.record.PartitionRecord;
import io.headrace.protocol.metadata.record.RemoveNodeRecord;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.ApiMessage;
import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;

/**
 * Who leads a partition.
 *
 * <p>A leader stays while its very incarnation is unfenced. Else the first assigned replica leads
 * whose in-sync incarnation is unfenced; else the first that was in sync and is back as another,
 * clean incarnation (unclean ones left the ISR when they registered), then alone in sync; else
 * nobody, and the ISR stays as it is: its members hold what was acknowledged.
 */
final class Elections {
    private Elections() {}

    /** Whether applying that record can leave a partition without its leader or give it one. */
    static boolean maybeCausedBy(ApiMessage record) {
        return record instanceof NodeRecord || record instanceof RemoveNodeRecord;
    }

    /** The record that puts a partition right, or null when it is. */
    static @Nullable PartitionRecord elect(
            ControllerState state, Uuid topicId, PartitionImage partition, long nowMs) {
        MetadataImage image = state.image();
        List<IsrMember> inSync = activeMembers(image, partition);
        if (image.isActive(partition.leaderId(), partition.leaderNodeEpoch())) {
            return inSync.size() == partition.isr().size()
                    ? null
                    : change(topicId, partition).setIsr(toRecords(inSync));
        }
        if (!inSync.isEmpty()) {
            IsrMember leader = firstAssigned(partition, inSync);
            return lead(topicId, partition, leader, inSync);
        }
        List<IsrMember> back = returnedMembers(image, partition);
        if (!back.isEmpty()) {
            IsrMember leader = firstAssigned(partition, back);
            return lead(topicId, partition, leader, List.of(leader));
        }
        if (partition.leaderId() < 0 || mayReturnSoon(state, partition, nowMs)) {
            return null;
        }
        return change(topicId, partition)
                .setLeader(-1)
                .setLeaderNodeEpoch(-1)
                .setLeaderEpoch(partition.leaderEpoch() + 1);
    }

    /** The record that makes a member of the ISR the leader, in a new leader epoch. */
    static PartitionRecord lead(
            Uuid topicId, PartitionImage partition, IsrMember leader, List<IsrMember> isr) {
        return change(topicId, partition)
                .setLeader(leader.nodeId())
                .setLeaderNodeEpoch(leader.nodeEpoch())
                .setLeaderEpoch(partition.leaderEpoch() + 1)
                .setIsr(toRecords(isr));
    }

    /** The partition's record with its epoch raised, for the caller to change. */
    static PartitionRecord change(Uuid topicId, PartitionImage partition) {
        return partition.toRecord(topicId).setPartitionEpoch(partition.partitionEpoch() + 1);
    }

    /** The in-sync members whose very incarnation is unfenced. */
    static List<IsrMember> activeMembers(MetadataImage image, PartitionImage partition) {
        List<IsrMember> active = new ArrayList<>();
        for (IsrMember member : partition.isr()) {
            if (image.isActive(member.nodeId(), member.nodeEpoch())) {
                active.add(member);
            }
        }
        return active;
    }

    private static List<IsrMember> returnedMembers(MetadataImage image, PartitionImage partition) {
        List<IsrMember> back = new ArrayList<>();
        for (IsrMember member : partition.isr()) {
            NodeImage node = image.nodes().get(member.nodeId());
            if (node != null && !node.fenced()) {
                back.add(new IsrMember(node.nodeId(), node.nodeEpoch()));
            }
        }
        return back;
    }

    /**
     * Whether the last leader has registered again and is catching up: it will lead in a moment.
     */
    private static boolean mayReturnSoon(
            ControllerState state, PartitionImage partition, long nowMs) {
        NodeImage node = state.image().nodes().get(partition.leaderId());
        return node != null
                && node.nodeEpoch() != partition.leaderNodeEpoch()
                && state.isLive(node, nowMs);
    }

    private static IsrMember firstAssigned(PartitionImage partition, List<IsrMember> members) {
        for (int nodeId : partition.assignedReplicas()) {
            for (IsrMember member : members) {
                if (member.nodeId() == nodeId) {
                    return member;
                }
            }
        }
        return members.getFirst();
    }

    static List<PartitionRecord.IsrMember> toRecords(List<IsrMember> members) {
        List<PartitionRecord.IsrMember> records = new ArrayList<>(members.size());
        for (IsrMember member : members) {
            records.add(
                    new PartitionRecord.IsrMember()
                            .setNodeId(member.nodeId())
                            .setNodeEpoch(member.nodeEpoch()));
        }
        return records;
    }
}
