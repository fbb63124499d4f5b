package io.headrace.coordinator.group.consumer;

import io.headrace.coordinator.group.record.ConsumerCurrentValue;
import io.headrace.coordinator.group.record.ConsumerGroupValue;
import io.headrace.coordinator.group.record.ConsumerMemberKey;
import io.headrace.coordinator.group.record.ConsumerMemberValue;
import io.headrace.coordinator.group.record.ConsumerRegexKey;
import io.headrace.coordinator.group.record.ConsumerRegexValue;
import io.headrace.coordinator.group.record.ConsumerTargetEpochValue;
import io.headrace.coordinator.group.record.ConsumerTargetValue;
import io.headrace.coordinator.shard.ShardRecord;
import io.headrace.protocol.codec.MalformedFrameException;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.Set;

/**
 * Makes consumer groups again from their records. A compacted log may have lost the older of them,
 * so a record makes the group that it is of, and a deletion may find nothing.
 */
public final class ConsumerReplay {
    private final Groups groups;

    /** The groups that records are applied to. */
    public interface Groups {
        /** The group of that id, or null. */
        @Nullable ConsumerGroup find(String groupId);

        /** The group of that id, made if there is none. */
        ConsumerGroup make(String groupId);

        void remove(String groupId);
    }

    public ConsumerReplay(Groups groups) {
        this.groups = groups;
    }

    /** Whether records of that type are about consumer groups. */
    public static boolean isType(short type) {
        return (type >= ConsumerRecords.GROUP && type <= ConsumerRecords.CURRENT)
                || type == ConsumerRecords.REGEX;
    }

    /**
     * Applies a record of such a type.
     *
     * @throws IllegalArgumentException if it is not such a record
     */
    public void apply(short type, ShardRecord record) {
        try {
            switch (type) {
                case ConsumerRecords.GROUP -> applyGroup(record);
                case ConsumerRecords.OLD_TOPICS -> {} // the hash in the group's record says it
                case ConsumerRecords.TARGET_EPOCH -> applyTargetEpoch(record);
                case ConsumerRecords.REGEX -> applyRegex(record);
                default -> applyMember(type, record);
            }
        } catch (MalformedFrameException e) {
            throw new IllegalArgumentException("Not of a consumer group", e);
        }
    }

    private void applyGroup(ShardRecord record) throws MalformedFrameException {
        String groupId = ConsumerRecords.readGroupKey(record.key()).groupId();
        ByteBuffer bytes = record.value();
        if (bytes == null) {
            groups.remove(groupId);
            return;
        }
        ConsumerGroupValue value = ConsumerRecords.readValue(new ConsumerGroupValue(), bytes);
        groups.make(groupId).setEpoch(value.epoch(), value.metadataHash());
    }

    private void applyTargetEpoch(ShardRecord record) throws MalformedFrameException {
        String groupId = ConsumerRecords.readGroupKey(record.key()).groupId();
        ByteBuffer bytes = record.value();
        ConsumerGroup group = bytes == null ? groups.find(groupId) : groups.make(groupId);
        if (group != null) {
            ConsumerTargetEpochValue value =
                    bytes == null
                            ? new ConsumerTargetEpochValue()
                            : ConsumerRecords.readValue(new ConsumerTargetEpochValue(), bytes);
            group.setTargetEpoch(value.assignmentEpoch(), value.assignmentTimestamp());
        }
    }

    private void applyRegex(ShardRecord record) throws MalformedFrameException {
        ConsumerRegexKey key = ConsumerRecords.readRegexKey(record.key());
        ByteBuffer bytes = record.value();
        if (bytes != null) {
            ConsumerRegexValue value = ConsumerRecords.readValue(new ConsumerRegexValue(), bytes);
            groups.make(key.groupId())
                    .setRegex(
                            key.regularExpression(),
                            new ResolvedRegex(
                                    Set.copyOf(value.topics()),
                                    value.version(),
                                    value.timestamp()));
            return;
        }
        ConsumerGroup group = groups.find(key.groupId());
        if (group != null) {
            group.removeRegex(key.regularExpression());
        }
    }

    private void applyMember(short type, ShardRecord record) throws MalformedFrameException {
        ConsumerMemberKey key = ConsumerRecords.readMemberKey(record.key());
        ByteBuffer bytes = record.value();
        if (bytes == null) {
            ConsumerGroup group = groups.find(key.groupId());
            if (group != null) {
                deleteMember(type, group, key.memberId());
            }
            return;
        }
        ConsumerGroup group = groups.make(key.groupId());
        ConsumerMember known = group.member(key.memberId());
        ConsumerMember member = known == null ? ConsumerMember.unknown(key.memberId()) : known;
        switch (type) {
            case ConsumerRecords.MEMBER ->
                    group.put(
                            member.with(
                                    ConsumerRecords.subscription(
                                            ConsumerRecords.readValue(
                                                    new ConsumerMemberValue(), bytes))));
            case ConsumerRecords.TARGET ->
                    group.setTarget(
                            key.memberId(),
                            ConsumerRecords.target(
                                    ConsumerRecords.readValue(new ConsumerTargetValue(), bytes)));
            case ConsumerRecords.CURRENT ->
                    group.put(
                            member.with(
                                    ConsumerRecords.current(
                                            ConsumerRecords.readValue(
                                                    new ConsumerCurrentValue(), bytes))));
            default -> throw new IllegalArgumentException("No record type of members: " + type);
        }
    }

    private static void deleteMember(short type, ConsumerGroup group, String memberId) {
        ConsumerMember known = group.member(memberId);
        switch (type) {
            case ConsumerRecords.MEMBER -> group.remove(memberId);
            case ConsumerRecords.TARGET -> group.removeTarget(memberId);
            case ConsumerRecords.CURRENT -> {
                if (known != null) {
                    group.put(known.with(CurrentAssignment.NONE));
                }
            }
            default -> throw new IllegalArgumentException("No record type of members: " + type);
        }
    }
}
