package io.headrace.coordinator.group.space;

import org.jspecify.annotations.Nullable;

/**
 * When a group's next target is made (KIP-1263). The first change after a while is taken at once;
 * those that follow within an interval of the last target are gathered, and taken together when it
 * ends. Groups with few members have no such interval unless they set one: their targets cost
 * little, and each change is seen at once.
 */
public final class AssignmentPace {
    /** Groups up to this size take each change at once. */
    private static final int FEW_MEMBERS = 50;

    /** What each further member adds to the interval. */
    private static final int MS_PER_MEMBER = 2;

    private final GroupSpace space;

    public AssignmentPace(GroupSpace space) {
        this.space = space;
    }

    /**
     * The interval of a group.
     *
     * @param own what was set for the group alone, or null
     * @param usualMs the interval of large groups that set none
     */
    public static int intervalMs(@Nullable Integer own, int usualMs, int members) {
        return own == null
                ? Math.clamp((long) (members - FEW_MEMBERS) * MS_PER_MEMBER, 0, usualMs)
                : own;
    }

    /**
     * Whether the target that is due is made now. If not, a deadline for it is set.
     *
     * @param targetEpoch the epoch of the last target, 0 when there was none
     * @param targetMs when that was made; one in the future was made by another clock
     */
    public boolean isNow(String groupId, int targetEpoch, long targetMs, int intervalMs) {
        long dueMs = targetMs + intervalMs;
        boolean waits = targetEpoch > 0 && targetMs <= space.nowMs() && space.nowMs() < dueMs;
        if (waits) {
            space.timers().schedule(TimerKey.assignment(groupId), dueMs);
        } else {
            forget(groupId);
        }
        return !waits;
    }

    /** No target is due any more. */
    public void forget(String groupId) {
        space.timers().cancel(TimerKey.assignment(groupId));
    }
}
