package io.headrace.client.produce;

/** Who must have a batch before it counts as sent. */
public enum Acks {
    /** Nobody: no answer, no offset, no retries; records may be lost without notice. */
    NONE(0),
    /** The leader alone; a record can be lost when the leader is. */
    LEADER(1),
    /** Every replica in sync, at least {@code min.insync.replicas}. */
    ALL(-1);

    private final short code;

    Acks(int code) {
        this.code = (short) code;
    }

    /** The number in produce requests. */
    public short code() {
        return code;
    }
}
