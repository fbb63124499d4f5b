package io.headrace.coordinator.group;

import io.headrace.coordinator.group.classic.ClassicGroup;
import io.headrace.coordinator.group.classic.ClassicGroupState;
import io.headrace.coordinator.group.classic.ClassicMember;
import io.headrace.coordinator.group.classic.GroupRecords;
import io.headrace.coordinator.group.classic.Waiter;
import io.headrace.coordinator.group.consumer.ConsumerGroup;
import io.headrace.coordinator.group.space.GroupSpace;
import io.headrace.coordinator.group.space.TimerKey;
import io.headrace.coordinator.shard.ShardRecord;
import io.headrace.coordinator.shard.ShardRequest;

import org.apache.kafka.common.message.SyncGroupRequestData;
import org.apache.kafka.common.message.SyncGroupRequestData.SyncGroupRequestAssignment;
import org.apache.kafka.common.message.SyncGroupResponseData;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.util.HashMap;
import java.util.Map;

/**
 * Decides SyncGroup: the leader's brings the assignment and makes the group stable, the others'
 * wait for it. Confined to the shard's core.
 */
final class SyncGroupDecision {
    private final GroupSpace space;
    private final Rebalances rebalances;
    private final ClassicInConsumerDecision inConsumerGroups;

    SyncGroupDecision(
            GroupSpace space, Rebalances rebalances, ClassicInConsumerDecision inConsumerGroups) {
        this.space = space;
        this.rebalances = rebalances;
        this.inConsumerGroups = inConsumerGroups;
    }

    void decide(ShardRequest request, SyncGroupRequestData body) {
        ConsumerGroup consumerGroup = space.consumerGroup(body.groupId());
        if (consumerGroup != null) {
            inConsumerGroups.sync(request, consumerGroup, body);
            return;
        }
        Waiter waiter = new Waiter(request.id(), request.version());
        ClassicGroup group = space.group(body.groupId());
        Errors error = validate(group, body);
        if (group == null || error != Errors.NONE) {
            refuse(waiter, error);
            return;
        }
        ClassicMember member = group.member(body.memberId());
        switch (group.state()) {
            case PREPARING_REBALANCE -> refuse(waiter, Errors.REBALANCE_IN_PROGRESS);
            case COMPLETING_REBALANCE -> awaitAssignment(group, member, waiter, body);
            case STABLE -> {
                onSynced(group, member);
                space.reply(waiter, Rebalances.synced(group, member, Errors.NONE));
            }
            case EMPTY, DEAD -> refuse(waiter, Errors.UNKNOWN_MEMBER_ID);
        }
    }

    private static Errors validate(@Nullable ClassicGroup group, SyncGroupRequestData body) {
        if (body.groupId().isEmpty()) {
            return Errors.INVALID_GROUP_ID;
        }
        if (group == null || group.isIn(ClassicGroupState.EMPTY)) {
            return Errors.UNKNOWN_MEMBER_ID;
        }
        Errors error = group.checkMember(body.memberId(), body.groupInstanceId());
        if (error != Errors.NONE) {
            return error;
        }
        if (body.generationId() != group.generation()) {
            return Errors.ILLEGAL_GENERATION;
        }
        boolean differs =
                differ(body.protocolType(), group.protocolType())
                        || differ(body.protocolName(), group.protocolName());
        return differs ? Errors.INCONSISTENT_GROUP_PROTOCOL : Errors.NONE;
    }

    /** Whether both are named and not the same (KIP-559). */
    private static boolean differ(@Nullable String theirs, @Nullable String ours) {
        return theirs != null && ours != null && !ours.equals(theirs);
    }

    private void awaitAssignment(
            ClassicGroup group, ClassicMember member, Waiter waiter, SyncGroupRequestData body) {
        rebalances.answerSync(group, member, Errors.REBALANCE_IN_PROGRESS);
        member.awaitSync(waiter);
        space.park(waiter, group, member);
        onSynced(group, member);
        if (group.isLeader(member.memberId())) {
            assign(group, body);
        }
    }

    private void onSynced(ClassicGroup group, ClassicMember member) {
        group.pendingSyncs().remove(member.memberId());
        if (group.pendingSyncs().isEmpty()) {
            space.timers().cancel(TimerKey.sync(group.groupId()));
        }
    }

    private void assign(ClassicGroup group, SyncGroupRequestData body) {
        Map<String, byte[]> assignments = new HashMap<>();
        for (SyncGroupRequestAssignment assignment : body.assignments()) {
            assignments.put(assignment.memberId(), assignment.assignment());
        }
        for (ClassicMember member : group.members()) {
            member.assign(assignments.getOrDefault(member.memberId(), ClassicMember.NO_ASSIGNMENT));
        }
        group.become(ClassicGroupState.STABLE, space.nowMs());
        ShardRecord record = GroupRecords.of(group);
        if (record.sizeInBytes() > space.properties().maxGroupRecordBytes()) {
            for (ClassicMember member : group.members()) {
                member.assign(ClassicMember.NO_ASSIGNMENT);
            }
            rebalances.answerSyncs(group, Errors.UNKNOWN_SERVER_ERROR);
            rebalances.prepare(group);
            return;
        }
        group.markStored();
        space.append(record);
        space.counters().onRebalanceCompleted();
        rebalances.answerSyncs(group, Errors.NONE);
    }

    private void refuse(Waiter waiter, Errors error) {
        space.reply(waiter, new SyncGroupResponseData().setErrorCode(error.code()));
    }
}
