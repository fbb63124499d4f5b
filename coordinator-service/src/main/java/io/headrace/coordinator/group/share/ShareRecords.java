package io.headrace.coordinator.group.share;

import io.headrace.coordinator.group.record.ShareCurrentValue;
import io.headrace.coordinator.group.record.ShareCurrentValue.ShareCurrentTopic;
import io.headrace.coordinator.group.record.ShareGroupKey;
import io.headrace.coordinator.group.record.ShareGroupValue;
import io.headrace.coordinator.group.record.ShareMemberKey;
import io.headrace.coordinator.group.record.ShareMemberValue;
import io.headrace.coordinator.group.record.ShareStatesValue;
import io.headrace.coordinator.group.record.ShareStatesValue.ShareDeletedTopic;
import io.headrace.coordinator.group.record.ShareStatesValue.ShareStateTopic;
import io.headrace.coordinator.group.record.ShareTargetEpochValue;
import io.headrace.coordinator.group.record.ShareTargetValue;
import io.headrace.coordinator.group.record.ShareTargetValue.ShareTargetTopic;
import io.headrace.coordinator.shard.ShardRecord;
import io.headrace.protocol.codec.MalformedFrameException;
import io.headrace.protocol.codec.MessageWriter;
import io.headrace.protocol.codec.ResponseReader;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.Message;
import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** Share groups as records, in Kafka's format. */
final class ShareRecords {
    static final short MEMBER = 10;
    static final short GROUP = 11;
    static final short TARGET_EPOCH = 12;
    static final short TARGET = 13;
    static final short CURRENT = 14;
    static final short STATES = 15;

    private static final short VERSION = 0;

    private ShareRecords() {}

    static ShardRecord group(ShareGroup group) {
        return record(
                GROUP,
                groupKey(group.groupId()),
                new ShareGroupValue()
                        .setEpoch(group.groupEpoch())
                        .setMetadataHash(group.metadataHash()));
    }

    static ShardRecord targetEpoch(String groupId, int epoch, long nowMs) {
        return record(
                TARGET_EPOCH,
                groupKey(groupId),
                new ShareTargetEpochValue()
                        .setAssignmentEpoch(epoch)
                        .setAssignmentTimestamp(nowMs));
    }

    static ShardRecord states(String groupId, ShareStates states) {
        ShareStatesValue value =
                new ShareStatesValue()
                        .setInitializingTopics(topics(states.initializing()))
                        .setInitializedTopics(topics(states.initialized()));
        states.deleting()
                .forEach(
                        (id, name) ->
                                value.deletingTopics()
                                        .add(
                                                new ShareDeletedTopic()
                                                        .setTopicId(id)
                                                        .setTopicName(name)));
        return record(STATES, groupKey(groupId), value);
    }

    private static List<ShareStateTopic> topics(Map<Uuid, TopicState> topics) {
        List<ShareStateTopic> all = new ArrayList<>(topics.size());
        topics.forEach(
                (id, topic) ->
                        all.add(
                                new ShareStateTopic()
                                        .setTopicId(id)
                                        .setTopicName(topic.name())
                                        .setPartitions(List.copyOf(topic.partitions()))));
        return all;
    }

    static ShardRecord member(String groupId, ShareMember member) {
        return record(
                MEMBER,
                memberKey(groupId, member.memberId()),
                new ShareMemberValue()
                        .setRackId(member.rackId())
                        .setClientId(member.clientId())
                        .setClientHost(member.clientHost())
                        .setSubscribedTopicNames(List.copyOf(member.topicNames())));
    }

    static ShardRecord target(String groupId, String memberId, Map<Uuid, Set<Integer>> partitions) {
        ShareTargetValue value = new ShareTargetValue();
        partitions.forEach(
                (topicId, ofTopic) ->
                        value.topicPartitions()
                                .add(
                                        new ShareTargetTopic()
                                                .setTopicId(topicId)
                                                .setPartitions(List.copyOf(ofTopic))));
        return record(TARGET, memberKey(groupId, memberId), value);
    }

    static ShardRecord current(String groupId, ShareMember member) {
        ShareCurrentValue value =
                new ShareCurrentValue()
                        .setMemberEpoch(member.memberEpoch())
                        .setPreviousMemberEpoch(member.previousMemberEpoch());
        member.assigned()
                .forEach(
                        (topicId, ofTopic) ->
                                value.assignedPartitions()
                                        .add(
                                                new ShareCurrentTopic()
                                                        .setTopicId(topicId)
                                                        .setPartitions(List.copyOf(ofTopic))));
        return record(CURRENT, memberKey(groupId, member.memberId()), value);
    }

    /** The record that deletes what is known of a whole group, of that type. */
    static ShardRecord groupDeleted(short type, String groupId) {
        return record(type, groupKey(groupId), null);
    }

    /** The record that deletes what is known of a member, of that type. */
    static ShardRecord memberDeleted(short type, String groupId, String memberId) {
        return record(type, memberKey(groupId, memberId), null);
    }

    // Decoding.

    static String readGroupKey(ByteBuffer key) throws MalformedFrameException {
        return ResponseReader.readInto(new ShareGroupKey(), VERSION, behindPrefix(key)).groupId();
    }

    static ShareMemberKey readMemberKey(ByteBuffer key) throws MalformedFrameException {
        return ResponseReader.readInto(new ShareMemberKey(), VERSION, behindPrefix(key));
    }

    static <M extends Message> M readValue(M into, ByteBuffer value)
            throws MalformedFrameException {
        if (value.remaining() < Short.BYTES) {
            throw new MalformedFrameException("A record of a share group without a version");
        }
        return ResponseReader.readInto(into, value.getShort(value.position()), behindPrefix(value));
    }

    static ShareStates states(ShareStatesValue value) {
        Map<Uuid, String> deleting = new TreeMap<>();
        value.deletingTopics().forEach(topic -> deleting.put(topic.topicId(), topic.topicName()));
        return new ShareStates(
                topics(value.initializingTopics()), topics(value.initializedTopics()), deleting);
    }

    private static Map<Uuid, TopicState> topics(List<ShareStateTopic> topics) {
        Map<Uuid, TopicState> all = new TreeMap<>();
        topics.forEach(
                topic ->
                        all.put(
                                topic.topicId(),
                                new TopicState(
                                        topic.topicName(), new TreeSet<>(topic.partitions()))));
        return all;
    }

    static Map<Uuid, Set<Integer>> partitions(ShareTargetValue value) {
        Map<Uuid, Set<Integer>> partitions = new TreeMap<>();
        value.topicPartitions()
                .forEach(
                        topic ->
                                partitions.put(topic.topicId(), new TreeSet<>(topic.partitions())));
        return partitions;
    }

    static Map<Uuid, Set<Integer>> partitions(ShareCurrentValue value) {
        Map<Uuid, Set<Integer>> partitions = new TreeMap<>();
        value.assignedPartitions()
                .forEach(
                        topic ->
                                partitions.put(topic.topicId(), new TreeSet<>(topic.partitions())));
        return partitions;
    }

    private static ByteBuffer behindPrefix(ByteBuffer bytes) {
        return bytes.slice(bytes.position() + Short.BYTES, bytes.remaining() - Short.BYTES);
    }

    private static ShareGroupKey groupKey(String groupId) {
        return new ShareGroupKey().setGroupId(groupId);
    }

    private static ShareMemberKey memberKey(String groupId, String memberId) {
        return new ShareMemberKey().setGroupId(groupId).setMemberId(memberId);
    }

    private static ShardRecord record(short type, Message key, @Nullable Message value) {
        return new ShardRecord(
                prefixed(type, key), value == null ? null : prefixed(VERSION, value));
    }

    private static ByteBuffer prefixed(short prefix, Message message) {
        ByteBuffer bytes = MessageWriter.bytes(message, VERSION);
        return ByteBuffer.allocate(Short.BYTES + bytes.remaining())
                .putShort(prefix)
                .put(bytes)
                .flip();
    }
}
