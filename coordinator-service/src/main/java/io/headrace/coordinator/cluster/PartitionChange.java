package io.headrace.coordinator.cluster;

import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.protocol.metadata.PartitionImage.IsrMember;
import io.headrace.protocol.metadata.PartitionImage.LogEnd;
import io.headrace.protocol.metadata.record.PartitionRecord;

import org.apache.kafka.common.Uuid;
import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * The next record of a partition, made from what is to change. Keeps the rules of eligible leader
 * replicas (KIP-966): whoever leaves an ISR that falls below its minimum still holds every
 * committed record, since nothing is committed there without it, and stays eligible until enough
 * replicas are in sync again; an unclean one is not eligible but remembered with its log's end.
 *
 * <p>The minimum that counts is the lower one of before and after: a leader knows ISR and minimum
 * of one partition epoch, so it committed nothing with fewer.
 */
public final class PartitionChange {
    private final Uuid topicId;
    private final PartitionImage before;
    private final List<LogEnd> unclean = new ArrayList<>();
    private List<Integer> replicas;
    private List<Uuid> logDirs;
    private List<Integer> adding;
    private List<Integer> removing;
    private List<IsrMember> isr;
    private int minInSyncReplicas;
    private @Nullable IsrMember elected;
    private boolean leaderless;
    private boolean forgetsUnclean;

    private PartitionChange(Uuid topicId, PartitionImage before) {
        this.topicId = topicId;
        this.before = before;
        this.replicas = before.assignedReplicas();
        this.logDirs = before.logDirs();
        this.adding = before.addingReplicas();
        this.removing = before.removingReplicas();
        this.isr = before.isr();
        this.minInSyncReplicas = before.minInSyncReplicas();
    }

    public static PartitionChange of(Uuid topicId, PartitionImage before) {
        return new PartitionChange(topicId, before);
    }

    /** Makes exactly these the in-sync replicas. */
    public PartitionChange isr(List<IsrMember> members) {
        isr = List.copyOf(members);
        return this;
    }

    /** Makes a member of the ISR the leader, in a new leader epoch. */
    public PartitionChange lead(IsrMember leader) {
        elected = leader;
        leaderless = false;
        return this;
    }

    /** Takes the leader away, in a new leader epoch. */
    PartitionChange noLeader() {
        elected = null;
        leaderless = true;
        return this;
    }

    /** A replica that may miss committed records: neither in sync nor eligible from now on. */
    public PartitionChange unclean(LogEnd end) {
        List<IsrMember> rest = new ArrayList<>(isr);
        rest.removeIf(member -> member.nodeId() == end.nodeId());
        isr = rest;
        unclean.add(end);
        if (before.leaderId() == end.nodeId() && elected == null) {
            noLeader();
        }
        return this;
    }

    /** Forgets unclean replicas if enough are in sync: their records are not the last hope. */
    public PartitionChange forgetUncleanWhenEnough() {
        forgetsUnclean = true;
        return this;
    }

    public PartitionChange minInSyncReplicas(int minimum) {
        minInSyncReplicas = minimum;
        return this;
    }

    /**
     * Changes the assigned replicas.
     *
     * @param added those of them that a reassignment adds
     * @param removed those of them that it removes
     */
    public PartitionChange replicas(
            List<Integer> assigned, List<Integer> added, List<Integer> removed) {
        List<Uuid> dirs = new ArrayList<>();
        if (!logDirs.isEmpty()) {
            for (int nodeId : assigned) {
                dirs.add(before.logDirOf(nodeId));
            }
        }
        logDirs = dirs;
        replicas = List.copyOf(assigned);
        adding = List.copyOf(added);
        removing = List.copyOf(removed);
        return this;
    }

    /** Notes the directory of one replica. */
    public PartitionChange logDir(int nodeId, Uuid dir) {
        List<Uuid> dirs = new ArrayList<>(logDirs);
        while (dirs.size() < replicas.size()) {
            dirs.add(Uuid.ZERO_UUID);
        }
        dirs.set(replicas.indexOf(nodeId), dir);
        logDirs = dirs;
        return this;
    }

    /**
     * The record, its partition epoch raised.
     *
     * @throws IllegalStateException if the leader is none of the in-sync replicas
     */
    public PartitionRecord toRecord() {
        int required =
                Math.min(before.requiredInSync(), Math.min(minInSyncReplicas, replicas.size()));
        boolean enough = isr.size() >= required;
        List<Integer> eligible = enough ? List.of() : eligible();
        Set<Integer> lastKnown = new LinkedHashSet<>();
        List<PartitionRecord.LogEnd> ends = new ArrayList<>();
        if (elected == null && !(forgetsUnclean && enough)) {
            addLastKnown(lastKnown, ends);
        }
        PartitionRecord record =
                before.toRecord(topicId)
                        .setReplicas(replicas)
                        .setLogDirs(logDirs)
                        .setIsr(Elections.toRecords(isr))
                        .setMinInSyncReplicas(minInSyncReplicas)
                        .setEligibleLeaderReplicas(eligible)
                        .setLastKnownElr(List.copyOf(lastKnown))
                        .setLastKnownEnds(ends)
                        .setAddingReplicas(adding)
                        .setRemovingReplicas(removing)
                        .setPartitionEpoch(before.partitionEpoch() + 1);
        IsrMember leader = elected;
        if (leader != null) {
            record.setLeader(leader.nodeId())
                    .setLeaderNodeEpoch(leader.nodeEpoch())
                    .setLeaderEpoch(before.leaderEpoch() + 1);
        } else if (leaderless && before.leaderId() >= 0) {
            record.setLeader(-1).setLeaderNodeEpoch(-1).setLeaderEpoch(before.leaderEpoch() + 1);
        }
        requireLeaderInSync(record);
        return record;
    }

    private List<Integer> eligible() {
        boolean minimumChanged = minInSyncReplicas != before.minInSyncReplicas();
        if (minimumChanged && before.leaderId() >= 0) {
            return List.of();
        }
        Set<Integer> eligible = new LinkedHashSet<>(before.eligibleLeaderReplicas());
        before.isr().forEach(member -> eligible.add(member.nodeId()));
        isr.forEach(member -> eligible.remove(member.nodeId()));
        unclean.forEach(end -> eligible.remove(end.nodeId()));
        eligible.retainAll(replicas);
        return List.copyOf(eligible);
    }

    private void addLastKnown(Set<Integer> lastKnown, List<PartitionRecord.LogEnd> ends) {
        lastKnown.addAll(before.lastKnownElr());
        unclean.forEach(end -> lastKnown.add(end.nodeId()));
        isr.forEach(member -> lastKnown.remove(member.nodeId()));
        lastKnown.retainAll(replicas);
        List<LogEnd> known = new ArrayList<>(before.lastKnownEnds());
        for (LogEnd end : unclean) {
            known.removeIf(older -> older.nodeId() == end.nodeId());
            known.add(end);
        }
        for (LogEnd end : known) {
            if (lastKnown.contains(end.nodeId()) && end.endOffset() >= 0) {
                ends.add(
                        new PartitionRecord.LogEnd()
                                .setNodeId(end.nodeId())
                                .setLeaderEpoch(end.leaderEpoch())
                                .setEndOffset(end.endOffset()));
            }
        }
    }

    private static void requireLeaderInSync(PartitionRecord record) {
        if (record.leader() < 0) {
            return;
        }
        for (var member : record.isr()) {
            if (member.nodeId() == record.leader()
                    && member.nodeEpoch() == record.leaderNodeEpoch()) {
                return;
            }
        }
        throw new IllegalStateException(
                "Leader "
                        + record.leader()
                        + " of "
                        + record.topicId()
                        + "-"
                        + record.partitionId()
                        + " is not in sync: "
                        + record.isr());
    }
}
