package io.headrace.coordinator.group;

import io.headrace.coordinator.group.share.ShareGroup;
import io.headrace.coordinator.group.share.ShareMember;
import io.headrace.coordinator.group.share.SimpleAssignor;
import io.headrace.coordinator.group.space.GroupSpace;
import io.headrace.coordinator.shard.ShardRequest;
import io.headrace.protocol.metadata.TopicImage;

import org.apache.kafka.common.message.ShareGroupDescribeRequestData;
import org.apache.kafka.common.message.ShareGroupDescribeResponseData;
import org.apache.kafka.common.message.ShareGroupDescribeResponseData.Assignment;
import org.apache.kafka.common.message.ShareGroupDescribeResponseData.DescribedGroup;
import org.apache.kafka.common.message.ShareGroupDescribeResponseData.Member;
import org.apache.kafka.common.message.ShareGroupDescribeResponseData.TopicPartitions;
import org.apache.kafka.common.protocol.Errors;

import java.util.List;

/** Decides ShareGroupDescribe. Confined to the shard's core. */
final class ShareDescribeDecision {
    private final GroupSpace space;

    ShareDescribeDecision(GroupSpace space) {
        this.space = space;
    }

    void decide(ShardRequest request, ShareGroupDescribeRequestData body) {
        ShareGroupDescribeResponseData response = new ShareGroupDescribeResponseData();
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
        ShareGroup group = space.shareGroup(groupId);
        if (groupId.isEmpty()) {
            return described.setErrorCode(Errors.INVALID_GROUP_ID.code());
        }
        if (group == null) {
            return described
                    .setErrorCode(Errors.GROUP_ID_NOT_FOUND.code())
                    .setErrorMessage(
                            space.isOfOtherKind(groupId)
                                    ? "Group " + groupId + " is not a share group."
                                    : "Group " + groupId + " not found.");
        }
        described
                .setGroupState(group.state().label())
                .setGroupEpoch(group.groupEpoch())
                .setAssignmentEpoch(group.targetEpoch())
                .setAssignorName(SimpleAssignor.NAME);
        for (ShareMember member : group.members()) {
            described
                    .members()
                    .add(
                            new Member()
                                    .setMemberId(member.memberId())
                                    .setRackId(member.rackId())
                                    .setMemberEpoch(member.memberEpoch())
                                    .setClientId(member.clientId())
                                    .setClientHost(member.clientHost())
                                    .setSubscribedTopicNames(List.copyOf(member.topicNames()))
                                    .setAssignment(assignment(member)));
        }
        return described;
    }

    /** With names; topics that are gone are not shown. */
    private Assignment assignment(ShareMember member) {
        Assignment assignment = new Assignment();
        member.assigned()
                .forEach(
                        (topicId, partitions) -> {
                            TopicImage topic = space.image().topic(topicId);
                            if (topic != null) {
                                assignment
                                        .topicPartitions()
                                        .add(
                                                new TopicPartitions()
                                                        .setTopicId(topicId)
                                                        .setTopicName(topic.name())
                                                        .setPartitions(List.copyOf(partitions)));
                            }
                        });
        return assignment;
    }
}
