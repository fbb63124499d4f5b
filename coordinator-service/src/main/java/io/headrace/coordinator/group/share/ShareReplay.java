package io.headrace.coordinator.group.share;

import io.headrace.coordinator.group.record.ShareCurrentValue;
import io.headrace.coordinator.group.record.ShareGroupValue;
import io.headrace.coordinator.group.record.ShareMemberKey;
import io.headrace.coordinator.group.record.ShareMemberValue;
import io.headrace.coordinator.group.record.ShareStatesValue;
import io.headrace.coordinator.group.record.ShareTargetEpochValue;
import io.headrace.coordinator.group.record.ShareTargetValue;
import io.headrace.coordinator.shard.ShardRecord;
import io.headrace.protocol.codec.MalformedFrameException;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.Map;
import java.util.TreeSet;

/**
 * Makes share groups again from their records. A compacted log may have lost the older of them, so
 * a record makes the group that it is of, and a deletion may find nothing.
 */
public final class ShareReplay {
    private final Map<String, ShareGroup> groups;

    /**
     * @param groups by id; takes what is made
     */
    public ShareReplay(Map<String, ShareGroup> groups) {
        this.groups = groups;
    }

    /** Whether records of that type are about share groups. */
    public static boolean isType(short type) {
        return type >= ShareRecords.MEMBER && type <= ShareRecords.STATES;
    }

    /**
     * Applies a record of such a type.
     *
     * @throws IllegalArgumentException if it is not such a record
     */
    public void apply(short type, ShardRecord record) {
        try {
            switch (type) {
                case ShareRecords.GROUP, ShareRecords.TARGET_EPOCH, ShareRecords.STATES ->
                        applyGroup(type, record);
                default -> applyMember(type, record);
            }
        } catch (MalformedFrameException e) {
            throw new IllegalArgumentException("Not of a share group", e);
        }
    }

    private void applyGroup(short type, ShardRecord record) throws MalformedFrameException {
        String groupId = ShareRecords.readGroupKey(record.key());
        ByteBuffer bytes = record.value();
        if (bytes == null) {
            forget(type, groupId);
            return;
        }
        ShareGroup group = groups.computeIfAbsent(groupId, ShareGroup::new);
        switch (type) {
            case ShareRecords.GROUP -> {
                ShareGroupValue value = ShareRecords.readValue(new ShareGroupValue(), bytes);
                group.setEpoch(value.epoch(), value.metadataHash());
            }
            case ShareRecords.TARGET_EPOCH ->
                    applyTargetEpoch(
                            group, ShareRecords.readValue(new ShareTargetEpochValue(), bytes));
            default ->
                    group.setStates(
                            ShareRecords.states(
                                    ShareRecords.readValue(new ShareStatesValue(), bytes)));
        }
    }

    private void forget(short type, String groupId) {
        ShareGroup group = groups.get(groupId);
        switch (type) {
            case ShareRecords.GROUP -> groups.remove(groupId);
            case ShareRecords.TARGET_EPOCH -> {
                if (group != null) {
                    group.setTargetEpoch(0, 0);
                }
            }
            default -> {
                if (group != null) {
                    group.setStates(ShareStates.NONE);
                }
            }
        }
    }

    private void applyMember(short type, ShardRecord record) throws MalformedFrameException {
        ShareMemberKey key = ShareRecords.readMemberKey(record.key());
        ByteBuffer bytes = record.value();
        if (bytes == null) {
            forgetMember(type, groups.get(key.groupId()), key.memberId());
            return;
        }
        ShareGroup group = groups.computeIfAbsent(key.groupId(), ShareGroup::new);
        ShareMember known = group.member(key.memberId());
        ShareMember member = known == null ? ShareMember.unknown(key.memberId()) : known;
        switch (type) {
            case ShareRecords.MEMBER -> {
                ShareMemberValue value = ShareRecords.readValue(new ShareMemberValue(), bytes);
                group.put(
                        member.saying(
                                value.rackId(),
                                value.clientId(),
                                value.clientHost(),
                                new TreeSet<>(value.subscribedTopicNames())));
            }
            case ShareRecords.TARGET ->
                    group.setTarget(
                            key.memberId(),
                            ShareRecords.partitions(
                                    ShareRecords.readValue(new ShareTargetValue(), bytes)));
            default -> {
                ShareCurrentValue value = ShareRecords.readValue(new ShareCurrentValue(), bytes);
                group.put(
                        member.having(
                                value.memberEpoch(),
                                value.previousMemberEpoch(),
                                ShareRecords.partitions(value)));
            }
        }
    }

    private static void forgetMember(short type, @Nullable ShareGroup group, String memberId) {
        ShareMember known = group == null ? null : group.member(memberId);
        if (group == null || known == null) {
            return;
        }
        switch (type) {
            case ShareRecords.MEMBER -> group.remove(memberId);
            case ShareRecords.TARGET -> group.removeTarget(memberId);
            default -> group.put(known.having(0, 0, Map.of()));
        }
    }

    private static void applyTargetEpoch(ShareGroup group, ShareTargetEpochValue value) {
        group.setTargetEpoch(value.assignmentEpoch(), value.assignmentTimestamp());
    }
}
