package io.headrace.coordinator.group;

import io.headrace.coordinator.group.assignor.Assignor;
import io.headrace.coordinator.group.consumer.ConsumerGroup;
import io.headrace.coordinator.group.consumer.ConsumerMember;
import io.headrace.coordinator.group.consumer.Subscription;
import io.headrace.coordinator.group.space.GroupSpace;
import io.headrace.coordinator.shard.ShardRequest;
import io.headrace.protocol.metadata.TopicImage;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.ConsumerGroupDescribeRequestData;
import org.apache.kafka.common.message.ConsumerGroupDescribeResponseData;
import org.apache.kafka.common.message.ConsumerGroupDescribeResponseData.Assignment;
import org.apache.kafka.common.message.ConsumerGroupDescribeResponseData.DescribedGroup;
import org.apache.kafka.common.message.ConsumerGroupDescribeResponseData.Member;
import org.apache.kafka.common.message.ConsumerGroupDescribeResponseData.TopicPartitions;
import org.apache.kafka.common.protocol.Errors;

import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Decides ConsumerGroupDescribe. Confined to the shard's core. */
final class ConsumerDescribeDecision {
    private static final byte CLASSIC_MEMBER = 0;
    private static final byte CONSUMER_MEMBER = 1;

    private final GroupSpace space;

    ConsumerDescribeDecision(GroupSpace space) {
        this.space = space;
    }

    void decide(ShardRequest request, ConsumerGroupDescribeRequestData body) {
        ConsumerGroupDescribeResponseData response = new ConsumerGroupDescribeResponseData();
        for (String groupId : body.groupIds()) {
            DescribedGroup described = describe(groupId);
            if (body.includeAuthorizedOperations() && described.errorCode() == Errors.NONE.code()) {
                described.setAuthorizedOperations(ReadDecisions.EVERY_OPERATION);
            }
            response.groups().add(described);
        }
        space.replyChecked(request.id(), response);
    }

    private DescribedGroup describe(String groupId) {
        DescribedGroup described = new DescribedGroup().setGroupId(groupId);
        ConsumerGroup group = space.consumerGroup(groupId);
        if (groupId.isEmpty()) {
            return described.setErrorCode(Errors.INVALID_GROUP_ID.code());
        }
        if (group == null) {
            return described
                    .setErrorCode(Errors.GROUP_ID_NOT_FOUND.code())
                    .setErrorMessage(
                            space.group(groupId) == null
                                    ? "Group " + groupId + " not found."
                                    : "Group " + groupId + " is not a consumer group.");
        }
        String assignor = group.preferredAssignor();
        described
                .setGroupState(group.state().label())
                .setGroupEpoch(group.groupEpoch())
                .setAssignmentEpoch(group.targetEpoch())
                .setAssignorName(assignor == null ? Assignor.ALL.getFirst().name() : assignor);
        for (ConsumerMember member : group.members()) {
            described.members().add(describe(group, member));
        }
        return described;
    }

    private Member describe(ConsumerGroup group, ConsumerMember member) {
        Subscription subscription = member.subscription();
        Map<Uuid, Collection<Integer>> assigned = new HashMap<>();
        member.current()
                .assigned()
                .epochs()
                .forEach((topicId, partitions) -> assigned.put(topicId, partitions.keySet()));
        return new Member()
                .setMemberId(member.memberId())
                .setInstanceId(member.instanceId())
                .setRackId(subscription.rackId())
                .setMemberEpoch(member.memberEpoch())
                .setClientId(subscription.clientId())
                .setClientHost(subscription.clientHost())
                .setSubscribedTopicNames(List.copyOf(subscription.topicNames()))
                .setSubscribedTopicRegex(subscription.hasRegex() ? subscription.topicRegex() : null)
                .setAssignment(named(assigned))
                .setTargetAssignment(named(group.target(member.memberId())))
                .setMemberType(member.isClassic() ? CLASSIC_MEMBER : CONSUMER_MEMBER);
    }

    /** With names; topics that are gone are not shown. */
    private Assignment named(Map<Uuid, ? extends Collection<Integer>> partitions) {
        Assignment assignment = new Assignment();
        partitions.forEach(
                (topicId, ofTopic) -> {
                    TopicImage topic = space.image().topic(topicId);
                    if (topic != null) {
                        assignment
                                .topicPartitions()
                                .add(
                                        new TopicPartitions()
                                                .setTopicId(topicId)
                                                .setTopicName(topic.name())
                                                .setPartitions(List.copyOf(ofTopic)));
                    }
                });
        return assignment;
    }
}
