package io.headrace.coordinator.group;

import io.headrace.coordinator.group.classic.ClassicGroup;
import io.headrace.coordinator.group.classic.ClassicGroupState;
import io.headrace.coordinator.group.classic.ClassicMember;
import io.headrace.coordinator.group.consumer.ConsumerGroup;
import io.headrace.coordinator.group.space.GroupSpace;
import io.headrace.coordinator.shard.ShardRequest;

import org.apache.kafka.common.message.HeartbeatRequestData;
import org.apache.kafka.common.message.HeartbeatResponseData;
import org.apache.kafka.common.protocol.Errors;

/** Decides Heartbeat: prolongs a member's session. Confined to the shard's core. */
final class HeartbeatDecision {
    private final GroupSpace space;
    private final Rebalances rebalances;
    private final ClassicInConsumerDecision inConsumerGroups;

    HeartbeatDecision(
            GroupSpace space, Rebalances rebalances, ClassicInConsumerDecision inConsumerGroups) {
        this.space = space;
        this.rebalances = rebalances;
        this.inConsumerGroups = inConsumerGroups;
    }

    void decide(ShardRequest request, HeartbeatRequestData body) {
        ConsumerGroup consumerGroup = space.consumerGroup(body.groupId());
        if (consumerGroup != null) {
            inConsumerGroups.heartbeat(request, consumerGroup, body);
            return;
        }
        Errors error = beat(body);
        space.replyNow(request.id(), new HeartbeatResponseData().setErrorCode(error.code()));
    }

    private Errors beat(HeartbeatRequestData body) {
        if (body.groupId().isEmpty()) {
            return Errors.INVALID_GROUP_ID;
        }
        ClassicGroup group = space.group(body.groupId());
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
        ClassicMember member = group.member(body.memberId());
        rebalances.scheduleHeartbeat(group, member, member.sessionTimeoutMs());
        return group.isIn(ClassicGroupState.PREPARING_REBALANCE)
                ? Errors.REBALANCE_IN_PROGRESS
                : Errors.NONE;
    }
}
