package io.headrace.client.admin;

import io.headrace.client.admin.GroupDescription.Member;
import io.headrace.client.admin.GroupLag.PartitionLag;
import io.headrace.client.connection.NodeConnection;
import io.headrace.client.consume.CommittedOffset;

import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.message.AlterShareGroupOffsetsRequestData;
import org.apache.kafka.common.message.AlterShareGroupOffsetsRequestData.AlterShareGroupOffsetsRequestPartition;
import org.apache.kafka.common.message.AlterShareGroupOffsetsRequestData.AlterShareGroupOffsetsRequestTopic;
import org.apache.kafka.common.message.AlterShareGroupOffsetsResponseData;
import org.apache.kafka.common.message.DescribeShareGroupOffsetsRequestData;
import org.apache.kafka.common.message.DescribeShareGroupOffsetsRequestData.DescribeShareGroupOffsetsRequestGroup;
import org.apache.kafka.common.message.DescribeShareGroupOffsetsResponseData;
import org.apache.kafka.common.message.DescribeShareGroupOffsetsResponseData.DescribeShareGroupOffsetsResponseGroup;
import org.apache.kafka.common.message.ShareGroupDescribeRequestData;
import org.apache.kafka.common.message.ShareGroupDescribeResponseData;
import org.apache.kafka.common.message.ShareGroupDescribeResponseData.DescribedGroup;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/** What share groups (KIP-932) are asked of their coordinator, in the terms of other groups. */
final class ShareGroupCalls {
    /** The type of such groups. */
    static final String TYPE = "share";

    private final AdminCalls calls;

    ShareGroupCalls(AdminCalls calls) {
        this.calls = calls;
    }

    /** Describes groups; those that are no share groups are refused with GROUP_ID_NOT_FOUND. */
    CompletableFuture<Map<String, Outcome<GroupDescription>>> describe(
            NodeConnection coordinator, int nodeId, List<String> groupIds) {
        return coordinator
                .call(
                        ApiKeys.SHARE_GROUP_DESCRIBE,
                        new ShareGroupDescribeRequestData().setGroupIds(groupIds),
                        ShareGroupDescribeResponseData.class,
                        calls.timeout())
                .thenApply(
                        answer -> {
                            Map<String, Outcome<GroupDescription>> outcomes = new HashMap<>();
                            for (DescribedGroup group : answer.groups()) {
                                if (group.errorCode() != Errors.GROUP_ID_NOT_FOUND.code()) {
                                    outcomes.put(group.groupId(), described(group, nodeId));
                                }
                            }
                            return outcomes;
                        });
    }

    private static Outcome<GroupDescription> described(DescribedGroup group, int nodeId) {
        return AdminCalls.outcome(
                group.errorCode(),
                "Describing group " + group.groupId(),
                group.errorMessage(),
                () ->
                        new GroupDescription(
                                group.groupId(),
                                TYPE,
                                TYPE,
                                group.groupState(),
                                group.assignorName(),
                                nodeId,
                                group.members().stream().map(ShareGroupCalls::member).toList()));
    }

    private static Member member(ShareGroupDescribeResponseData.Member member) {
        Set<TopicPartition> assigned = new HashSet<>();
        for (var topic : member.assignment().topicPartitions()) {
            for (int partition : topic.partitions()) {
                assigned.add(new TopicPartition(topic.topicName(), partition));
            }
        }
        return new Member(member.memberId(), "", member.clientId(), member.clientHost(), assigned);
    }

    /** How far share groups are behind; of groups that are none nothing is said. */
    CompletableFuture<Map<String, Outcome<GroupLag>>> lags(
            NodeConnection coordinator, List<String> groupIds) {
        if (!coordinator.ranges().supports(ApiKeys.DESCRIBE_SHARE_GROUP_OFFSETS)) {
            return CompletableFuture.completedFuture(Map.of());
        }
        DescribeShareGroupOffsetsRequestData request = new DescribeShareGroupOffsetsRequestData();
        groupIds.forEach(
                group ->
                        request.groups()
                                .add(
                                        new DescribeShareGroupOffsetsRequestGroup()
                                                .setGroupId(group)
                                                .setTopics(null)));
        return coordinator
                .call(
                        ApiKeys.DESCRIBE_SHARE_GROUP_OFFSETS,
                        request,
                        DescribeShareGroupOffsetsResponseData.class,
                        calls.timeout())
                .thenApply(
                        answer -> {
                            Map<String, Outcome<GroupLag>> lags = new HashMap<>();
                            for (var group : answer.groups()) {
                                lags.put(
                                        group.groupId(),
                                        AdminCalls.outcome(
                                                group.errorCode(),
                                                "Looking up offsets of group " + group.groupId(),
                                                group.errorMessage(),
                                                () -> lag(group)));
                            }
                            return lags;
                        });
    }

    /** Where nobody decided yet where to start, there is nothing to show. */
    private static GroupLag lag(DescribeShareGroupOffsetsResponseGroup group) {
        Map<TopicPartition, PartitionLag> lags = new HashMap<>();
        for (var topic : group.topics()) {
            for (var partition : topic.partitions()) {
                if (partition.errorCode() == 0 && partition.startOffset() >= 0) {
                    lags.put(
                            new TopicPartition(topic.topicName(), partition.partitionIndex()),
                            new PartitionLag(
                                    CommittedOffset.of(partition.startOffset()),
                                    -1,
                                    partition.lag()));
                }
            }
        }
        return new GroupLag(group.groupId(), lags);
    }

    /** Sets the start offsets of a share group without members. */
    CompletableFuture<Map<TopicPartition, Outcome<Completed>>> alter(
            NodeConnection coordinator,
            String groupId,
            Map<TopicPartition, CommittedOffset> offsets) {
        AlterShareGroupOffsetsRequestData request =
                new AlterShareGroupOffsetsRequestData().setGroupId(groupId);
        offsets.forEach(
                (partition, offset) -> {
                    var topic = request.topics().find(partition.topic());
                    if (topic == null) {
                        topic =
                                new AlterShareGroupOffsetsRequestTopic()
                                        .setTopicName(partition.topic());
                        request.topics().add(topic);
                    }
                    topic.partitions()
                            .add(
                                    new AlterShareGroupOffsetsRequestPartition()
                                            .setPartitionIndex(partition.partition())
                                            .setStartOffset(offset.offset()));
                });
        return coordinator
                .call(
                        ApiKeys.ALTER_SHARE_GROUP_OFFSETS,
                        request,
                        AlterShareGroupOffsetsResponseData.class,
                        calls.timeout())
                .thenApply(ShareGroupCalls::altered);
    }

    private static Map<TopicPartition, Outcome<Completed>> altered(
            AlterShareGroupOffsetsResponseData answer) {
        AdminCalls.require(
                answer.errorCode(), "Setting offsets of a share group", answer.errorMessage());
        Map<TopicPartition, Outcome<Completed>> outcomes = new HashMap<>();
        for (var topic : answer.responses()) {
            for (var partition : topic.partitions()) {
                TopicPartition key =
                        new TopicPartition(topic.topicName(), partition.partitionIndex());
                outcomes.put(
                        key,
                        AdminCalls.outcome(
                                partition.errorCode(),
                                "Changing the offset of " + key,
                                partition.errorMessage(),
                                () -> Completed.COMPLETED));
            }
        }
        return outcomes;
    }
}
