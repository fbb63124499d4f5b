package io.headrace.coordinator.group;

/**
 * Names a deadline.
 *
 * @param memberId empty but for {@link GroupTimers.Kind#HEARTBEAT}
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

    static TimerKey expiry() {
        return new TimerKey(GroupTimers.Kind.EXPIRY, "", "");
    }
}
