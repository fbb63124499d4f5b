package io.headrace.coordinator.group.space;

/**
 * Names a deadline.
 *
 * @param memberId empty for what is about a whole group, or all
 */
public record TimerKey(GroupTimers.Kind kind, String groupId, String memberId) {
    public static TimerKey heartbeat(String groupId, String memberId) {
        return new TimerKey(GroupTimers.Kind.HEARTBEAT, groupId, memberId);
    }

    public static TimerKey join(String groupId) {
        return new TimerKey(GroupTimers.Kind.JOIN, groupId, "");
    }

    public static TimerKey sync(String groupId) {
        return new TimerKey(GroupTimers.Kind.SYNC, groupId, "");
    }

    public static TimerKey session(String groupId, String memberId) {
        return new TimerKey(GroupTimers.Kind.SESSION, groupId, memberId);
    }

    public static TimerKey revocation(String groupId, String memberId) {
        return new TimerKey(GroupTimers.Kind.REVOCATION, groupId, memberId);
    }

    public static TimerKey memberJoin(String groupId, String memberId) {
        return new TimerKey(GroupTimers.Kind.MEMBER_JOIN, groupId, memberId);
    }

    public static TimerKey memberSync(String groupId, String memberId) {
        return new TimerKey(GroupTimers.Kind.MEMBER_SYNC, groupId, memberId);
    }

    static TimerKey assignment(String groupId) {
        return new TimerKey(GroupTimers.Kind.ASSIGNMENT, groupId, "");
    }

    public static TimerKey shareStates(String groupId) {
        return new TimerKey(GroupTimers.Kind.SHARE_STATES, groupId, "");
    }

    public static TimerKey expiry() {
        return new TimerKey(GroupTimers.Kind.EXPIRY, "", "");
    }
}
