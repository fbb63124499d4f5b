package io.headrace.coordinator.group.share;

import io.headrace.coordinator.shard.ShardRecord;

import org.apache.kafka.common.Uuid;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/** The changes of share groups, each with its record. Confined to the shard's core. */
public final class ShareChanges {
    private final Consumer<ShardRecord> records;

    /**
     * @param records takes the record of each change, in order
     */
    public ShareChanges(Consumer<ShardRecord> records) {
        this.records = records;
    }

    /** A group changes its epoch. */
    public void setEpoch(ShareGroup group, int epoch, long metadataHash) {
        group.setEpoch(epoch, metadataHash);
        records.accept(ShareRecords.group(group));
    }

    /** A member says something new of itself, or is new. */
    public void subscribe(ShareGroup group, ShareMember member) {
        group.put(member);
        records.accept(ShareRecords.member(group.groupId(), member));
    }

    /** A member's assignment changes. */
    public void assign(ShareGroup group, ShareMember member) {
        group.put(member);
        records.accept(ShareRecords.current(group.groupId(), member));
    }

    /** A member is no more. */
    public void remove(ShareGroup group, String memberId) {
        group.remove(memberId);
        for (short type : List.of(ShareRecords.CURRENT, ShareRecords.TARGET, ShareRecords.MEMBER)) {
            records.accept(ShareRecords.memberDeleted(type, group.groupId(), memberId));
        }
    }

    /** A member is meant to have other partitions. */
    public void setTarget(ShareGroup group, String memberId, Map<Uuid, Set<Integer>> partitions) {
        group.setTarget(memberId, partitions);
        records.accept(ShareRecords.target(group.groupId(), memberId, partitions));
    }

    /** The targets are now those of that epoch. */
    public void setTargetEpoch(ShareGroup group, int epoch, long nowMs) {
        group.setTargetEpoch(epoch, nowMs);
        records.accept(ShareRecords.targetEpoch(group.groupId(), epoch, nowMs));
    }

    /** Other partitions have a state. */
    public void setStates(ShareGroup group, ShareStates states) {
        if (!states.equals(group.states())) {
            group.setStates(states);
            records.accept(ShareRecords.states(group.groupId(), states));
        }
    }

    /** A group and all its members are no more. */
    public void removeGroup(ShareGroup group) {
        for (ShareMember member : List.copyOf(group.members())) {
            remove(group, member.memberId());
        }
        for (short type :
                List.of(ShareRecords.STATES, ShareRecords.TARGET_EPOCH, ShareRecords.GROUP)) {
            records.accept(ShareRecords.groupDeleted(type, group.groupId()));
        }
    }
}
