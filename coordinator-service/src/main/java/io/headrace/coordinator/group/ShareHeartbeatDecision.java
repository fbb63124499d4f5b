package io.headrace.coordinator.group;

import io.headrace.coordinator.group.classic.Waiter;
import io.headrace.coordinator.group.share.ShareGroup;
import io.headrace.coordinator.group.share.ShareMember;
import io.headrace.coordinator.group.space.GroupSpace;
import io.headrace.coordinator.shard.ShardRequest;

import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.CoordinatorNotAvailableException;
import org.apache.kafka.common.errors.FencedMemberEpochException;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.errors.GroupMaxSizeReachedException;
import org.apache.kafka.common.errors.InvalidRequestException;
import org.apache.kafka.common.errors.UnknownMemberIdException;
import org.apache.kafka.common.message.ShareGroupHeartbeatRequestData;
import org.apache.kafka.common.message.ShareGroupHeartbeatResponseData;
import org.apache.kafka.common.message.ShareGroupHeartbeatResponseData.Assignment;
import org.apache.kafka.common.message.ShareGroupHeartbeatResponseData.TopicPartitions;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Decides ShareGroupHeartbeat (KIP-932): a member joins, says what changed, is told what to read,
 * or leaves. All that can be refused is refused before anything changes. Confined to the shard's
 * core.
 */
final class ShareHeartbeatDecision {
    private final GroupSpace space;
    private final ShareRebalances rebalances;

    ShareHeartbeatDecision(GroupSpace space, ShareRebalances rebalances) {
        this.space = space;
        this.rebalances = rebalances;
    }

    void decide(ShardRequest request, ShareGroupHeartbeatRequestData body) {
        ShareGroupHeartbeatResponseData response;
        try {
            validate(body);
            response = body.memberEpoch() == ShareMember.LEFT ? leave(body) : beat(request, body);
        } catch (ApiException e) {
            response =
                    new ShareGroupHeartbeatResponseData()
                            .setErrorCode(Errors.forException(e).code())
                            .setErrorMessage(e.getMessage());
        }
        space.reply(new Waiter(request.id(), request.version()), response);
    }

    private void validate(ShareGroupHeartbeatRequestData body) {
        requireText(body.memberId(), "MemberId");
        requireText(body.groupId(), "GroupId");
        requireText(body.rackId(), "RackId");
        List<String> names = body.subscribedTopicNames();
        if (body.memberEpoch() < ShareMember.LEFT) {
            throw new InvalidRequestException("MemberEpoch is invalid.");
        }
        if (body.memberEpoch() == 0 && (names == null || names.isEmpty())) {
            throw new InvalidRequestException("SubscribedTopicNames must be set in first request.");
        }
        if (names != null) {
            int most = space.properties().share().maxPartitions();
            if (names.size() > most || rebalances.partitionCount(Set.copyOf(names)) > most) {
                throw new InvalidRequestException(
                        "A share group reads at most " + most + " partitions");
            }
        }
    }

    private static void requireText(@Nullable String value, String name) {
        if (value != null && value.trim().isEmpty()) {
            throw new InvalidRequestException(name + " can't be empty.");
        }
    }

    private ShareGroupHeartbeatResponseData leave(ShareGroupHeartbeatRequestData body) {
        ShareGroup group = existing(body.groupId());
        rebalances.remove(group, known(group, body.memberId()));
        return new ShareGroupHeartbeatResponseData()
                .setMemberId(body.memberId())
                .setMemberEpoch(ShareMember.LEFT);
    }

    private ShareGroup existing(String groupId) {
        ShareGroup group = space.shareGroup(groupId);
        if (group == null) {
            throw new GroupIdNotFoundException(
                    space.isOfOtherKind(groupId)
                            ? "Group " + groupId + " is not a share group."
                            : "Share group " + groupId + " not found.");
        }
        return group;
    }

    private static ShareMember known(ShareGroup group, String memberId) {
        ShareMember member = group.member(memberId);
        if (member == null) {
            throw new UnknownMemberIdException(
                    "Member " + memberId + " is not a member of group " + group.groupId() + ".");
        }
        return member;
    }

    private ShareGroupHeartbeatResponseData beat(
            ShardRequest request, ShareGroupHeartbeatRequestData body) {
        boolean joins = body.memberEpoch() == 0;
        ShareGroup group = joins ? groupToJoin(body) : existing(body.groupId());
        ShareMember found = joins ? group.member(body.memberId()) : known(group, body.memberId());
        ShareMember before = found == null ? ShareMember.unknown(body.memberId()) : found;
        if (!joins) {
            requireValidEpoch(before, body.memberEpoch());
        }
        ShareMember said =
                before.saying(
                        body.rackId() == null ? before.rackId() : body.rackId(),
                        request.clientId(),
                        request.clientHost(),
                        body.subscribedTopicNames() == null
                                ? before.topicNames()
                                : new TreeSet<>(body.subscribedTopicNames()));
        if (found == null || !said.topicNames().equals(before.topicNames())) {
            rebalances.begin(group);
        }
        if (found == null || !said.saysAs(before)) {
            rebalances.changes().subscribe(group, said);
        }
        rebalances.update(group);
        ShareMember now = rebalances.reconcile(group, said);
        rebalances.prolongSession(group, now);
        boolean tells =
                joins
                        || !now.assigned().equals(before.assigned())
                        || body.memberEpoch() != before.memberEpoch();
        return answer(group, now, tells);
    }

    private ShareGroup groupToJoin(ShareGroupHeartbeatRequestData body) {
        ShareGroup group = space.shareGroup(body.groupId());
        if (group == null) {
            if (space.isOfOtherKind(body.groupId())) {
                throw new GroupIdNotFoundException(
                        "Group " + body.groupId() + " is not a share group.");
            }
            if (!space.hasRoomForGroup()) {
                throw new CoordinatorNotAvailableException("The shard has no room for a group");
            }
            return space.addShareGroup(body.groupId());
        }
        int most = space.properties().share().maxGroupSize();
        if (group.member(body.memberId()) == null && group.memberCount() >= most) {
            throw new GroupMaxSizeReachedException(
                    "The share group has reached its maximum capacity of " + most + " members.");
        }
        return group;
    }

    /** A member that comes with the epoch just before missed an answer. */
    private static void requireValidEpoch(ShareMember member, int epoch) {
        if (epoch > member.memberEpoch()) {
            throw new FencedMemberEpochException(
                    "The share group member has a greater member epoch ("
                            + epoch
                            + ") than the one known by the group coordinator ("
                            + member.memberEpoch()
                            + "). The member must abandon all its partitions and rejoin.");
        }
        if (epoch < member.memberEpoch() && epoch != member.previousMemberEpoch()) {
            throw new FencedMemberEpochException(
                    "The share group member has an invalid member epoch ("
                            + epoch
                            + "). The current member epoch is "
                            + member.memberEpoch()
                            + ". The member must abandon all its partitions and rejoin.");
        }
    }

    private ShareGroupHeartbeatResponseData answer(
            ShareGroup group, ShareMember member, boolean tells) {
        ShareGroupHeartbeatResponseData response =
                new ShareGroupHeartbeatResponseData()
                        .setMemberId(member.memberId())
                        .setMemberEpoch(member.memberEpoch())
                        .setHeartbeatIntervalMs(
                                space.properties()
                                        .share()
                                        .heartbeatIntervalMs(
                                                space.image(),
                                                group.groupId(),
                                                group.memberCount()));
        if (tells) {
            Assignment assignment = new Assignment();
            member.assigned()
                    .forEach(
                            (topicId, partitions) ->
                                    assignment
                                            .topicPartitions()
                                            .add(
                                                    new TopicPartitions()
                                                            .setTopicId(topicId)
                                                            .setPartitions(
                                                                    List.copyOf(partitions))));
            response.setAssignment(assignment);
        }
        return response;
    }
}
