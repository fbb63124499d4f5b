package io.headrace.coordinator.group.consumer;

import io.headrace.coordinator.shard.ShardRecord;

import org.apache.kafka.common.Uuid;
import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/** Changes a consumer group: makes each change and hands out its record. */
public final class ConsumerChanges {
    private final Consumer<ShardRecord> records;

    /**
     * @param records takes the record of each change, in order
     */
    public ConsumerChanges(Consumer<ShardRecord> records) {
        this.records = records;
    }

    /** A group changes its epoch. */
    public void setEpoch(ConsumerGroup group, int epoch, long metadataHash) {
        group.setEpoch(epoch, metadataHash);
        records.accept(ConsumerRecords.group(group.groupId(), epoch, metadataHash));
    }

    /** A member says something new of itself, or is new. */
    public void subscribe(ConsumerGroup group, ConsumerMember member) {
        group.put(member);
        records.accept(
                ConsumerRecords.member(group.groupId(), member.memberId(), member.subscription()));
    }

    /** A member's assignment changes. */
    public void assign(ConsumerGroup group, ConsumerMember member) {
        group.put(member);
        records.accept(
                ConsumerRecords.current(group.groupId(), member.memberId(), member.current()));
    }

    /** A member is no more. */
    public void remove(ConsumerGroup group, String memberId) {
        group.remove(memberId);
        group.removeTarget(memberId);
        for (short type :
                List.of(ConsumerRecords.CURRENT, ConsumerRecords.TARGET, ConsumerRecords.MEMBER)) {
            records.accept(ConsumerRecords.memberDeleted(type, group.groupId(), memberId));
        }
    }

    /** A member is meant to have other partitions. */
    public void setTarget(
            ConsumerGroup group, String memberId, Map<Uuid, Set<Integer>> partitions) {
        group.setTarget(memberId, partitions);
        records.accept(ConsumerRecords.target(group.groupId(), memberId, partitions));
    }

    /** The targets are now those of that epoch. */
    public void setTargetEpoch(ConsumerGroup group, int epoch, long nowMs) {
        group.setTargetEpoch(epoch, nowMs);
        records.accept(ConsumerRecords.targetEpoch(group.groupId(), epoch, nowMs));
    }

    /** An expression matches other topics; null when no member uses it any more. */
    public void setRegex(ConsumerGroup group, String regex, @Nullable ResolvedRegex resolved) {
        if (resolved == null) {
            group.removeRegex(regex);
            records.accept(ConsumerRecords.regexDeleted(group.groupId(), regex));
        } else {
            group.setRegex(regex, resolved);
            records.accept(ConsumerRecords.regex(group.groupId(), regex, resolved));
        }
    }

    /** A group and all its members are no more. */
    public void removeGroup(ConsumerGroup group) {
        for (ConsumerMember member : List.copyOf(group.members())) {
            remove(group, member.memberId());
        }
        for (String regex : List.copyOf(group.regexes().keySet())) {
            setRegex(group, regex, null);
        }
        records.accept(ConsumerRecords.groupDeleted(ConsumerRecords.TARGET_EPOCH, group.groupId()));
        records.accept(ConsumerRecords.groupDeleted(ConsumerRecords.GROUP, group.groupId()));
    }
}
