package io.headrace.coordinator.group.consumer;

import org.jspecify.annotations.Nullable;

/** A member of a {@link ConsumerGroup}. Immutable. */
public record ConsumerMember(
        String memberId, Subscription subscription, CurrentAssignment current) {

    /** A member that nothing is known of yet. */
    public static ConsumerMember unknown(String memberId) {
        return new ConsumerMember(memberId, Subscription.none(), CurrentAssignment.NONE);
    }

    public ConsumerMember with(Subscription next) {
        return new ConsumerMember(memberId, next, current);
    }

    public ConsumerMember with(CurrentAssignment next) {
        return new ConsumerMember(memberId, subscription, next);
    }

    public @Nullable String instanceId() {
        return subscription.instanceId();
    }

    public int memberEpoch() {
        return current.memberEpoch();
    }

    /** Whether it speaks the classic protocol. */
    public boolean isClassic() {
        return subscription.classic() != null;
    }

    /** Whether it has all that it is meant to have as of that epoch. */
    public boolean isReconciledTo(int targetEpoch) {
        return current.state() == MemberState.STABLE && current.memberEpoch() == targetEpoch;
    }
}
