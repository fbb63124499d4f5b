package io.headrace.coordinator.group;

/**
 * Names a deadline.
 *
 * @param memberId empty for what is about a whole group, or all
 */
record TimerKey(GroupTimers.Kind kind, String groupId, String memberId) {
    static TimerKey heartbeat(String groupId, String memberId) {
        return new TimerKey(GroupTimers.Kind.HEARTBEAT, groupId, memberId);
    }

    static TimerKey join(String groupId) {
        return new TimerKey(GroupTimers.Kind.JOIN, groupId, "");
    }

    static TimerKey sync(String groupId) {
        return new TimerKey(GroupTimers.Kind.SYNC, groupId, "");
    }

    static TimerKey session(String groupId, String memberId) {
        return new TimerKey(GroupTimers.Kind.SESSION, groupId, memberId);
    }

    static TimerKey revocation(String groupId, String memberId) {
        return new TimerKey(GroupTimers.Kind.REVOCATION, groupId, memberId);
    }

    static TimerKey memberJoin(String groupId, String memberId) {
        return new TimerKey(GroupTimers.Kind.MEMBER_JOIN, groupId, memberId);
    }

    static TimerKey memberSync(String groupId, String memberId) {
        return new TimerKey(GroupTimers.Kind.MEMBER_SYNC, groupId, memberId);
    }

    static TimerKey assignment(String groupId) {
        return new TimerKey(GroupTimers.Kind.ASSIGNMENT, groupId, "");
    }

    static TimerKey shareStates(String groupId) {
        return new TimerKey(GroupTimers.Kind.SHARE_STATES, groupId, "");
    }

    static TimerKey expiry() {
        return new TimerKey(GroupTimers.Kind.EXPIRY, "", "");
    }
}
