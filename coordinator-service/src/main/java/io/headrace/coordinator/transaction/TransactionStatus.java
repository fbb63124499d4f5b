package io.headrace.coordinator.transaction;

import org.jspecify.annotations.Nullable;

/**
 * Where a transactional id is in the life of its transaction, numbered and named as in Kafka.
 *
 * <pre>
 *   EMPTY --add--&gt; ONGOING --commit--&gt; PREPARE_COMMIT --markers--&gt; COMPLETE_COMMIT --add--&gt; ONGOING
 *                     |
 *                     +--abort, timeout, fence--&gt; PREPARE_ABORT --markers--&gt; COMPLETE_ABORT
 * </pre>
 */
enum TransactionStatus {
    EMPTY(0, "Empty"),
    ONGOING(1, "Ongoing"),
    PREPARE_COMMIT(2, "PrepareCommit"),
    PREPARE_ABORT(3, "PrepareAbort"),
    COMPLETE_COMMIT(4, "CompleteCommit"),
    COMPLETE_ABORT(5, "CompleteAbort");

    /** Kafka's names of states that are never stored here, but may be asked for. */
    static final String DEAD = "Dead";

    static final String PREPARE_EPOCH_FENCE = "PrepareEpochFence";

    private final byte id;
    private final String label;

    TransactionStatus(int id, String label) {
        this.id = (byte) id;
        this.label = label;
    }

    byte id() {
        return id;
    }

    String label() {
        return label;
    }

    /** Decided, and not yet in all partitions. */
    boolean isPrepared() {
        return this == PREPARE_COMMIT || this == PREPARE_ABORT;
    }

    boolean isComplete() {
        return this == COMPLETE_COMMIT || this == COMPLETE_ABORT;
    }

    /** The status of a number, or null. */
    static @Nullable TransactionStatus of(byte id) {
        for (TransactionStatus status : values()) {
            if (status.id == id) {
                return status;
            }
        }
        return null;
    }
}
