package io.headrace.coordinator.cluster;

import io.headrace.protocol.metadata.NodeImage;
import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.protocol.metadata.PartitionImage.IsrMember;
import io.headrace.protocol.metadata.PartitionImage.LogEnd;
import io.headrace.protocol.metadata.record.PartitionRecord;

import org.apache.kafka.common.Uuid;
import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;

/**
 * Who leads a partition, and who is no longer in sync.
 *
 * <p>A leader stays while its very incarnation is unfenced and its log directory online. Else one
 * leads that holds every committed record, in this order, each time the first assigned: an in-sync
 * incarnation; another, clean incarnation of an in-sync replica (unclean ones left when they
 * registered); an eligible leader replica (KIP-966). While any of these may come back, nobody else
 * is elected, and the ISR stays as it is. When none is left but unclean ones, the longest log of
 * all replicas that live leads, once all of those are back and whoever lives has said where its log
 * ends: one that was out of sync may have more than they. An empty log, as of a machine that lost
 * its disk, leads only when there is no other replica.
 */
public final class Elections {
    private Elections() {}

    /** Whether the leader and every in-sync replica of a partition live: nothing is to be done. */
    static boolean isSettled(ControllerState state, PartitionImage partition) {
        if (!isUsable(state, partition, partition.leaderId(), partition.leaderNodeEpoch())) {
            return false;
        }
        for (IsrMember member : partition.isr()) {
            if (!isUsable(state, partition, member.nodeId(), member.nodeEpoch())) {
                return false;
            }
        }
        return true;
    }

    /** The record that puts a partition right, or null when it is. */
    static @Nullable PartitionRecord elect(
            ControllerState state, Uuid topicId, PartitionImage partition, long nowMs) {
        List<IsrMember> inSync = activeMembers(state, partition);
        if (isUsable(state, partition, partition.leaderId(), partition.leaderNodeEpoch())) {
            return inSync.size() == partition.isr().size()
                    ? null
                    : PartitionChange.of(topicId, partition).isr(inSync).toRecord();
        }
        if (!inSync.isEmpty()) {
            List<IsrMember> staying = staying(state, inSync);
            return lead(topicId, partition, staying);
        }
        List<IsrMember> clean = returnedMembers(state, partition);
        if (clean.isEmpty()) {
            clean = firstOf(partition, eligibleMembers(state, partition));
        }
        if (clean.isEmpty()) {
            clean = longestAlive(state, topicId, partition, nowMs);
        }
        if (!clean.isEmpty()) {
            return lead(topicId, partition, clean);
        }
        if (partition.leaderId() < 0 || mayReturnSoon(state, partition, nowMs)) {
            return null;
        }
        return PartitionChange.of(topicId, partition).noLeader().toRecord();
    }

    /** The record that makes the first assigned of the new ISR the leader. */
    public static PartitionRecord lead(
            Uuid topicId, PartitionImage partition, List<IsrMember> isr) {
        return PartitionChange.of(topicId, partition)
                .isr(isr)
                .lead(firstAssigned(partition, isr))
                .toRecord();
    }

    /** Whether that incarnation can lead the partition or be in sync, as far as is known. */
    public static boolean isUsable(
            ControllerState state, PartitionImage partition, int nodeId, long nodeEpoch) {
        return state.image().isActive(nodeId, nodeEpoch)
                && state.image().isOnline(partition, nodeId);
    }

    /** The incarnation of a node that can lead the partition now, or null. */
    public static @Nullable IsrMember usableMember(
            ControllerState state, PartitionImage partition, int nodeId) {
        NodeImage node = state.image().nodes().get(nodeId);
        return node != null && isUsable(state, partition, nodeId, node.nodeEpoch())
                ? new IsrMember(nodeId, node.nodeEpoch())
                : null;
    }

    /** The in-sync members whose very incarnation can lead. */
    public static List<IsrMember> activeMembers(ControllerState state, PartitionImage partition) {
        List<IsrMember> active = new ArrayList<>(partition.isr().size());
        for (IsrMember member : partition.isr()) {
            if (isUsable(state, partition, member.nodeId(), member.nodeEpoch())) {
                active.add(member);
            }
        }
        return active;
    }

    /** Those that are not about to shut down; all of them if all are. */
    static List<IsrMember> staying(ControllerState state, List<IsrMember> members) {
        List<IsrMember> staying = new ArrayList<>(members);
        staying.removeIf(member -> state.wantsShutDown(member.nodeId()));
        return staying.isEmpty() ? members : staying;
    }

    private static List<IsrMember> returnedMembers(
            ControllerState state, PartitionImage partition) {
        List<IsrMember> back = new ArrayList<>();
        for (IsrMember member : partition.isr()) {
            IsrMember now = usableMember(state, partition, member.nodeId());
            if (now != null) {
                back.add(now);
            }
        }
        return back;
    }

    private static List<IsrMember> eligibleMembers(
            ControllerState state, PartitionImage partition) {
        List<IsrMember> eligible = new ArrayList<>();
        for (int nodeId : partition.eligibleLeaderReplicas()) {
            IsrMember member = usableMember(state, partition, nodeId);
            if (member != null) {
                eligible.add(member);
            }
        }
        return staying(state, eligible);
    }

    private static List<IsrMember> firstOf(PartitionImage partition, List<IsrMember> members) {
        return members.isEmpty() ? List.of() : List.of(firstAssigned(partition, members));
    }

    /**
     * The longest of the logs that live, alone: of replicas that came back unclean, and of any that
     * were out of sync and may have more. Nobody while one that was in sync is missing, or one that
     * lives, though fenced yet, has not said where its log ends; nor an empty one while any replica
     * is missing.
     */
    private static List<IsrMember> longestAlive(
            ControllerState state, Uuid topicId, PartitionImage partition, long nowMs) {
        if (!partition.awaitsLastResort()) {
            return List.of();
        }
        PartitionKey key = new PartitionKey(topicId, partition.partition());
        List<IsrMember> alive = new ArrayList<>();
        for (int nodeId : partition.assignedReplicas()) {
            IsrMember member = usableMember(state, partition, nodeId);
            LogEnd end = member == null ? null : state.logEnds().of(key, partition, member);
            boolean unheard = member == null ? isComing(state, nodeId, nowMs) : end == null;
            boolean usable = end != null && end.endOffset() >= 0;
            if (unheard || (!usable && partition.lastKnownElr().contains(nodeId))) {
                return List.of();
            }
            if (member != null && usable) {
                alive.add(member);
            }
        }
        if (alive.isEmpty()) {
            return List.of();
        }
        IsrMember longest = longest(state, topicId, partition, alive);
        boolean isEmpty = endOf(state, key, partition, longest).endOffset() == 0;
        // All would follow the empty one, so whoever is down and may have more is waited for.
        return isEmpty && alive.size() < partition.assignedReplicas().size()
                ? List.of()
                : List.of(longest);
    }

    /**
     * Whether a node has registered and catches up, or may do so as far as this controller knows.
     */
    private static boolean isComing(ControllerState state, int nodeId, long nowMs) {
        NodeImage node = state.image().nodes().get(nodeId);
        if (node == null || !node.fenced() || state.wantsShutDown(nodeId)) {
            return false;
        }
        return state.isLive(node, nowMs)
                || (state.session(node) == null && !state.countsSilence(nowMs));
    }

    /** The member whose log is the longest as far as they said, the first of them if several. */
    public static IsrMember longest(
            ControllerState state,
            Uuid topicId,
            PartitionImage partition,
            List<IsrMember> members) {
        PartitionKey key = new PartitionKey(topicId, partition.partition());
        IsrMember longest = members.getFirst();
        for (IsrMember member : members) {
            if (isLonger(
                    endOf(state, key, partition, member), endOf(state, key, partition, longest))) {
                longest = member;
            }
        }
        return longest;
    }

    static boolean isLonger(LogEnd a, LogEnd b) {
        return a.leaderEpoch() != b.leaderEpoch()
                ? a.leaderEpoch() > b.leaderEpoch()
                : a.endOffset() > b.endOffset();
    }

    /** What a replica said since nobody leads, else what it said when it came back unclean. */
    private static LogEnd endOf(
            ControllerState state, PartitionKey key, PartitionImage partition, IsrMember member) {
        LogEnd said = state.logEnds().of(key, partition, member);
        if (said != null) {
            return said;
        }
        for (LogEnd end : partition.lastKnownEnds()) {
            if (end.nodeId() == member.nodeId()) {
                return end;
            }
        }
        return new LogEnd(member.nodeId(), -1, -1);
    }

    /**
     * Whether the last leader has registered again and is catching up: it will lead in a moment.
     */
    private static boolean mayReturnSoon(
            ControllerState state, PartitionImage partition, long nowMs) {
        NodeImage node = state.image().nodes().get(partition.leaderId());
        return node != null
                && node.nodeEpoch() != partition.leaderNodeEpoch()
                && partition.isrMember(node.nodeId()) != null
                && state.isLive(node, nowMs);
    }

    public static IsrMember firstAssigned(PartitionImage partition, List<IsrMember> members) {
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
