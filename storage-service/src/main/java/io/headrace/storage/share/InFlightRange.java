package io.headrace.storage.share;

import org.jspecify.annotations.Nullable;

import java.util.Objects;

/** Records next to each other that share one state. Confined to its share partition. */
final class InFlightRange {
    final long firstOffset;
    long lastOffset;
    RecordState state;
    int deliveryCount;
    @Nullable String memberId;
    long lockedUntilMs;

    /** The acknowledgement that waits for its write, or null. */
    @Nullable PendingAcknowledgement pending;

    /** The state that the pending acknowledgement brings. */
    RecordState target;

    /** Whether the shard is to hear of this state. */
    boolean unwritten;

    InFlightRange(long firstOffset, long lastOffset, RecordState state, int deliveryCount) {
        this.firstOffset = firstOffset;
        this.lastOffset = lastOffset;
        this.state = state;
        this.target = state;
        this.deliveryCount = deliveryCount;
    }

    long count() {
        return lastOffset - firstOffset + 1;
    }

    boolean isHeldBy(String member) {
        return state == RecordState.ACQUIRED && pending == null && member.equals(memberId);
    }

    /** Keeps what is below the offset and returns the rest. */
    InFlightRange splitAt(long offset) {
        InFlightRange rest = new InFlightRange(offset, lastOffset, state, deliveryCount);
        rest.memberId = memberId;
        rest.lockedUntilMs = lockedUntilMs;
        rest.pending = pending;
        rest.target = target;
        rest.unwritten = unwritten;
        lastOffset = offset - 1;
        return rest;
    }

    /** Gives up the member and the lock. */
    void settle(RecordState newState) {
        state = newState;
        target = newState;
        memberId = null;
        pending = null;
    }

    boolean isLike(InFlightRange other) {
        return state == other.state
                && target == other.target
                && pending == other.pending
                && unwritten == other.unwritten
                && (deliveryCount == other.deliveryCount || (state.isTerminal() && !unwritten))
                && (state != RecordState.ACQUIRED
                        || (lockedUntilMs == other.lockedUntilMs
                                && Objects.equals(memberId, other.memberId)));
    }

    @Override
    public String toString() {
        return firstOffset + "-" + lastOffset + " " + state + " x" + deliveryCount;
    }
}
