package io.headrace.coordinator.group.consumer;

import io.headrace.coordinator.group.record.ConsumerCurrentValue;
import io.headrace.coordinator.group.record.ConsumerCurrentValue.CurrentTopic;
import io.headrace.coordinator.group.record.ConsumerGroupKey;
import io.headrace.coordinator.group.record.ConsumerGroupValue;
import io.headrace.coordinator.group.record.ConsumerMemberKey;
import io.headrace.coordinator.group.record.ConsumerMemberValue;
import io.headrace.coordinator.group.record.ConsumerMemberValue.ClassicMemberMetadata;
import io.headrace.coordinator.group.record.ConsumerMemberValue.ClassicProtocol;
import io.headrace.coordinator.group.record.ConsumerRegexKey;
import io.headrace.coordinator.group.record.ConsumerRegexValue;
import io.headrace.coordinator.group.record.ConsumerTargetEpochValue;
import io.headrace.coordinator.group.record.ConsumerTargetValue;
import io.headrace.coordinator.group.record.ConsumerTargetValue.TargetTopic;
import io.headrace.coordinator.shard.ShardRecord;
import io.headrace.protocol.codec.MalformedFrameException;
import io.headrace.protocol.codec.MessageWriter;
import io.headrace.protocol.codec.ResponseReader;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.Message;
import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Consumer groups as records, in Kafka's format. */
final class ConsumerRecords {
    static final short GROUP = 3;

    /** What Kafka wrote of subscribed topics before 4.1; now a hash in the group's own record. */
    static final short OLD_TOPICS = 4;

    static final short MEMBER = 5;
    static final short TARGET_EPOCH = 6;
    static final short TARGET = 7;
    static final short CURRENT = 8;
    static final short REGEX = 16;

    private static final short VERSION = 0;

    private ConsumerRecords() {}

    static ShardRecord group(String groupId, int epoch, long metadataHash) {
        return record(
                GROUP,
                new ConsumerGroupKey().setGroupId(groupId),
                new ConsumerGroupValue().setEpoch(epoch).setMetadataHash(metadataHash));
    }

    static ShardRecord targetEpoch(String groupId, int epoch, long nowMs) {
        return record(
                TARGET_EPOCH,
                new ConsumerGroupKey().setGroupId(groupId),
                new ConsumerTargetEpochValue()
                        .setAssignmentEpoch(epoch)
                        .setAssignmentTimestamp(nowMs));
    }

    /** The record that deletes what is known of a whole group, of that type. */
    static ShardRecord groupDeleted(short type, String groupId) {
        return record(type, new ConsumerGroupKey().setGroupId(groupId), null);
    }

    /** The record that deletes what is known of a member, of that type. */
    static ShardRecord memberDeleted(short type, String groupId, String memberId) {
        return record(type, memberKey(groupId, memberId), null);
    }

    static ShardRecord regex(String groupId, String regex, ResolvedRegex resolved) {
        return record(
                REGEX,
                regexKey(groupId, regex),
                new ConsumerRegexValue()
                        .setTopics(List.copyOf(resolved.topics()))
                        .setVersion(resolved.version())
                        .setTimestamp(resolved.timestampMs()));
    }

    static ShardRecord regexDeleted(String groupId, String regex) {
        return record(REGEX, regexKey(groupId, regex), null);
    }

    static ShardRecord member(String groupId, String memberId, Subscription subscription) {
        ClassicFacts classic = subscription.classic();
        ConsumerMemberValue value =
                new ConsumerMemberValue()
                        .setInstanceId(subscription.instanceId())
                        .setRackId(subscription.rackId())
                        .setClientId(subscription.clientId())
                        .setClientHost(subscription.clientHost())
                        .setSubscribedTopicNames(List.copyOf(subscription.topicNames()))
                        .setSubscribedTopicRegex(subscription.topicRegex())
                        .setRebalanceTimeoutMs(subscription.rebalanceTimeoutMs())
                        .setServerAssignor(subscription.assignor())
                        .setClassicMemberMetadata(null); // the default is none but empty
        if (classic != null) {
            ClassicMemberMetadata metadata =
                    new ClassicMemberMetadata().setSessionTimeoutMs(classic.sessionTimeoutMs());
            for (ClassicFacts.Protocol protocol : classic.protocols()) {
                metadata.supportedProtocols()
                        .add(
                                new ClassicProtocol()
                                        .setName(protocol.name())
                                        .setMetadata(protocol.metadata()));
            }
            value.setClassicMemberMetadata(metadata);
        }
        return record(MEMBER, memberKey(groupId, memberId), value);
    }

    static ShardRecord target(String groupId, String memberId, Map<Uuid, Set<Integer>> partitions) {
        ConsumerTargetValue value = new ConsumerTargetValue();
        partitions.forEach(
                (topicId, ofTopic) ->
                        value.topicPartitions()
                                .add(
                                        new TargetTopic()
                                                .setTopicId(topicId)
                                                .setPartitions(List.copyOf(ofTopic))));
        return record(TARGET, memberKey(groupId, memberId), value);
    }

    static ShardRecord current(String groupId, String memberId, CurrentAssignment current) {
        return record(
                CURRENT,
                memberKey(groupId, memberId),
                new ConsumerCurrentValue()
                        .setMemberEpoch(current.memberEpoch())
                        .setPreviousMemberEpoch(current.previousMemberEpoch())
                        .setState(current.state().code())
                        .setAssignedPartitions(topicsOf(current.assigned()))
                        .setPartitionsPendingRevocation(topicsOf(current.pendingRevocation())));
    }

    private static List<CurrentTopic> topicsOf(OwnedPartitions partitions) {
        List<CurrentTopic> topics = new ArrayList<>(partitions.epochs().size());
        partitions
                .epochs()
                .forEach(
                        (topicId, ofTopic) ->
                                topics.add(
                                        new CurrentTopic()
                                                .setTopicId(topicId)
                                                .setPartitions(List.copyOf(ofTopic.keySet()))
                                                .setAssignmentEpochs(
                                                        List.copyOf(ofTopic.values()))));
        return topics;
    }

    // Decoding.

    static ConsumerGroupKey readGroupKey(ByteBuffer key) throws MalformedFrameException {
        return readKey(new ConsumerGroupKey(), key);
    }

    static ConsumerMemberKey readMemberKey(ByteBuffer key) throws MalformedFrameException {
        return readKey(new ConsumerMemberKey(), key);
    }

    static ConsumerRegexKey readRegexKey(ByteBuffer key) throws MalformedFrameException {
        return readKey(new ConsumerRegexKey(), key);
    }

    private static <M extends Message> M readKey(M into, ByteBuffer key)
            throws MalformedFrameException {
        return ResponseReader.readInto(into, VERSION, behindPrefix(key));
    }

    static <M extends Message> M readValue(M into, ByteBuffer value)
            throws MalformedFrameException {
        if (value.remaining() < 2) {
            throw new MalformedFrameException("A record of a consumer group without a version");
        }
        return ResponseReader.readInto(into, value.getShort(value.position()), behindPrefix(value));
    }

    private static ByteBuffer behindPrefix(ByteBuffer bytes) {
        return bytes.slice(bytes.position() + 2, bytes.remaining() - 2);
    }

    static Subscription subscription(ConsumerMemberValue value) {
        ClassicMemberMetadata metadata = value.classicMemberMetadata();
        ClassicFacts classic = null;
        if (metadata != null && !metadata.supportedProtocols().isEmpty()) {
            List<ClassicFacts.Protocol> protocols = new ArrayList<>();
            for (ClassicProtocol protocol : metadata.supportedProtocols()) {
                protocols.add(new ClassicFacts.Protocol(protocol.name(), protocol.metadata()));
            }
            classic = new ClassicFacts(metadata.sessionTimeoutMs(), protocols);
        }
        return new Subscription(
                value.instanceId(),
                value.rackId(),
                value.clientId(),
                value.clientHost(),
                new TreeSet<>(value.subscribedTopicNames()),
                value.subscribedTopicRegex(),
                value.rebalanceTimeoutMs(),
                value.serverAssignor(),
                classic);
    }

    static Map<Uuid, Set<Integer>> target(ConsumerTargetValue value) {
        Map<Uuid, Set<Integer>> partitions = new HashMap<>();
        for (TargetTopic topic : value.topicPartitions()) {
            partitions.put(topic.topicId(), new TreeSet<>(topic.partitions()));
        }
        return partitions;
    }

    static CurrentAssignment current(ConsumerCurrentValue value) {
        return new CurrentAssignment(
                value.memberEpoch(),
                value.previousMemberEpoch(),
                MemberState.of(value.state()),
                partitions(value.assignedPartitions(), value.memberEpoch()),
                partitions(value.partitionsPendingRevocation(), value.memberEpoch()));
    }

    private static OwnedPartitions partitions(List<CurrentTopic> topics, int memberEpoch) {
        OwnedPartitions.Builder partitions = new OwnedPartitions.Builder();
        for (CurrentTopic topic : topics) {
            List<Integer> epochs = topic.assignmentEpochs();
            boolean hasEpochs = epochs != null && epochs.size() == topic.partitions().size();
            for (int i = 0; i < topic.partitions().size(); i++) {
                partitions.add(
                        topic.topicId(),
                        topic.partitions().get(i),
                        hasEpochs && epochs != null ? epochs.get(i) : memberEpoch);
            }
        }
        return partitions.build();
    }

    private static ConsumerMemberKey memberKey(String groupId, String memberId) {
        return new ConsumerMemberKey().setGroupId(groupId).setMemberId(memberId);
    }

    private static ConsumerRegexKey regexKey(String groupId, String regex) {
        return new ConsumerRegexKey().setGroupId(groupId).setRegularExpression(regex);
    }

    private static ShardRecord record(short type, Message key, @Nullable Message value) {
        return new ShardRecord(
                prefixed(type, key), value == null ? null : prefixed(VERSION, value));
    }

    private static ByteBuffer prefixed(short prefix, Message message) {
        ByteBuffer bytes = MessageWriter.bytes(message, VERSION);
        return ByteBuffer.allocate(2 + bytes.remaining()).putShort(prefix).put(bytes).flip();
    }
}
