package io.headrace.coordinator.group;

import io.headrace.coordinator.group.assignor.Assignor;
import io.headrace.coordinator.group.classic.Waiter;
import io.headrace.coordinator.group.consumer.ConsumerGroup;
import io.headrace.coordinator.group.consumer.ConsumerMember;
import io.headrace.coordinator.group.consumer.CurrentAssignment;
import io.headrace.coordinator.group.consumer.OwnedPartitions;
import io.headrace.coordinator.group.consumer.Subscription;
import io.headrace.coordinator.group.consumer.TopicRegex;
import io.headrace.coordinator.group.space.GroupSpace;
import io.headrace.coordinator.group.space.TimerKey;
import io.headrace.coordinator.shard.ShardRequest;
import io.headrace.protocol.metadata.TopicImage;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.FencedInstanceIdException;
import org.apache.kafka.common.errors.FencedMemberEpochException;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.errors.GroupMaxSizeReachedException;
import org.apache.kafka.common.errors.InvalidRegularExpression;
import org.apache.kafka.common.errors.InvalidRequestException;
import org.apache.kafka.common.errors.UnknownMemberIdException;
import org.apache.kafka.common.errors.UnreleasedInstanceIdException;
import org.apache.kafka.common.errors.UnsupportedAssignorException;
import org.apache.kafka.common.message.ConsumerGroupHeartbeatRequestData;
import org.apache.kafka.common.message.ConsumerGroupHeartbeatResponseData;
import org.apache.kafka.common.message.ConsumerGroupHeartbeatResponseData.Assignment;
import org.apache.kafka.common.message.ConsumerGroupHeartbeatResponseData.TopicPartitions;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Decides ConsumerGroupHeartbeat (KIP-848): a member joins, says what changed, is brought nearer to
 * its target, or leaves. All that can be refused is refused before anything changes. Confined to
 * the shard's core.
 */
final class ConsumerHeartbeatDecision {
    /** From this version on members bring their own id (KIP-1082). */
    private static final short OWN_MEMBER_ID = 1;

    private final GroupSpace space;
    private final ConsumerRebalances rebalances;
    private final Migration migration;

    ConsumerHeartbeatDecision(
            GroupSpace space, ConsumerRebalances rebalances, Migration migration) {
        this.space = space;
        this.rebalances = rebalances;
        this.migration = migration;
    }

    void decide(ShardRequest request, ConsumerGroupHeartbeatRequestData body) {
        ConsumerGroupHeartbeatResponseData response;
        try {
            validate(body, request.version());
            response = body.memberEpoch() < 0 ? leave(body) : beat(request, body, memberIdOf(body));
        } catch (ApiException e) {
            response =
                    new ConsumerGroupHeartbeatResponseData()
                            .setErrorCode(Errors.forException(e).code())
                            .setErrorMessage(e.getMessage());
        }
        space.reply(new Waiter(request.id(), request.version()), response);
    }

    private String memberIdOf(ConsumerGroupHeartbeatRequestData body) {
        return body.memberId().isEmpty() ? space.newMemberUuid() : body.memberId();
    }

    private void validate(ConsumerGroupHeartbeatRequestData body, short version) {
        boolean needsMemberId =
                version >= OWN_MEMBER_ID
                        || body.memberEpoch() > 0
                        || body.memberEpoch() == CurrentAssignment.LEFT;
        if (needsMemberId) {
            requireText(body.memberId(), "MemberId");
        }
        requireText(body.groupId(), "GroupId");
        requireText(body.instanceId(), "InstanceId");
        requireText(body.rackId(), "RackId");
        if (body.memberEpoch() == 0) {
            validateJoin(body);
        } else if (body.memberEpoch() == CurrentAssignment.LEFT_STATIC) {
            if (body.instanceId() == null) {
                throw new InvalidRequestException("InstanceId can't be null.");
            }
        } else if (body.memberEpoch() < CurrentAssignment.LEFT_STATIC) {
            throw new InvalidRequestException("MemberEpoch " + body.memberEpoch() + " is invalid.");
        }
        validateContent(body);
    }

    private static void validateJoin(ConsumerGroupHeartbeatRequestData body) {
        if (body.rebalanceTimeoutMs() == -1) {
            throw new InvalidRequestException(
                    "RebalanceTimeoutMs must be provided in first request.");
        }
        if (body.topicPartitions() == null || !body.topicPartitions().isEmpty()) {
            throw new InvalidRequestException("TopicPartitions must be empty when (re-)joining.");
        }
        if (body.subscribedTopicNames() == null && body.subscribedTopicRegex() == null) {
            throw new InvalidRequestException(
                    "Either SubscribedTopicNames or SubscribedTopicRegex must be non-null when"
                            + " (re-)joining.");
        }
    }

    private void validateContent(ConsumerGroupHeartbeatRequestData body) {
        String assignor = body.serverAssignor();
        if (assignor != null && !Assignor.isKnown(assignor)) {
            throw new UnsupportedAssignorException(
                    "ServerAssignor "
                            + assignor
                            + " is not supported. Supported assignors: "
                            + Assignor.ALL.stream()
                                    .map(Assignor::name)
                                    .collect(Collectors.joining(", "))
                            + ".");
        }
        String regex = body.subscribedTopicRegex();
        String problem = regex == null || regex.isEmpty() ? null : TopicRegex.problem(regex);
        if (problem != null) {
            throw new InvalidRegularExpression(problem);
        }
        long partitions = 0;
        if (body.topicPartitions() != null) {
            for (var topic : body.topicPartitions()) {
                partitions += topic.partitions().size();
            }
        }
        int topics = body.subscribedTopicNames() == null ? 0 : body.subscribedTopicNames().size();
        int most = space.properties().maxPartitionsPerRequest();
        if (partitions > most || topics > most) {
            throw new InvalidRequestException(
                    "A heartbeat names at most " + most + " topics and partitions");
        }
        requireAssignable(body, most);
    }

    /** A member may be the only one: all that it subscribes to must fit into its assignment. */
    private void requireAssignable(ConsumerGroupHeartbeatRequestData body, int most) {
        Set<String> topics = new HashSet<>();
        if (body.subscribedTopicNames() != null) {
            topics.addAll(body.subscribedTopicNames());
        }
        String regex = body.subscribedTopicRegex();
        if (regex != null && !regex.isEmpty()) {
            topics.addAll(TopicRegex.of(regex).matching(space.image().topicIds().keySet()));
        }
        long partitions = 0;
        for (String name : topics) {
            TopicImage topic = space.image().topic(name);
            partitions += topic == null ? 0 : topic.partitionCount();
        }
        if (partitions > most) {
            throw new InvalidRequestException(
                    "The subscription has "
                            + partitions
                            + " partitions and a member can be assigned at most "
                            + most
                            + ": subscribe to fewer topics, in several groups");
        }
    }

    private static void requireText(@Nullable String value, String name) {
        if (value != null && value.trim().isEmpty()) {
            throw new InvalidRequestException(name + " can't be empty.");
        }
    }

    // Leaving.

    private ConsumerGroupHeartbeatResponseData leave(ConsumerGroupHeartbeatRequestData body) {
        ConsumerGroup group = existing(body.groupId());
        ConsumerMember member =
                body.instanceId() == null
                        ? known(group, body.memberId())
                        : knownStatic(group, body.memberId(), body.instanceId());
        if (body.memberEpoch() == CurrentAssignment.LEFT_STATIC) {
            space.timers().cancel(TimerKey.revocation(group.groupId(), member.memberId()));
            rebalances.changes().assign(group, member.with(member.current().away()));
        } else {
            migration.remove(group, member);
        }
        return new ConsumerGroupHeartbeatResponseData()
                .setMemberId(body.memberId())
                .setMemberEpoch(body.memberEpoch());
    }

    private ConsumerGroup existing(String groupId) {
        ConsumerGroup group = space.consumerGroup(groupId);
        if (group == null) {
            throw new GroupIdNotFoundException(
                    space.group(groupId) == null
                            ? "Consumer group " + groupId + " not found."
                            : "Group " + groupId + " is not a consumer group.");
        }
        return group;
    }

    private static ConsumerMember known(ConsumerGroup group, String memberId) {
        ConsumerMember member = group.member(memberId);
        if (member == null) {
            throw new UnknownMemberIdException(
                    "Member " + memberId + " is not a member of group " + group.groupId() + ".");
        }
        return member;
    }

    private static ConsumerMember knownStatic(
            ConsumerGroup group, String memberId, String instanceId) {
        ConsumerMember member = group.staticMember(instanceId);
        if (member == null) {
            throw new UnknownMemberIdException("Instance id " + instanceId + " is unknown.");
        }
        if (!member.memberId().equals(memberId)) {
            throw new FencedInstanceIdException(
                    "Static member "
                            + memberId
                            + " with instance id "
                            + instanceId
                            + " was fenced by member "
                            + member.memberId()
                            + ".");
        }
        return member;
    }

    // Joining and staying.

    private ConsumerGroupHeartbeatResponseData beat(
            ShardRequest request, ConsumerGroupHeartbeatRequestData body, String memberId) {
        boolean joins = body.memberEpoch() == 0;
        ConsumerGroup group =
                joins
                        ? migration.groupToJoin(
                                body.groupId(), existing -> validateJoin(existing, body, memberId))
                        : existing(body.groupId());
        if (!joins) {
            requireValidEpoch(memberOf(group, body), body);
        }
        ConsumerMember before = joins ? joined(group, body, memberId) : memberOf(group, body);
        Subscription said = merged(before.subscription(), request, body);
        ConsumerMember member = before.with(said);
        if (group.groupEpoch() == 0 || !said.subscribesAs(before.subscription())) {
            rebalances.begin(group);
        }
        if (!said.equals(before.subscription())) {
            rebalances.changes().subscribe(group, member);
        }
        rebalances.update(group);
        ConsumerMember reconciled = rebalances.reconcile(group, member, reported(body));
        rebalances.prolongSession(group, reconciled);
        return answer(group, before, reconciled, body);
    }

    private static ConsumerMember memberOf(
            ConsumerGroup group, ConsumerGroupHeartbeatRequestData body) {
        return body.instanceId() == null
                ? known(group, body.memberId())
                : knownStatic(group, body.memberId(), body.instanceId());
    }

    /** Refuses a join before the group is made, or made of the classic one. */
    private void validateJoin(
            @Nullable ConsumerGroup group,
            ConsumerGroupHeartbeatRequestData body,
            String memberId) {
        if (group == null) {
            return;
        }
        ConsumerMember known = group.member(memberId);
        ConsumerMember former =
                body.instanceId() == null ? null : group.staticMember(body.instanceId());
        if (group.memberCount() >= space.properties().maxGroupSize()
                && known == null
                && former == null) {
            throw new GroupMaxSizeReachedException(
                    "The consumer group has reached its maximum capacity of "
                            + space.properties().maxGroupSize()
                            + " members.");
        }
        boolean isHeld =
                former != null
                        && !former.isClassic()
                        && !former.memberId().equals(memberId)
                        && former.memberEpoch() != CurrentAssignment.LEFT_STATIC;
        if (isHeld && former != null) {
            throw new UnreleasedInstanceIdException(
                    "Static member "
                            + memberId
                            + " with instance id "
                            + body.instanceId()
                            + " cannot join the group because the instance id is owned by "
                            + former.memberId()
                            + " member.");
        }
        if (known != null && former == null && !known.isClassic()) {
            requireValidEpoch(known, body);
        }
    }

    private ConsumerMember joined(
            ConsumerGroup group, ConsumerGroupHeartbeatRequestData body, String memberId) {
        ConsumerMember former =
                body.instanceId() == null ? null : group.staticMember(body.instanceId());
        if (former != null) {
            return rebalances.replace(group, former, memberId);
        }
        ConsumerMember known = group.member(memberId);
        return known == null ? ConsumerMember.unknown(memberId) : known;
    }

    /**
     * A member that comes with an older epoch missed an answer, if it is the epoch just before and
     * it owns no more than it may; else it is fenced and must begin anew.
     */
    private static void requireValidEpoch(
            ConsumerMember member, ConsumerGroupHeartbeatRequestData body) {
        int epoch = body.memberEpoch();
        if (epoch > member.memberEpoch()) {
            throw new FencedMemberEpochException(
                    "The consumer group member has a greater member epoch ("
                            + epoch
                            + ") than the one known by the group coordinator ("
                            + member.memberEpoch()
                            + "). The member must abandon all its partitions and rejoin.");
        }
        boolean missedAnswer =
                epoch == member.current().previousMemberEpoch()
                        && ownsAtMost(body, member.current().assigned());
        if (epoch < member.memberEpoch() && !missedAnswer) {
            throw new FencedMemberEpochException(
                    "The consumer group member has a smaller member epoch ("
                            + epoch
                            + ") than the one known by the group coordinator ("
                            + member.memberEpoch()
                            + "). The member must abandon all its partitions and rejoin.");
        }
    }

    private static boolean ownsAtMost(
            ConsumerGroupHeartbeatRequestData body, OwnedPartitions assigned) {
        if (body.topicPartitions() == null) {
            return false;
        }
        for (var topic : body.topicPartitions()) {
            if (!assigned.containsAll(topic.topicId(), topic.partitions())) {
                return false;
            }
        }
        return true;
    }

    /** What is not said again did not change. */
    private static Subscription merged(
            Subscription before, ShardRequest request, ConsumerGroupHeartbeatRequestData body) {
        return new Subscription(
                body.instanceId() == null ? before.instanceId() : body.instanceId(),
                body.rackId() == null ? before.rackId() : body.rackId(),
                request.clientId(),
                request.clientHost(),
                body.subscribedTopicNames() == null
                        ? before.topicNames()
                        : Set.copyOf(body.subscribedTopicNames()),
                body.subscribedTopicRegex() == null
                        ? before.topicRegex()
                        : body.subscribedTopicRegex(),
                body.rebalanceTimeoutMs() == -1
                        ? before.rebalanceTimeoutMs()
                        : body.rebalanceTimeoutMs(),
                body.serverAssignor() == null ? before.assignor() : body.serverAssignor(),
                null);
    }

    private static @Nullable Map<Uuid, List<Integer>> reported(
            ConsumerGroupHeartbeatRequestData body) {
        if (body.topicPartitions() == null) {
            return null;
        }
        Map<Uuid, List<Integer>> reported = new HashMap<>();
        for (var topic : body.topicPartitions()) {
            reported.computeIfAbsent(topic.topicId(), id -> new ArrayList<>())
                    .addAll(topic.partitions());
        }
        return reported;
    }

    private ConsumerGroupHeartbeatResponseData answer(
            ConsumerGroup group,
            ConsumerMember before,
            ConsumerMember now,
            ConsumerGroupHeartbeatRequestData body) {
        ConsumerGroupHeartbeatResponseData response =
                new ConsumerGroupHeartbeatResponseData()
                        .setMemberId(now.memberId())
                        .setMemberEpoch(now.memberEpoch())
                        .setHeartbeatIntervalMs(
                                space.properties()
                                        .consumer()
                                        .heartbeatIntervalMs(
                                                space.image(),
                                                group.groupId(),
                                                space.consumerMembers()));
        boolean isFullRequest =
                body.rebalanceTimeoutMs() != -1
                        && (body.subscribedTopicNames() != null
                                || body.subscribedTopicRegex() != null)
                        && body.topicPartitions() != null;
        boolean tells =
                isFullRequest
                        || !now.current().assigned().hasSamePartitions(before.current().assigned());
        if (tells) {
            Assignment assignment = new Assignment();
            now.current()
                    .assigned()
                    .epochs()
                    .forEach(
                            (topicId, partitions) ->
                                    assignment
                                            .topicPartitions()
                                            .add(
                                                    new TopicPartitions()
                                                            .setTopicId(topicId)
                                                            .setPartitions(
                                                                    List.copyOf(
                                                                            partitions.keySet()))));
            response.setAssignment(assignment);
        }
        return response;
    }
}
