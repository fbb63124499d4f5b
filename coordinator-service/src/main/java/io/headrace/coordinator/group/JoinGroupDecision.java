package io.headrace.coordinator.group;

import io.headrace.coordinator.group.classic.ClassicGroup;
import io.headrace.coordinator.group.classic.ClassicGroupState;
import io.headrace.coordinator.group.classic.ClassicMember;
import io.headrace.coordinator.group.classic.MemberProtocol;
import io.headrace.coordinator.group.classic.Waiter;
import io.headrace.coordinator.group.consumer.ConsumerGroup;
import io.headrace.coordinator.group.space.GroupSpace;
import io.headrace.coordinator.group.space.TimerKey;
import io.headrace.coordinator.shard.ShardRequest;

import org.apache.kafka.common.message.JoinGroupRequestData;
import org.apache.kafka.common.message.JoinGroupRequestData.JoinGroupRequestProtocol;
import org.apache.kafka.common.message.JoinGroupResponseData;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/**
 * Decides JoinGroup: who becomes a member, and whether that begins a rebalance (KIP-394: a dynamic
 * member joins with an id it was given before; KIP-345: a static one takes the place of its former
 * self; KIP-814: its leader need not assign again). Confined to the shard's core.
 */
final class JoinGroupDecision {
    private static final short KNOWN_MEMBER_ID = 4;
    private static final short SKIP_ASSIGNMENT = 9;

    private final GroupSpace space;
    private final Rebalances rebalances;
    private final ClassicInConsumerDecision inConsumerGroups;
    private final Migration migration;

    JoinGroupDecision(
            GroupSpace space,
            Rebalances rebalances,
            ClassicInConsumerDecision inConsumerGroups,
            Migration migration) {
        this.space = space;
        this.rebalances = rebalances;
        this.inConsumerGroups = inConsumerGroups;
        this.migration = migration;
    }

    /** A JoinGroup with its defaults resolved. */
    private record Joining(
            Waiter waiter,
            String memberId,
            @Nullable String instanceId,
            String protocolType,
            List<MemberProtocol> protocols,
            int rebalanceTimeoutMs,
            int sessionTimeoutMs,
            String clientId,
            String clientHost) {
        Joining as(String otherMemberId) {
            return new Joining(
                    waiter,
                    otherMemberId,
                    instanceId,
                    protocolType,
                    protocols,
                    rebalanceTimeoutMs,
                    sessionTimeoutMs,
                    clientId,
                    clientHost);
        }
    }

    /** Whether a dynamic member of that version must join with an id that it was given. */
    static boolean requiresKnownMemberId(short version) {
        return version >= KNOWN_MEMBER_ID;
    }

    void decide(ShardRequest request, JoinGroupRequestData body) {
        Joining joining = joiningOf(request, body);
        Errors invalid = validate(body);
        if (invalid != Errors.NONE) {
            refuse(joining, joining.memberId(), invalid);
            return;
        }
        if (space.shareGroup(body.groupId()) != null) {
            refuse(joining, joining.memberId(), Errors.INCONSISTENT_GROUP_PROTOCOL);
            return;
        }
        ConsumerGroup consumerGroup = space.consumerGroup(body.groupId());
        if (consumerGroup != null && consumerGroup.memberCount() > 0) {
            String memberId = inConsumerGroups.join(request, consumerGroup, body);
            ClassicGroup downgraded = space.group(body.groupId());
            if (memberId != null && downgraded != null) {
                join(downgraded, joining.as(memberId));
            }
            return;
        }
        ClassicGroup group = space.group(body.groupId());
        if (group == null) {
            if (!joining.memberId().isEmpty()) {
                refuse(joining, joining.memberId(), Errors.UNKNOWN_MEMBER_ID);
                return;
            }
            if (!space.hasRoomForGroup()) {
                refuse(joining, "", Errors.COORDINATOR_NOT_AVAILABLE);
                return;
            }
            migration.retireIfEmpty(body.groupId());
            group = space.addGroup(new ClassicGroup(body.groupId(), space.nowMs()));
        }
        join(group, joining);
        space.forgetIfNothing(group);
    }

    private void join(ClassicGroup group, Joining joining) {
        if (!hasRoom(group, joining.memberId())) {
            if (group.hasMember(joining.memberId())) {
                rebalances.dismiss(group, group.member(joining.memberId()));
                rebalances.continueWithout(group);
            }
            refuse(joining, "", Errors.GROUP_MAX_SIZE_REACHED);
        } else if (!group.supports(joining.protocolType(), joining.protocols())) {
            refuse(joining, joining.memberId(), Errors.INCONSISTENT_GROUP_PROTOCOL);
        } else if (joining.memberId().isEmpty()) {
            joinAsNew(group, joining);
        } else if (group.pendingMembers().contains(joining.memberId())) {
            joinAsPending(group, joining);
        } else {
            rejoin(group, joining);
        }
    }

    private Errors validate(JoinGroupRequestData body) {
        if (body.groupId().isEmpty()) {
            return Errors.INVALID_GROUP_ID;
        }
        if (body.sessionTimeoutMs() < space.properties().minSessionTimeoutMs()
                || body.sessionTimeoutMs() > space.properties().maxSessionTimeoutMs()) {
            return Errors.INVALID_SESSION_TIMEOUT;
        }
        long sizeInBytes = 0;
        for (JoinGroupRequestProtocol protocol : body.protocols()) {
            sizeInBytes += protocol.name().length() + protocol.metadata().length;
        }
        return sizeInBytes > space.properties().maxMemberBytes()
                ? Errors.INVALID_REQUEST
                : Errors.NONE;
    }

    private Joining joiningOf(ShardRequest request, JoinGroupRequestData body) {
        Set<String> names = new HashSet<>();
        List<MemberProtocol> protocols = new ArrayList<>(body.protocols().size());
        for (JoinGroupRequestProtocol protocol : body.protocols()) {
            if (names.add(protocol.name())) {
                protocols.add(new MemberProtocol(protocol.name(), protocol.metadata()));
            }
        }
        int rebalanceTimeoutMs =
                body.rebalanceTimeoutMs() < 0 ? body.sessionTimeoutMs() : body.rebalanceTimeoutMs();
        return new Joining(
                new Waiter(request.id(), request.version()),
                body.memberId(),
                body.groupInstanceId(),
                body.protocolType(),
                List.copyOf(protocols),
                rebalanceTimeoutMs,
                body.sessionTimeoutMs(),
                request.clientId(),
                request.clientHost());
    }

    /**
     * Whether the member may be in. While members rejoin, those who wait count: so the last to come
     * are turned away when the bound was lowered.
     */
    private boolean hasRoom(ClassicGroup group, String memberId) {
        int max = space.properties().maxGroupSize();
        return switch (group.state()) {
            case EMPTY -> group.pendingMembers().contains(memberId) || pendingRoom(group, max);
            case DEAD -> true;
            case PREPARING_REBALANCE ->
                    (group.hasMember(memberId) && group.member(memberId).awaitingJoin() != null)
                            || group.awaitingJoinCount() < max;
            case COMPLETING_REBALANCE, STABLE ->
                    group.hasMember(memberId) || group.memberCount() < max;
        };
    }

    private static boolean pendingRoom(ClassicGroup group, int max) {
        return group.pendingMembers().size() < max;
    }

    private void joinAsNew(ClassicGroup group, Joining joining) {
        String instanceId = joining.instanceId();
        if (instanceId == null) {
            joinAsNewDynamic(group, joining);
            return;
        }
        String newMemberId = space.newMemberId(instanceId);
        String formerId = group.staticMemberId(instanceId);
        if (formerId == null) {
            addMember(group, joining, newMemberId);
        } else {
            replaceStatic(group, joining, group.member(formerId), newMemberId);
        }
    }

    private void joinAsNewDynamic(ClassicGroup group, Joining joining) {
        String newMemberId = space.newMemberId(joining.clientId());
        if (!requiresKnownMemberId(joining.waiter().version())) {
            addMember(group, joining, newMemberId);
            return;
        }
        if (!pendingRoom(group, space.properties().maxGroupSize())) {
            refuse(joining, "", Errors.GROUP_MAX_SIZE_REACHED);
            return;
        }
        group.pendingMembers().add(newMemberId);
        space.timers()
                .schedule(
                        TimerKey.heartbeat(group.groupId(), newMemberId),
                        space.nowMs() + joining.sessionTimeoutMs());
        refuse(joining, newMemberId, Errors.MEMBER_ID_REQUIRED);
    }

    private void joinAsPending(ClassicGroup group, Joining joining) {
        if (joining.instanceId() != null) {
            // Ids of pending members are given to dynamic members only.
            refuse(joining, joining.memberId(), Errors.UNKNOWN_MEMBER_ID);
            return;
        }
        addMember(group, joining, joining.memberId());
    }

    private void rejoin(ClassicGroup group, Joining joining) {
        Errors error = group.checkMember(joining.memberId(), joining.instanceId());
        if (error != Errors.NONE) {
            refuse(joining, joining.memberId(), error);
            return;
        }
        ClassicMember member = group.member(joining.memberId());
        boolean isSame = member.protocols().equals(joining.protocols());
        switch (group.state()) {
            case PREPARING_REBALANCE -> updateMember(group, member, joining);
            case COMPLETING_REBALANCE -> {
                if (isSame) {
                    // It may have missed the answer to its former JoinGroup.
                    answer(joining, rebalances.joined(group, member.memberId(), true));
                } else {
                    updateMember(group, member, joining);
                }
            }
            case STABLE -> {
                if (group.isLeader(member.memberId()) || !isSame) {
                    // A leader rejoins when what it assigns has changed.
                    updateMember(group, member, joining);
                } else {
                    answer(joining, rebalances.joined(group, member.memberId(), false));
                }
            }
            case EMPTY, DEAD -> refuse(joining, joining.memberId(), Errors.UNKNOWN_MEMBER_ID);
        }
    }

    private void addMember(ClassicGroup group, Joining joining, String memberId) {
        if (group.memberCount() == 0) {
            group.adoptProtocolType(joining.protocolType());
        }
        ClassicMember member =
                new ClassicMember(
                        memberId,
                        joining.instanceId(),
                        joining.clientId(),
                        joining.clientHost(),
                        joining.rebalanceTimeoutMs(),
                        joining.sessionTimeoutMs(),
                        joining.protocols());
        member.markNew(true);
        rebalances.onMemberAdded(group);
        group.add(member, joining.waiter());
        space.park(joining.waiter(), group, member);
        // It cannot send heartbeats before it knows its id; nor is it waited for forever.
        rebalances.scheduleHeartbeat(group, member, space.properties().newMemberJoinTimeoutMs());
        rebalances.prepareOrComplete(group);
    }

    private void updateMember(ClassicGroup group, ClassicMember member, Joining joining) {
        supersede(group, member, Errors.REBALANCE_IN_PROGRESS);
        group.update(
                member,
                joining.protocols(),
                joining.rebalanceTimeoutMs(),
                joining.sessionTimeoutMs());
        group.awaitJoin(member, joining.waiter());
        space.park(joining.waiter(), group, member);
        rebalances.prepareOrComplete(group);
    }

    /** A static member is back under a new id: the old one is fenced. */
    private void replaceStatic(
            ClassicGroup group, Joining joining, ClassicMember former, String newMemberId) {
        String formerLeader = group.leaderId();
        supersede(group, former, Errors.FENCED_INSTANCE_ID);
        space.timers().cancel(TimerKey.heartbeat(group.groupId(), former.memberId()));
        boolean protocolsChange = !former.protocols().equals(joining.protocols());
        ClassicMember member = group.replace(former, newMemberId);
        group.update(
                member,
                joining.protocols(),
                joining.rebalanceTimeoutMs(),
                joining.sessionTimeoutMs());
        rebalances.scheduleHeartbeat(group, member, member.sessionTimeoutMs());

        boolean keepsGeneration =
                group.isIn(ClassicGroupState.STABLE)
                        && (!protocolsChange
                                || Objects.equals(group.selectProtocol(), group.protocolName()));
        if (keepsGeneration) {
            space.store(group);
            answer(joining, backInGeneration(group, joining, newMemberId, formerLeader));
            return;
        }
        group.awaitJoin(member, joining.waiter());
        space.park(joining.waiter(), group, member);
        rebalances.prepareOrComplete(group);
    }

    /**
     * What a static member is told when it is back in a stable group. A leader of version 9 learns
     * that it leads but need not assign; an older one must not learn that it leads, for it would
     * assign.
     */
    private JoinGroupResponseData backInGeneration(
            ClassicGroup group,
            Joining joining,
            String newMemberId,
            @Nullable String formerLeader) {
        boolean leads = group.isLeader(newMemberId);
        if (joining.waiter().version() >= SKIP_ASSIGNMENT) {
            return rebalances.joined(group, newMemberId, true).setSkipAssignment(leads);
        }
        return rebalances
                .joined(group, newMemberId, false)
                .setLeader(formerLeader == null ? "" : formerLeader);
    }

    /** Whatever waits in a member's name gives way to a newer request. */
    private void supersede(ClassicGroup group, ClassicMember member, Errors error) {
        rebalances.answerJoin(
                group,
                member,
                new JoinGroupResponseData()
                        .setMemberId(member.memberId())
                        .setErrorCode(error.code()));
        rebalances.answerSync(group, member, error);
    }

    private void refuse(Joining joining, String memberId, Errors error) {
        answer(
                joining,
                new JoinGroupResponseData().setMemberId(memberId).setErrorCode(error.code()));
    }

    private void answer(Joining joining, JoinGroupResponseData response) {
        space.reply(joining.waiter(), Versions.of(response, joining.waiter().version()));
    }
}
