package io.headrace.coordinator.group;

import io.headrace.coordinator.group.classic.ClassicGroup;
import io.headrace.coordinator.group.classic.Waiter;
import io.headrace.coordinator.group.space.GroupSpace;
import io.headrace.coordinator.group.space.TimerKey;
import io.headrace.coordinator.shard.ShardRequest;

import org.apache.kafka.common.message.LeaveGroupRequestData;
import org.apache.kafka.common.message.LeaveGroupRequestData.MemberIdentity;
import org.apache.kafka.common.message.LeaveGroupResponseData;
import org.apache.kafka.common.message.LeaveGroupResponseData.MemberResponse;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;

/**
 * Decides LeaveGroup: members leave, or an administrator removes static ones by their instance
 * (KIP-345). Confined to the shard's core.
 */
final class LeaveGroupDecision {
    private static final short BATCHED = 3;

    private final GroupSpace space;
    private final Rebalances rebalances;
    private final ClassicInConsumerDecision inConsumerGroups;

    LeaveGroupDecision(
            GroupSpace space, Rebalances rebalances, ClassicInConsumerDecision inConsumerGroups) {
        this.space = space;
        this.rebalances = rebalances;
        this.inConsumerGroups = inConsumerGroups;
    }

    void decide(ShardRequest request, LeaveGroupRequestData body) {
        Waiter waiter = new Waiter(request.id(), request.version());
        if (body.groupId().isEmpty()) {
            space.reply(
                    waiter,
                    new LeaveGroupResponseData().setErrorCode(Errors.INVALID_GROUP_ID.code()));
            return;
        }
        boolean isBatched = request.version() >= BATCHED;
        List<MemberIdentity> leaving =
                isBatched
                        ? body.members()
                        : List.of(new MemberIdentity().setMemberId(body.memberId()));
        List<MemberResponse> results = leave(body.groupId(), leaving);
        LeaveGroupResponseData response = new LeaveGroupResponseData();
        if (isBatched) {
            response.setMembers(results);
        } else {
            response.setErrorCode(results.getFirst().errorCode());
        }
        space.reply(waiter, response);
    }

    private List<MemberResponse> leave(String groupId, List<MemberIdentity> leaving) {
        List<MemberResponse> results = new ArrayList<>(leaving.size());
        boolean anyLeft = false;
        for (MemberIdentity identity : leaving) {
            Errors error;
            ClassicGroup group = space.group(groupId);
            if (space.consumerGroup(groupId) != null) {
                error = inConsumerGroups.leave(groupId, identity);
            } else if (group == null) {
                error = Errors.UNKNOWN_MEMBER_ID;
            } else {
                error = leave(group, identity.memberId(), identity.groupInstanceId());
                anyLeft |= error == Errors.NONE;
            }
            results.add(
                    new MemberResponse()
                            .setMemberId(identity.memberId())
                            .setGroupInstanceId(identity.groupInstanceId())
                            .setErrorCode(error.code()));
        }
        ClassicGroup group = space.group(groupId);
        if (group != null && anyLeft) {
            rebalances.prepareOrComplete(group);
            space.forgetIfNothing(group);
        }
        return results;
    }

    private Errors leave(ClassicGroup group, String memberId, @Nullable String instanceId) {
        if (memberId.isEmpty()) {
            String staticId = instanceId == null ? null : group.staticMemberId(instanceId);
            if (staticId == null) {
                return Errors.UNKNOWN_MEMBER_ID;
            }
            rebalances.dismiss(group, group.member(staticId));
            return Errors.NONE;
        }
        if (group.pendingMembers().contains(memberId)) {
            space.timers().cancel(TimerKey.heartbeat(group.groupId(), memberId));
            group.remove(memberId);
            return Errors.NONE;
        }
        Errors error = group.checkMember(memberId, instanceId);
        if (error == Errors.NONE) {
            rebalances.dismiss(group, group.member(memberId));
        }
        return error;
    }
}
