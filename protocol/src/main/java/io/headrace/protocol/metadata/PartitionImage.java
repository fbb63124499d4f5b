package io.headrace.protocol.metadata;

import io.headrace.protocol.metadata.record.PartitionRecord;

import org.apache.kafka.common.Uuid;
import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * The committed state of one partition.
 *
 * @param logDirs the directory of each assigned replica, zero where it is not known; may be empty
 * @param isr the in-sync incarnations
 * @param leaderId the leading node, or -1
 * @param leaderNodeEpoch the leading incarnation; another incarnation of that node does not lead
 * @param eligibleLeaderReplicas replicas out of the ISR that hold every committed record (KIP-966)
 * @param lastKnownElr replicas that were in sync or eligible and came back unclean, since the last
 *     election
 * @param lastKnownEnds where the logs of those ended, as far as they said
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
        List<LogEnd> lastKnownEnds,
        List<Integer> addingReplicas,
        List<Integer> removingReplicas) {

    /** An in-sync incarnation of a node. */
    public record IsrMember(int nodeId, long nodeEpoch) {}

    /**
     * Where the log of a replica ends.
     *
     * @param leaderEpoch the leader epoch of its last record, or -1
     */
    public record LogEnd(int nodeId, int leaderEpoch, long endOffset) {}

    /** A partition none of whose replicas is known to be unclean. */
    public PartitionImage(
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
        this(
                partition,
                assignedReplicas,
                logDirs,
                isr,
                leaderId,
                leaderNodeEpoch,
                leaderEpoch,
                partitionEpoch,
                minInSyncReplicas,
                eligibleLeaderReplicas,
                lastKnownElr,
                List.of(),
                addingReplicas,
                removingReplicas);
    }

    /**
     * The image that a record makes.
     *
     * @param before the partition's image before it, or null; what is equal is shared
     * @param members gives the one object for an incarnation that lives, so that all its partitions
     *     share it
     */
    static PartitionImage of(
            PartitionRecord record,
            @Nullable PartitionImage before,
            UnaryOperator<IsrMember> members) {
        List<Integer> replicas = NodeIds.copyOf(record.replicas());
        List<IsrMember> isr = new ArrayList<>(record.isr().size());
        for (var member : record.isr()) {
            isr.add(members.apply(new IsrMember(member.nodeId(), member.nodeEpoch())));
        }
        List<LogEnd> lastKnownEnds = new ArrayList<>(record.lastKnownEnds().size());
        for (var end : record.lastKnownEnds()) {
            lastKnownEnds.add(new LogEnd(end.nodeId(), end.leaderEpoch(), end.endOffset()));
        }
        if (before != null && before.assignedReplicas.equals(replicas)) {
            replicas = before.assignedReplicas;
        }
        return new PartitionImage(
                record.partitionId(),
                replicas,
                List.copyOf(record.logDirs()),
                List.copyOf(isr),
                record.leader(),
                record.leaderNodeEpoch(),
                record.leaderEpoch(),
                record.partitionEpoch(),
                record.minInSyncReplicas(),
                NodeIds.copyOf(record.eligibleLeaderReplicas()),
                NodeIds.copyOf(record.lastKnownElr()),
                List.copyOf(lastKnownEnds),
                NodeIds.copyOf(record.addingReplicas()),
                NodeIds.copyOf(record.removingReplicas()));
    }

    /** The incarnation of a node that is in sync, or null. */
    public @Nullable IsrMember isrMember(int nodeId) {
        for (IsrMember member : isr) {
            if (member.nodeId() == nodeId) {
                return member;
            }
        }
        return null;
    }

    /**
     * Whether nobody leads, and nobody is left who holds every committed record for certain: the
     * longest log is to lead.
     */
    public boolean awaitsLastResort() {
        return leaderId < 0
                && isr.isEmpty()
                && eligibleLeaderReplicas.isEmpty()
                && !lastKnownElr.isEmpty();
    }

    /** The directory of a node's replica; zero when it is not known. */
    public Uuid logDirOf(int nodeId) {
        int index = assignedReplicas.indexOf(nodeId);
        return index < 0 || index >= logDirs.size() ? Uuid.ZERO_UUID : logDirs.get(index);
    }

    /** How many replicas must be in sync before a record is committed. */
    public int requiredInSync() {
        return Math.min(minInSyncReplicas, assignedReplicas.size());
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
        List<PartitionRecord.LogEnd> ends = new ArrayList<>(lastKnownEnds.size());
        for (LogEnd end : lastKnownEnds) {
            ends.add(
                    new PartitionRecord.LogEnd()
                            .setNodeId(end.nodeId())
                            .setLeaderEpoch(end.leaderEpoch())
                            .setEndOffset(end.endOffset()));
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
                .setLastKnownEnds(ends)
                .setAddingReplicas(addingReplicas)
                .setRemovingReplicas(removingReplicas);
    }
}
