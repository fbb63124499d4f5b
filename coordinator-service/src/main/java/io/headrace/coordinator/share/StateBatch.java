package io.headrace.coordinator.share;

/**
 * A range of offsets in flight that share a state.
 *
 * @param firstOffset inclusive
 * @param lastOffset inclusive
 * @param deliveryState 0 available, 2 acknowledged, 4 archived
 * @param deliveryCount how often the records were delivered
 */
record StateBatch(long firstOffset, long lastOffset, byte deliveryState, short deliveryCount) {
    private static final byte AVAILABLE = 0;
    private static final byte ACKNOWLEDGED = 2;
    private static final byte ARCHIVED = 4;

    /** Whether it is a range at all, in a state that is kept. */
    boolean isValid() {
        return firstOffset >= 0
                && lastOffset >= firstOffset
                && deliveryCount >= 0
                && (deliveryState == AVAILABLE
                        || deliveryState == ACKNOWLEDGED
                        || deliveryState == ARCHIVED);
    }

    boolean isSameState(StateBatch other) {
        return deliveryState == other.deliveryState && deliveryCount == other.deliveryCount;
    }

    /**
     * Whether it is further on than another of the same records: of more deliveries, or of as many
     * and nearer to the end.
     */
    boolean outranks(StateBatch other) {
        return deliveryCount == other.deliveryCount
                ? deliveryState > other.deliveryState
                : deliveryCount > other.deliveryCount;
    }

    StateBatch from(long offset) {
        return new StateBatch(offset, lastOffset, deliveryState, deliveryCount);
    }

    StateBatch upTo(long offset) {
        return new StateBatch(firstOffset, offset, deliveryState, deliveryCount);
    }
}
