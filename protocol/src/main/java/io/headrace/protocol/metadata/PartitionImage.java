package io.headrace.protocol.metadata;

import io.headrace.protocol.metadata.record.PartitionRecord;

import org.apache.kafka.common.Uuid;

import java.util.ArrayList;
import java.util.List;

/**
 * The committed state of one partition.
 *
 * @param isr the in-sync incarnations
 * @param leaderId the leading node, or -1
 * @param leaderNodeEpoch the leading incarnation; another incarnation of that node does not lead
 */
public record PartitionImage(
        int partition,
        List<Integer> assignedReplicas,
        List<Uuid> logDirs,
        List<IsrMember> isr,
        int leaderId,
        long leaderNodeEpoch,
        int leaderEpoch,
        int partitionEpoch,
        int minInSyncReplicas,
        List<Integer> eligibleLeaderReplicas,
        List<Integer> lastKnownElr,
        List<Integer> addingReplicas,
        List<Integer> removingReplicas) {

    /** An in-sync incarnation of a node. */
    public record IsrMember(int nodeId, long nodeEpoch) {}

    static PartitionImage of(PartitionRecord record) {
        List<IsrMember> isr = new ArrayList<>(record.isr().size());
        for (var member : record.isr()) {
            isr.add(new IsrMember(member.nodeId(), member.nodeEpoch()));
        }
        return new PartitionImage(
                record.partitionId(),
                List.copyOf(record.replicas()),
                List.copyOf(record.logDirs()),
                List.copyOf(isr),
                record.leader(),
                record.leaderNodeEpoch(),
                record.leaderEpoch(),
                record.partitionEpoch(),
                record.minInSyncReplicas(),
                List.copyOf(record.eligibleLeaderReplicas()),
                List.copyOf(record.lastKnownElr()),
                List.copyOf(record.addingReplicas()),
                List.copyOf(record.removingReplicas()));
    }

    /** The same partition with other in-sync replicas, at a later partition epoch. */
    public PartitionImage withIsr(List<IsrMember> newIsr, int newPartitionEpoch) {
        return new PartitionImage(
                partition,
                assignedReplicas,
                logDirs,
                List.copyOf(newIsr),
                leaderId,
                leaderNodeEpoch,
                leaderEpoch,
                newPartitionEpoch,
                minInSyncReplicas,
                eligibleLeaderReplicas,
                lastKnownElr,
                addingReplicas,
                removingReplicas);
    }

    /** The record that makes this image. */
    public PartitionRecord toRecord(Uuid topicId) {
        List<PartitionRecord.IsrMember> members = new ArrayList<>(isr.size());
        for (IsrMember member : isr) {
            members.add(
                    new PartitionRecord.IsrMember()
                            .setNodeId(member.nodeId())
                            .setNodeEpoch(member.nodeEpoch()));
        }
        return new PartitionRecord()
                .setTopicId(topicId)
                .setPartitionId(partition)
                .setReplicas(assignedReplicas)
                .setLogDirs(logDirs)
                .setIsr(members)
                .setLeader(leaderId)
                .setLeaderNodeEpoch(leaderNodeEpoch)
                .setLeaderEpoch(leaderEpoch)
                .setPartitionEpoch(partitionEpoch)
                .setMinInSyncReplicas(minInSyncReplicas)
                .setEligibleLeaderReplicas(eligibleLeaderReplicas)
                .setLastKnownElr(lastKnownElr)
                .setAddingReplicas(addingReplicas)
                .setRemovingReplicas(removingReplicas);
    }
}
