package io.headrace.client.admin;

import io.headrace.client.admin.GroupDescription.Member;
import io.headrace.client.connection.Failures;
import io.headrace.client.connection.NodeConnection;
import io.headrace.client.group.ConsumerProtocol;
import io.headrace.protocol.codec.MalformedFrameException;

import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.message.ConsumerGroupDescribeRequestData;
import org.apache.kafka.common.message.ConsumerGroupDescribeResponseData;
import org.apache.kafka.common.message.DescribeGroupsRequestData;
import org.apache.kafka.common.message.DescribeGroupsResponseData;
import org.apache.kafka.common.message.DescribeGroupsResponseData.DescribedGroup;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/** Describes groups, of every protocol, as their coordinator knows them. */
final class GroupDescriber {
    private final AdminCalls calls;
    private final ShareGroupCalls shareGroups;

    GroupDescriber(AdminCalls calls) {
        this.calls = calls;
        this.shareGroups = new ShareGroupCalls(calls);
    }

    /** Groups of the newer protocols first; what is none of these, as classic ones. */
    CompletableFuture<Map<String, Outcome<GroupDescription>>> describe(
            NodeConnection coordinator, int nodeId, List<String> groupIds) {
        if (!coordinator.ranges().supports(ApiKeys.CONSUMER_GROUP_DESCRIBE)) {
            return describeClassic(coordinator, nodeId, groupIds);
        }
        ConsumerGroupDescribeRequestData request =
                new ConsumerGroupDescribeRequestData().setGroupIds(groupIds);
        return coordinator
                .call(
                        ApiKeys.CONSUMER_GROUP_DESCRIBE,
                        request,
                        ConsumerGroupDescribeResponseData.class,
                        calls.timeout())
                .thenCompose(
                        answer -> {
                            Map<String, Outcome<GroupDescription>> outcomes = new HashMap<>();
                            List<String> others = new ArrayList<>();
                            answer.groups()
                                    .forEach(
                                            group -> {
                                                if (group.errorCode()
                                                        == Errors.GROUP_ID_NOT_FOUND.code()) {
                                                    others.add(group.groupId());
                                                } else {
                                                    outcomes.put(
                                                            group.groupId(),
                                                            described(group, nodeId));
                                                }
                                            });
                            return describeOthers(coordinator, nodeId, others)
                                    .thenApply(
                                            more -> {
                                                outcomes.putAll(more);
                                                return outcomes;
                                            });
                        });
    }

    /** Share groups, and classic ones. */
    private CompletableFuture<Map<String, Outcome<GroupDescription>>> describeOthers(
            NodeConnection coordinator, int nodeId, List<String> groupIds) {
        if (groupIds.isEmpty()) {
            return CompletableFuture.completedFuture(Map.of());
        }
        if (!coordinator.ranges().supports(ApiKeys.SHARE_GROUP_DESCRIBE)) {
            return describeClassic(coordinator, nodeId, groupIds);
        }
        return shareGroups
                .describe(coordinator, nodeId, groupIds)
                .thenCompose(
                        found -> {
                            List<String> classic = new ArrayList<>(groupIds);
                            classic.removeAll(found.keySet());
                            if (classic.isEmpty()) {
                                return CompletableFuture.completedFuture(found);
                            }
                            return describeClassic(coordinator, nodeId, classic)
                                    .thenApply(
                                            more -> {
                                                Map<String, Outcome<GroupDescription>> all =
                                                        new HashMap<>(found);
                                                all.putAll(more);
                                                return all;
                                            });
                        });
    }

    private static Outcome<GroupDescription> described(
            ConsumerGroupDescribeResponseData.DescribedGroup group, int nodeId) {
        return AdminCalls.outcome(
                group.errorCode(),
                "Describing group " + group.groupId(),
                group.errorMessage(),
                () ->
                        new GroupDescription(
                                group.groupId(),
                                "consumer",
                                ConsumerProtocol.TYPE,
                                group.groupState(),
                                group.assignorName(),
                                nodeId,
                                group.members().stream().map(GroupDescriber::member).toList()));
    }

    private static Member member(ConsumerGroupDescribeResponseData.Member member) {
        Set<TopicPartition> assigned = new HashSet<>();
        member.assignment()
                .topicPartitions()
                .forEach(
                        topic ->
                                topic.partitions()
                                        .forEach(
                                                p ->
                                                        assigned.add(
                                                                new TopicPartition(
                                                                        topic.topicName(), p))));
        return new Member(
                member.memberId(),
                member.instanceId() == null ? "" : member.instanceId(),
                member.clientId(),
                member.clientHost(),
                assigned);
    }

    private CompletableFuture<Map<String, Outcome<GroupDescription>>> describeClassic(
            NodeConnection coordinator, int nodeId, List<String> groupIds) {
        DescribeGroupsRequestData request = new DescribeGroupsRequestData().setGroups(groupIds);
        return coordinator
                .call(
                        ApiKeys.DESCRIBE_GROUPS,
                        request,
                        DescribeGroupsResponseData.class,
                        calls.timeout())
                .thenApply(
                        answer -> {
                            Map<String, Outcome<GroupDescription>> outcomes = new HashMap<>();
                            for (DescribedGroup group : answer.groups()) {
                                outcomes.put(group.groupId(), classic(group, nodeId));
                            }
                            return outcomes;
                        });
    }

    private static Outcome<GroupDescription> classic(DescribedGroup group, int nodeId) {
        String what = "Describing group " + group.groupId();
        boolean dead = group.errorCode() == 0 && group.groupState().equals("Dead");
        if (dead) {
            return AdminCalls.refused(Errors.GROUP_ID_NOT_FOUND, what, null);
        }
        return AdminCalls.outcome(
                group.errorCode(),
                what,
                group.errorMessage(),
                () ->
                        new GroupDescription(
                                group.groupId(),
                                "classic",
                                group.protocolType(),
                                group.groupState(),
                                group.protocolData(),
                                nodeId,
                                group.members().stream()
                                        .map(member -> member(member, group.protocolType()))
                                        .toList()));
    }

    private static Member member(
            DescribeGroupsResponseData.DescribedGroupMember member, String protocolType) {
        try {
            return new Member(
                    member.memberId(),
                    member.groupInstanceId() == null ? "" : member.groupInstanceId(),
                    member.clientId(),
                    member.clientHost(),
                    protocolType.equals(ConsumerProtocol.TYPE)
                            ? ConsumerProtocol.decodeAssignment(member.memberAssignment())
                            : Set.of());
        } catch (MalformedFrameException e) {
            throw Failures.of(e, "Reading the assignment of member " + member.memberId());
        }
    }
}
