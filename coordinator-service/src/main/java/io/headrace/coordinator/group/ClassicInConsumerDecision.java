package io.headrace.coordinator.group;

import io.headrace.coordinator.group.classic.ConsumerSubscriptions;
import io.headrace.coordinator.group.classic.EmbeddedProtocol;
import io.headrace.coordinator.group.classic.Waiter;
import io.headrace.coordinator.group.consumer.ClassicFacts;
import io.headrace.coordinator.group.consumer.ConsumerGroup;
import io.headrace.coordinator.group.consumer.ConsumerMember;
import io.headrace.coordinator.group.consumer.MemberState;
import io.headrace.coordinator.group.consumer.Subscription;
import io.headrace.coordinator.group.space.GroupSpace;
import io.headrace.coordinator.group.space.TimerKey;
import io.headrace.coordinator.shard.ShardRequest;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.HeartbeatRequestData;
import org.apache.kafka.common.message.HeartbeatResponseData;
import org.apache.kafka.common.message.JoinGroupRequestData;
import org.apache.kafka.common.message.JoinGroupResponseData;
import org.apache.kafka.common.message.LeaveGroupRequestData.MemberIdentity;
import org.apache.kafka.common.message.SyncGroupRequestData;
import org.apache.kafka.common.message.SyncGroupResponseData;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Decides what consumers of the classic protocol ask of a group of the consumer protocol: each of
 * their joins is a step of their reconciliation, and no one of them leads. Confined to the shard's
 * core.
 */
final class ClassicInConsumerDecision {
    private final GroupSpace space;
    private final ConsumerRebalances rebalances;
    private final Migration migration;

    ClassicInConsumerDecision(
            GroupSpace space, ConsumerRebalances rebalances, Migration migration) {
        this.space = space;
        this.rebalances = rebalances;
        this.migration = migration;
    }

    // JoinGroup.

    /**
     * Decides a JoinGroup that was found valid in itself.
     *
     * @return the id that the member is to join the classic group with that its join made of this
     *     one; null when the request was answered
     */
    @Nullable String join(ShardRequest request, ConsumerGroup group, JoinGroupRequestData body) {
        Waiter waiter = new Waiter(request.id(), request.version());
        boolean isNew = body.memberId().isEmpty();
        String instanceId = body.groupInstanceId();
        String memberId = isNew ? space.newMemberUuid() : body.memberId();
        List<ClassicFacts.Protocol> protocols = protocolsOf(body);
        EmbeddedProtocol.Subscribed subscribed =
                protocols.isEmpty()
                        ? null
                        : EmbeddedProtocol.subscription(
                                protocols.getFirst().metadata(), space.image());
        Errors error = check(group, memberId, isNew, body, protocols);
        if (error == Errors.NONE && subscribed == null) {
            error = Errors.INCONSISTENT_GROUP_PROTOCOL;
        }
        if (error == Errors.NONE
                && isNew
                && instanceId == null
                && JoinGroupDecision.requiresKnownMemberId(request.version())) {
            error = Errors.MEMBER_ID_REQUIRED;
        }
        if (error != Errors.NONE || subscribed == null) {
            refuse(waiter, error == Errors.MEMBER_ID_REQUIRED ? memberId : body.memberId(), error);
            return null;
        }
        ConsumerMember before = member(group, memberId, isNew, instanceId);
        ConsumerMember member =
                before.with(subscription(before, request, body, subscribed, protocols));
        if (group.groupEpoch() == 0 || !member.subscription().subscribesAs(before.subscription())) {
            rebalances.begin(group);
        }
        if (!member.equals(before)) {
            rebalances.changes().subscribe(group, member);
        }
        space.timers().cancel(TimerKey.memberJoin(group.groupId(), memberId));
        space.timers().cancel(TimerKey.revocation(group.groupId(), memberId));
        if (instanceId != null && migration.downgradeIfDue(group, group.groupEpoch()) != null) {
            return memberId;
        }
        rebalances.update(group);
        answer(waiter, group, rebalances.reconcile(group, member, subscribed.owned()));
        return null;
    }

    private Errors check(
            ConsumerGroup group,
            String memberId,
            boolean isNew,
            JoinGroupRequestData body,
            List<ClassicFacts.Protocol> protocols) {
        String instanceId = body.groupInstanceId();
        ConsumerMember former = instanceId == null ? null : group.staticMember(instanceId);
        if (group.memberCount() >= space.properties().maxGroupSize()
                && group.member(memberId) == null
                && former == null) {
            return Errors.GROUP_MAX_SIZE_REACHED;
        }
        if (!ConsumerSubscriptions.PROTOCOL_TYPE.equals(body.protocolType())
                || protocols.stream()
                        .noneMatch(protocol -> group.allClassicMembersSupport(protocol.name()))) {
            return Errors.INCONSISTENT_GROUP_PROTOCOL;
        }
        if (instanceId != null && !isNew) {
            if (former == null) {
                return Errors.UNKNOWN_MEMBER_ID;
            }
            if (!former.memberId().equals(memberId)) {
                return Errors.FENCED_INSTANCE_ID;
            }
        }
        return Errors.NONE;
    }

    private ConsumerMember member(
            ConsumerGroup group, String memberId, boolean isNew, @Nullable String instanceId) {
        ConsumerMember former = instanceId == null ? null : group.staticMember(instanceId);
        if (former != null && isNew) {
            return rebalances.replace(group, former, memberId);
        }
        ConsumerMember known = group.member(memberId);
        return known == null ? ConsumerMember.unknown(memberId) : known;
    }

    private static List<ClassicFacts.Protocol> protocolsOf(JoinGroupRequestData body) {
        List<ClassicFacts.Protocol> protocols = new ArrayList<>();
        body.protocols()
                .forEach(
                        offered ->
                                protocols.add(
                                        new ClassicFacts.Protocol(
                                                offered.name(), offered.metadata())));
        return protocols;
    }

    private static Subscription subscription(
            ConsumerMember before,
            ShardRequest request,
            JoinGroupRequestData body,
            EmbeddedProtocol.Subscribed subscribed,
            List<ClassicFacts.Protocol> protocols) {
        return new Subscription(
                body.groupInstanceId() == null ? before.instanceId() : body.groupInstanceId(),
                subscribed.rackId(),
                request.clientId(),
                request.clientHost(),
                subscribed.topics(),
                null,
                body.rebalanceTimeoutMs() < 0 ? body.sessionTimeoutMs() : body.rebalanceTimeoutMs(),
                null,
                new ClassicFacts(body.sessionTimeoutMs(), protocols));
    }

    private void answer(Waiter waiter, ConsumerGroup group, ConsumerMember member) {
        ClassicFacts facts = member.subscription().classic();
        rebalances.prolongSession(group, member);
        space.timers()
                .schedule(
                        TimerKey.memberSync(group.groupId(), member.memberId()),
                        space.nowMs() + member.subscription().rebalanceTimeoutMs());
        JoinGroupResponseData response =
                new JoinGroupResponseData()
                        .setMemberId(member.memberId())
                        .setGenerationId(member.memberEpoch())
                        .setProtocolType(ConsumerSubscriptions.PROTOCOL_TYPE)
                        .setProtocolName(facts == null ? "" : protocolOf(group, facts).name())
                        .setLeader("");
        space.reply(waiter, Versions.of(response, waiter.version()));
    }

    /** The member's own choice of those that all classic members support. */
    private static ClassicFacts.Protocol protocolOf(ConsumerGroup group, ClassicFacts facts) {
        for (ClassicFacts.Protocol protocol : facts.protocols()) {
            if (group.allClassicMembersSupport(protocol.name())) {
                return protocol;
            }
        }
        return facts.protocols().getFirst();
    }

    private void refuse(Waiter waiter, String memberId, Errors error) {
        space.reply(
                waiter,
                Versions.of(
                        new JoinGroupResponseData()
                                .setMemberId(memberId)
                                .setErrorCode(error.code()),
                        waiter.version()));
    }

    // SyncGroup and Heartbeat.

    void sync(ShardRequest request, ConsumerGroup group, SyncGroupRequestData body) {
        Waiter waiter = new Waiter(request.id(), request.version());
        ConsumerMember member = group.member(body.memberId());
        Errors error =
                check(group, member, body.memberId(), body.groupInstanceId(), body.generationId());
        ClassicFacts facts = member == null ? null : member.subscription().classic();
        if (error != Errors.NONE || member == null || facts == null) {
            space.reply(waiter, new SyncGroupResponseData().setErrorCode(error.code()));
            return;
        }
        ClassicFacts.Protocol protocol = protocolOf(group, facts);
        boolean isOther =
                (body.protocolType() != null
                                && !ConsumerSubscriptions.PROTOCOL_TYPE.equals(body.protocolType()))
                        || (body.protocolName() != null
                                && !protocol.name().equals(body.protocolName()));
        if (isOther) {
            error = Errors.INCONSISTENT_GROUP_PROTOCOL;
        } else if (group.groupEpoch() > member.memberEpoch()
                && member.current().state() != MemberState.UNREVOKED_PARTITIONS) {
            expectJoin(group, member);
            error = Errors.REBALANCE_IN_PROGRESS;
        }
        if (error != Errors.NONE) {
            space.reply(waiter, new SyncGroupResponseData().setErrorCode(error.code()));
            return;
        }
        space.timers().cancel(TimerKey.memberSync(group.groupId(), member.memberId()));
        rebalances.prolongSession(group, member);
        space.reply(
                waiter,
                new SyncGroupResponseData()
                        .setProtocolType(body.protocolType())
                        .setProtocolName(body.protocolName())
                        .setAssignment(
                                EmbeddedProtocol.assignmentOf(
                                        member.current().assigned().epochs(),
                                        protocol.metadata(),
                                        space.image())));
    }

    void heartbeat(ShardRequest request, ConsumerGroup group, HeartbeatRequestData body) {
        ConsumerMember member = group.member(body.memberId());
        Errors error =
                check(group, member, body.memberId(), body.groupInstanceId(), body.generationId());
        if (error == Errors.NONE && member != null) {
            rebalances.prolongSession(group, member);
            rebalances.update(group);
            if (mustJoinAgain(group, member)) {
                expectJoin(group, member);
                error = Errors.REBALANCE_IN_PROGRESS;
            }
        }
        space.reply(
                new Waiter(request.id(), request.version()),
                new HeartbeatResponseData().setErrorCode(error.code()));
    }

    private static Errors check(
            ConsumerGroup group,
            @Nullable ConsumerMember member,
            String memberId,
            @Nullable String instanceId,
            int generation) {
        if (instanceId != null) {
            ConsumerMember known = group.staticMember(instanceId);
            if (known == null) {
                return Errors.UNKNOWN_MEMBER_ID;
            }
            if (!known.memberId().equals(memberId)) {
                return Errors.FENCED_INSTANCE_ID;
            }
        }
        if (member == null || !member.isClassic()) {
            return Errors.UNKNOWN_MEMBER_ID;
        }
        return generation == member.memberEpoch() ? Errors.NONE : Errors.ILLEGAL_GENERATION;
    }

    /** There is a new epoch, something to give up, or something that came free. */
    private static boolean mustJoinAgain(ConsumerGroup group, ConsumerMember member) {
        return member.memberEpoch() < group.groupEpoch()
                || member.current().state() == MemberState.UNREVOKED_PARTITIONS
                || (member.current().state() == MemberState.UNRELEASED_PARTITIONS
                        && !waitsForOthers(group, member));
    }

    private static boolean waitsForOthers(ConsumerGroup group, ConsumerMember member) {
        for (Map.Entry<Uuid, Set<Integer>> topic : group.target(member.memberId()).entrySet()) {
            for (int partition : topic.getValue()) {
                if (!member.current().assigned().contains(topic.getKey(), partition)
                        && group.isOwned(topic.getKey(), partition)) {
                    return true;
                }
            }
        }
        return false;
    }

    private void expectJoin(ConsumerGroup group, ConsumerMember member) {
        TimerKey key = TimerKey.memberJoin(group.groupId(), member.memberId());
        if (!space.timers().isScheduled(key)) {
            space.timers()
                    .schedule(key, space.nowMs() + member.subscription().rebalanceTimeoutMs());
        }
    }

    // LeaveGroup.

    /** An administrator may remove any static member; members leave by the protocol they speak. */
    Errors leave(String groupId, MemberIdentity identity) {
        ConsumerGroup group = space.consumerGroup(groupId);
        if (group == null) {
            return Errors.UNKNOWN_MEMBER_ID; // those who left before made it classic
        }
        String instanceId = identity.groupInstanceId();
        if (identity.memberId().isEmpty()) {
            ConsumerMember member = instanceId == null ? null : group.staticMember(instanceId);
            if (member == null) {
                return Errors.UNKNOWN_MEMBER_ID;
            }
            migration.remove(group, member);
            return Errors.NONE;
        }
        ConsumerMember member = group.member(identity.memberId());
        if (member == null || !member.isClassic()) {
            return Errors.UNKNOWN_MEMBER_ID;
        }
        if (instanceId != null && !instanceId.equals(member.instanceId())) {
            return group.staticMember(instanceId) == null
                    ? Errors.UNKNOWN_MEMBER_ID
                    : Errors.FENCED_INSTANCE_ID;
        }
        migration.remove(group, member);
        return Errors.NONE;
    }
}
