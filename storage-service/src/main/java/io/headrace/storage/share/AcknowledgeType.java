package io.headrace.storage.share;

import org.jspecify.annotations.Nullable;

/** What a member says of records that it acquired (KIP-932, KIP-1222). */
public enum AcknowledgeType {
    /** There is no such record: compacted away, or a marker. */
    GAP((byte) 0),
    ACCEPT((byte) 1),
    /** Not processed: another may have it. */
    RELEASE((byte) 2),
    /** Not processable: nobody shall have it again. */
    REJECT((byte) 3),
    /** Being processed still: the lock begins anew. */
    RENEW((byte) 4);

    private final byte id;

    AcknowledgeType(byte id) {
        this.id = id;
    }

    byte id() {
        return id;
    }

    /** The type of an id, or null when there is none. */
    public static @Nullable AcknowledgeType of(byte id) {
        for (AcknowledgeType type : values()) {
            if (type.id == id) {
                return type;
            }
        }
        return null;
    }

    /** The state that a record of so many deliveries gets. */
    RecordState target(int deliveryCount, int deliveryLimit) {
        return switch (this) {
            case GAP, REJECT -> RecordState.ARCHIVED;
            case ACCEPT -> RecordState.ACKNOWLEDGED;
            case RELEASE ->
                    deliveryCount >= deliveryLimit ? RecordState.ARCHIVED : RecordState.AVAILABLE;
            case RENEW -> RecordState.ACQUIRED;
        };
    }
}
