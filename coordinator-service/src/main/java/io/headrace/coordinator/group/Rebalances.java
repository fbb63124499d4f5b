package io.headrace.coordinator.group;

import io.headrace.coordinator.group.classic.ClassicGroup;
import io.headrace.coordinator.group.classic.ClassicGroup.InitialDelay;
import io.headrace.coordinator.group.classic.ClassicGroupState;
import io.headrace.coordinator.group.classic.ClassicMember;
import io.headrace.coordinator.group.classic.Waiter;
import io.headrace.coordinator.group.space.GroupSpace;
import io.headrace.coordinator.group.space.TimerKey;

import org.apache.kafka.common.message.JoinGroupResponseData;
import org.apache.kafka.common.message.SyncGroupResponseData;
import org.apache.kafka.common.protocol.Errors;

import java.util.List;

/**
 * The course of a rebalance: it begins when membership changes, waits for the members to rejoin,
 * and ends in a new generation whose leader is asked for an assignment. Confined to the shard's
 * core.
 */
final class Rebalances {
    private final GroupSpace space;

    Rebalances(GroupSpace space) {
        this.space = space;
    }

    /** Begins a rebalance, or goes on with the one under way. */
    void prepareOrComplete(ClassicGroup group) {
        if (group.state().canBecome(ClassicGroupState.PREPARING_REBALANCE)) {
            prepare(group);
        } else {
            completeIfEveryoneJoined(group);
        }
    }

    /** Begins a rebalance. */
    void prepare(ClassicGroup group) {
        if (group.isIn(ClassicGroupState.COMPLETING_REBALANCE)) {
            for (ClassicMember member : group.members()) {
                member.assign(ClassicMember.NO_ASSIGNMENT);
            }
            answerSyncs(group, Errors.REBALANCE_IN_PROGRESS);
        }
        group.pendingSyncs().clear();
        space.timers().cancel(TimerKey.sync(group.groupId()));

        boolean isFirst = group.isIn(ClassicGroupState.EMPTY);
        group.become(ClassicGroupState.PREPARING_REBALANCE, space.nowMs());
        if (isFirst) {
            int delayMs = space.properties().initialRebalanceDelayMs();
            int remainingMs = Math.max(group.rebalanceTimeoutMs() - delayMs, 0);
            group.delayInitially(new InitialDelay(delayMs, remainingMs, false));
            if (delayMs == 0) {
                complete(group);
            } else {
                scheduleJoin(group, delayMs);
            }
        } else if (group.hasEveryoneJoined()) {
            complete(group);
        } else {
            scheduleJoin(group, group.rebalanceTimeoutMs());
        }
    }

    /** Ends the joining when all known members are back and no initial delay runs. */
    void completeIfEveryoneJoined(ClassicGroup group) {
        if (group.isIn(ClassicGroupState.PREPARING_REBALANCE)
                && group.initialDelay() == null
                && group.hasEveryoneJoined()) {
            complete(group);
        }
    }

    /** The time for joining is over, or the initial delay. */
    void onJoinDeadline(ClassicGroup group) {
        if (!group.isIn(ClassicGroupState.PREPARING_REBALANCE)) {
            return;
        }
        InitialDelay delay = group.initialDelay();
        if (delay == null || !delay.memberAdded() || delay.remainingMs() == 0) {
            complete(group);
            return;
        }
        int nextMs = Math.min(space.properties().initialRebalanceDelayMs(), delay.remainingMs());
        int remainingMs = Math.max(delay.remainingMs() - delay.lastDelayMs(), 0);
        group.delayInitially(new InitialDelay(nextMs, remainingMs, false));
        scheduleJoin(group, nextMs);
    }

    /** A member joined while the first rebalance waits: it may wait a little longer. */
    void onMemberAdded(ClassicGroup group) {
        InitialDelay delay = group.initialDelay();
        if (delay != null) {
            group.delayInitially(new InitialDelay(delay.lastDelayMs(), delay.remainingMs(), true));
        }
    }

    /** Some members never asked for their assignment: they are out. */
    void onSyncDeadline(ClassicGroup group) {
        boolean waits =
                group.isIn(ClassicGroupState.COMPLETING_REBALANCE)
                        || group.isIn(ClassicGroupState.STABLE);
        if (!waits || group.pendingSyncs().isEmpty()) {
            return;
        }
        for (String memberId : List.copyOf(group.pendingSyncs())) {
            space.timers().cancel(TimerKey.heartbeat(group.groupId(), memberId));
            group.remove(memberId);
        }
        prepare(group);
    }

    /** A member was not heard of in time. */
    void onHeartbeatDeadline(ClassicGroup group, String memberId) {
        if (group.pendingMembers().contains(memberId)) {
            group.remove(memberId);
            completeIfDueWithout(group);
            space.forgetIfNothing(group);
        } else if (group.hasMember(memberId) && !group.member(memberId).isExcusedFromHeartbeats()) {
            dismiss(group, group.member(memberId));
            continueWithout(group);
        }
    }

    /** Takes a member out; its waiting JoinGroup is told to start anew. */
    void dismiss(ClassicGroup group, ClassicMember member) {
        answerJoin(
                group,
                member,
                new JoinGroupResponseData()
                        .setMemberId("")
                        .setErrorCode(Errors.UNKNOWN_MEMBER_ID.code()));
        answerSync(group, member, Errors.UNKNOWN_MEMBER_ID);
        space.timers().cancel(TimerKey.heartbeat(group.groupId(), member.memberId()));
        group.remove(member.memberId());
    }

    /** What follows when members are gone. */
    void continueWithout(ClassicGroup group) {
        switch (group.state()) {
            case STABLE, COMPLETING_REBALANCE -> prepare(group);
            case PREPARING_REBALANCE -> completeIfDueWithout(group);
            case EMPTY, DEAD -> {}
        }
    }

    private void completeIfDueWithout(ClassicGroup group) {
        if (group.isIn(ClassicGroupState.PREPARING_REBALANCE) && group.hasEveryoneJoined()) {
            complete(group);
        }
    }

    private void scheduleJoin(ClassicGroup group, int delayMs) {
        space.timers().cancel(TimerKey.join(group.groupId()));
        space.timers().schedule(TimerKey.join(group.groupId()), space.nowMs() + delayMs);
    }

    /** Ends the joining: dynamic members that did not rejoin are out, a generation begins. */
    private void complete(ClassicGroup group) {
        space.timers().cancel(TimerKey.join(group.groupId()));
        group.delayInitially(null);
        for (ClassicMember member : List.copyOf(group.members())) {
            if (member.awaitingJoin() == null && !member.isStatic()) {
                space.timers().cancel(TimerKey.heartbeat(group.groupId(), member.memberId()));
                group.remove(member.memberId());
            }
        }
        if (group.memberCount() > 0 && !group.electJoinedLeader()) {
            // Only static members are left and none came: they have until their session ends.
            scheduleJoin(group, group.rebalanceTimeoutMs());
            return;
        }
        group.nextGeneration(space.nowMs());
        if (group.isIn(ClassicGroupState.EMPTY)) {
            space.store(group);
            return;
        }
        for (ClassicMember member : group.members()) {
            answerJoin(group, member, joined(group, member.memberId(), true));
            scheduleHeartbeat(group, member, member.sessionTimeoutMs());
            member.markNew(false);
            group.pendingSyncs().add(member.memberId());
        }
        space.timers()
                .schedule(
                        TimerKey.sync(group.groupId()), space.nowMs() + group.rebalanceTimeoutMs());
    }

    void scheduleHeartbeat(ClassicGroup group, ClassicMember member, int timeoutMs) {
        space.timers()
                .schedule(
                        TimerKey.heartbeat(group.groupId(), member.memberId()),
                        space.nowMs() + timeoutMs);
    }

    /**
     * The response that tells a member of the generation.
     *
     * @param withMembers whether the leader is told of the members
     */
    JoinGroupResponseData joined(ClassicGroup group, String memberId, boolean withMembers) {
        String leaderId = group.leaderId();
        return new JoinGroupResponseData()
                .setMembers(
                        withMembers && group.isLeader(memberId)
                                ? group.membersForLeader()
                                : List.of())
                .setMemberId(memberId)
                .setGenerationId(group.generation())
                .setProtocolName(group.protocolName())
                .setProtocolType(group.protocolType())
                .setLeader(leaderId == null ? "" : leaderId);
    }

    /** Answers a member's waiting JoinGroup, if there is one. */
    void answerJoin(ClassicGroup group, ClassicMember member, JoinGroupResponseData response) {
        Waiter waiter = member.awaitingJoin();
        if (waiter != null) {
            group.awaitJoin(member, null);
            space.reply(waiter, Versions.of(response, waiter.version()));
        }
    }

    /** Answers every waiting SyncGroup with the member's assignment, or an error. */
    void answerSyncs(ClassicGroup group, Errors error) {
        for (ClassicMember member : group.members()) {
            answerSync(group, member, error);
        }
    }

    /** Answers a member's waiting SyncGroup, if there is one. */
    void answerSync(ClassicGroup group, ClassicMember member, Errors error) {
        Waiter waiter = member.awaitingSync();
        if (waiter == null) {
            return;
        }
        member.awaitSync(null);
        space.reply(waiter, synced(group, member, error));
        if (error != Errors.FENCED_INSTANCE_ID && error != Errors.UNKNOWN_MEMBER_ID) {
            // While it waited its session did not run.
            scheduleHeartbeat(group, member, member.sessionTimeoutMs());
        }
    }

    /** The response that hands a member its assignment, or an error. */
    static SyncGroupResponseData synced(ClassicGroup group, ClassicMember member, Errors error) {
        SyncGroupResponseData response = new SyncGroupResponseData().setErrorCode(error.code());
        return error == Errors.NONE
                ? response.setProtocolName(group.protocolName())
                        .setProtocolType(group.protocolType())
                        .setAssignment(member.assignment())
                : response;
    }
}
