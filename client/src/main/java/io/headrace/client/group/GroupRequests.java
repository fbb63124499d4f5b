package io.headrace.client.group;

import io.headrace.client.connection.NodeConnection;
import io.headrace.client.consume.CommittedOffset;

import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.message.HeartbeatRequestData;
import org.apache.kafka.common.message.JoinGroupRequestData;
import org.apache.kafka.common.message.JoinGroupRequestData.JoinGroupRequestProtocol;
import org.apache.kafka.common.message.LeaveGroupRequestData;
import org.apache.kafka.common.message.LeaveGroupRequestData.MemberIdentity;
import org.apache.kafka.common.message.OffsetCommitRequestData;
import org.apache.kafka.common.message.OffsetCommitRequestData.OffsetCommitRequestPartition;
import org.apache.kafka.common.message.OffsetCommitRequestData.OffsetCommitRequestTopic;
import org.apache.kafka.common.message.OffsetFetchRequestData;
import org.apache.kafka.common.message.OffsetFetchRequestData.OffsetFetchRequestGroup;
import org.apache.kafka.common.message.OffsetFetchRequestData.OffsetFetchRequestTopics;
import org.apache.kafka.common.message.OffsetFetchResponseData;
import org.apache.kafka.common.message.SyncGroupRequestData;
import org.apache.kafka.common.message.SyncGroupRequestData.SyncGroupRequestAssignment;
import org.apache.kafka.common.protocol.ApiKeys;
import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Kafka's messages of one member of a classic group; pure. */
final class GroupRequests {
    /** Later versions of OffsetCommit and OffsetFetch name topics by id only. */
    private static final short LAST_VERSION_WITH_NAMES = 9;

    private final GroupOptions options;

    GroupRequests(GroupOptions options) {
        this.options = options;
    }

    static short version(NodeConnection connection, ApiKeys api) {
        return api == ApiKeys.OFFSET_COMMIT || api == ApiKeys.OFFSET_FETCH
                ? connection.ranges().version(api, LAST_VERSION_WITH_NAMES)
                : connection.ranges().version(api);
    }

    private @Nullable String instanceId() {
        return options.instanceId().isEmpty() ? null : options.instanceId();
    }

    JoinGroupRequestData join(String memberId, ConsumerProtocol.MemberSubscription subscription) {
        JoinGroupRequestData request =
                new JoinGroupRequestData()
                        .setGroupId(options.groupId())
                        .setSessionTimeoutMs((int) options.sessionTimeout().toMillis())
                        .setRebalanceTimeoutMs((int) options.rebalanceTimeout().toMillis())
                        .setMemberId(memberId)
                        .setGroupInstanceId(instanceId())
                        .setProtocolType(ConsumerProtocol.TYPE);
        byte[] metadata = ConsumerProtocol.encode(subscription);
        for (Assignor assignor : options.assignors()) {
            request.protocols()
                    .add(
                            new JoinGroupRequestProtocol()
                                    .setName(assignor.protocolName())
                                    .setMetadata(metadata));
        }
        return request;
    }

    SyncGroupRequestData sync(
            String memberId,
            int generation,
            @Nullable String protocol,
            Map<String, List<TopicPartition>> assignment) {
        SyncGroupRequestData request =
                new SyncGroupRequestData()
                        .setGroupId(options.groupId())
                        .setGenerationId(generation)
                        .setMemberId(memberId)
                        .setGroupInstanceId(instanceId())
                        .setProtocolType(ConsumerProtocol.TYPE)
                        .setProtocolName(protocol);
        assignment.forEach(
                (member, partitions) ->
                        request.assignments()
                                .add(
                                        new SyncGroupRequestAssignment()
                                                .setMemberId(member)
                                                .setAssignment(
                                                        ConsumerProtocol.encodeAssignment(
                                                                partitions))));
        return request;
    }

    HeartbeatRequestData heartbeat(String memberId, int generation) {
        return new HeartbeatRequestData()
                .setGroupId(options.groupId())
                .setGenerationId(generation)
                .setMemberId(memberId)
                .setGroupInstanceId(instanceId());
    }

    LeaveGroupRequestData leave(String memberId) {
        return new LeaveGroupRequestData()
                .setGroupId(options.groupId())
                .setMembers(
                        List.of(
                                new MemberIdentity()
                                        .setMemberId(memberId)
                                        .setGroupInstanceId(instanceId())));
    }

    OffsetCommitRequestData commit(
            String memberId, int generation, Map<TopicPartition, CommittedOffset> offsets) {
        Map<String, OffsetCommitRequestTopic> topics = new HashMap<>();
        offsets.forEach(
                (partition, offset) ->
                        topics.computeIfAbsent(
                                        partition.topic(),
                                        t -> new OffsetCommitRequestTopic().setName(t))
                                .partitions()
                                .add(
                                        new OffsetCommitRequestPartition()
                                                .setPartitionIndex(partition.partition())
                                                .setCommittedOffset(offset.offset())
                                                .setCommittedLeaderEpoch(offset.leaderEpoch())
                                                .setCommittedMetadata(offset.metadata())));
        return new OffsetCommitRequestData()
                .setGroupId(options.groupId())
                .setGenerationIdOrMemberEpoch(generation)
                .setMemberId(memberId)
                .setGroupInstanceId(instanceId())
                .setTopics(new ArrayList<>(topics.values()));
    }

    OffsetFetchRequestData committed(Collection<TopicPartition> partitions) {
        Map<String, OffsetFetchRequestTopics> topics = new HashMap<>();
        for (TopicPartition partition : partitions) {
            topics.computeIfAbsent(
                            partition.topic(), t -> new OffsetFetchRequestTopics().setName(t))
                    .partitionIndexes()
                    .add(partition.partition());
        }
        OffsetFetchRequestGroup group =
                new OffsetFetchRequestGroup()
                        .setGroupId(options.groupId())
                        .setTopics(new ArrayList<>(topics.values()));
        return new OffsetFetchRequestData().setRequireStable(true).setGroups(List.of(group));
    }

    static Map<TopicPartition, CommittedOffset> decode(
            OffsetFetchResponseData.OffsetFetchResponseGroup group) {
        Map<TopicPartition, CommittedOffset> committed = new HashMap<>();
        group.topics()
                .forEach(
                        topic ->
                                topic.partitions().stream()
                                        .filter(part -> part.committedOffset() >= 0)
                                        .forEach(
                                                part ->
                                                        committed.put(
                                                                new TopicPartition(
                                                                        topic.name(),
                                                                        part.partitionIndex()),
                                                                new CommittedOffset(
                                                                        part.committedOffset(),
                                                                        part.committedLeaderEpoch(),
                                                                        part.metadata() == null
                                                                                ? ""
                                                                                : part
                                                                                        .metadata()))));
        return committed;
    }
}
