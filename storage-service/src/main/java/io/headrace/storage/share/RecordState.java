package io.headrace.storage.share;

/** The state of a record in a share partition, with the ids of KIP-932. */
public enum RecordState {
    /** May be delivered. */
    AVAILABLE((byte) 0),
    /** Delivered to a member that has not said what became of it; never persisted. */
    ACQUIRED((byte) 1),
    /** Processed. */
    ACKNOWLEDGED((byte) 2),
    /** Given up: rejected, delivered too often, or not a record at all. */
    ARCHIVED((byte) 4);

    private final byte id;

    RecordState(byte id) {
        this.id = id;
    }

    public byte id() {
        return id;
    }

    /** Whether the record is done with. */
    public boolean isTerminal() {
        return this == ACKNOWLEDGED || this == ARCHIVED;
    }

    /** What a persisted id means now: whatever is not done may be delivered. */
    public static RecordState restored(byte id) {
        return switch (id) {
            case 2 -> ACKNOWLEDGED;
            case 4 -> ARCHIVED;
            default -> AVAILABLE;
        };
    }
}
