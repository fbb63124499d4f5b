package io.headrace.coordinator.group.consumer;

/** Where a member is on its way to its target assignment. */
public enum MemberState {
    /** It has all that it is meant to have. */
    STABLE(0),
    /** It must give partitions up before it gets to the target epoch. */
    UNREVOKED_PARTITIONS(1),
    /** It is in the target epoch, and others must give partitions up before it gets them. */
    UNRELEASED_PARTITIONS(2),
    /** Of a version that this one does not know. */
    UNKNOWN(127);

    private final byte code;

    MemberState(int code) {
        this.code = (byte) code;
    }

    byte code() {
        return code;
    }

    static MemberState of(byte code) {
        for (MemberState state : values()) {
            if (state.code == code) {
                return state;
            }
        }
        return UNKNOWN;
    }
}
