package io.headrace.coordinator.transaction;

import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * What is known of a transactional id. Immutable.
 *
 * @param producerId in use now
 * @param previousProducerId in use before the epochs of that one ran out, or -1
 * @param nextProducerId what the client was told to go on with once the markers are written, or -1
 * @param producerEpoch of the producer id; while prepared, the epoch of the markers
 * @param lastProducerEpoch the epoch before a bump that its producer asked for, by which the same
 *     question asked again is known; -1 when another producer asked. Not in the log
 * @param timeoutMs how long a transaction may take
 * @param partitions of the transaction that is ongoing or prepared; none otherwise
 * @param startMs when that transaction began, or -1
 * @param updateMs when this changed
 * @param clientVersion the transaction version (KIP-890) that the client used last
 */
record TransactionState(
        long producerId,
        long previousProducerId,
        long nextProducerId,
        short producerEpoch,
        short lastProducerEpoch,
        int timeoutMs,
        TransactionStatus status,
        SortedSet<TransactionPartition> partitions,
        long startMs,
        long updateMs,
        short clientVersion) {
    static final long NO_PRODUCER_ID = -1;
    static final short NO_EPOCH = -1;
    static final short V2 = 2;

    /** The last epoch that a client may use: the one after it fences. */
    static final short LAST_EPOCH = Short.MAX_VALUE - 1;

    private static final SortedSet<TransactionPartition> NONE = new TreeSet<>();

    /** A transactional id that begins with a producer id. */
    static TransactionState begin(long producerId, int timeoutMs, long nowMs) {
        return new TransactionState(
                producerId,
                NO_PRODUCER_ID,
                NO_PRODUCER_ID,
                (short) 0,
                NO_EPOCH,
                timeoutMs,
                TransactionStatus.EMPTY,
                NONE,
                -1,
                nowMs,
                (short) 0);
    }

    boolean isEpochExhausted() {
        return producerEpoch >= LAST_EPOCH;
    }

    boolean isV2() {
        return clientVersion >= V2;
    }

    /** Whether that is what the client goes on with once the markers are written. */
    boolean isNext(long otherProducerId, short otherEpoch) {
        return nextProducerId != NO_PRODUCER_ID
                && nextProducerId == otherProducerId
                && otherEpoch == 0;
    }

    /** A new session of a producer, in the next epoch. */
    TransactionState bumped(short lastEpoch, int newTimeoutMs, long nowMs) {
        return session(
                producerId,
                previousProducerId,
                (short) (producerEpoch + 1),
                lastEpoch,
                newTimeoutMs,
                nowMs);
    }

    /** A new session of a producer, with another producer id. */
    TransactionState rotated(long newProducerId, short lastEpoch, int newTimeoutMs, long nowMs) {
        return session(newProducerId, producerId, (short) 0, lastEpoch, newTimeoutMs, nowMs);
    }

    private TransactionState session(
            long id, long previousId, short epoch, short lastEpoch, int newTimeoutMs, long nowMs) {
        return new TransactionState(
                id,
                previousId,
                NO_PRODUCER_ID,
                epoch,
                lastEpoch,
                newTimeoutMs,
                TransactionStatus.EMPTY,
                NONE,
                -1,
                nowMs,
                clientVersion);
    }

    /** The same transaction, or a new one, with more partitions. */
    TransactionState withPartitions(
            Set<TransactionPartition> more, long nowMs, short newClientVersion) {
        boolean continues = status == TransactionStatus.ONGOING;
        SortedSet<TransactionPartition> all = new TreeSet<>(more);
        if (continues) {
            all.addAll(partitions);
        }
        return new TransactionState(
                producerId,
                previousProducerId,
                NO_PRODUCER_ID,
                producerEpoch,
                lastProducerEpoch,
                timeoutMs,
                TransactionStatus.ONGOING,
                all,
                continues ? startMs : nowMs,
                nowMs,
                newClientVersion);
    }

    /**
     * Decided.
     *
     * @param epoch of the markers
     * @param nextId the producer id to go on with, or -1 for this one
     */
    TransactionState prepared(
            boolean commit,
            short epoch,
            short lastEpoch,
            long nextId,
            short newClientVersion,
            long nowMs) {
        return new TransactionState(
                producerId,
                previousProducerId,
                nextId,
                epoch,
                lastEpoch,
                timeoutMs,
                commit ? TransactionStatus.PREPARE_COMMIT : TransactionStatus.PREPARE_ABORT,
                status == TransactionStatus.ONGOING ? partitions : NONE,
                startMs < 0 ? nowMs : startMs,
                nowMs,
                newClientVersion);
    }

    /** All markers are written. */
    TransactionState completed(long nowMs) {
        boolean rotates = nextProducerId != NO_PRODUCER_ID;
        return new TransactionState(
                rotates ? nextProducerId : producerId,
                rotates ? producerId : previousProducerId,
                NO_PRODUCER_ID,
                rotates ? 0 : producerEpoch,
                lastProducerEpoch,
                timeoutMs,
                status == TransactionStatus.PREPARE_COMMIT
                        ? TransactionStatus.COMPLETE_COMMIT
                        : TransactionStatus.COMPLETE_ABORT,
                NONE,
                startMs,
                nowMs,
                clientVersion);
    }
}
