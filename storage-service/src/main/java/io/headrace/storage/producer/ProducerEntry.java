package io.headrace.storage.producer;

import io.headrace.protocol.batch.BatchDescriptor;

/**
 * What one producer last wrote: its epoch, up to five batches, and its open transaction. Confined
 * to the log's owner.
 */
final class ProducerEntry {
    /** As many batches as a producer may have in flight (KIP-98). */
    static final int BATCHES_MAX = 5;

    static final long NO_TRANSACTION = -1;

    final long producerId;
    short producerEpoch;
    int coordinatorEpoch = -1;
    long lastSeenMs;
    long transactionFirstOffset = NO_TRANSACTION;

    private final int[] lastSequences = new int[BATCHES_MAX];
    private final long[] lastOffsets = new long[BATCHES_MAX];
    private final int[] offsetDeltas = new int[BATCHES_MAX];
    private int batchCount;
    private int newest = -1;

    ProducerEntry(long producerId, short producerEpoch) {
        this.producerId = producerId;
        this.producerEpoch = producerEpoch;
    }

    void addBatch(int lastSequence, long lastOffset, int offsetDelta) {
        newest = (newest + 1) % BATCHES_MAX;
        lastSequences[newest] = lastSequence;
        lastOffsets[newest] = lastOffset;
        offsetDeltas[newest] = offsetDelta;
        batchCount = Math.min(batchCount + 1, BATCHES_MAX);
    }

    void clearBatches() {
        batchCount = 0;
        newest = -1;
    }

    boolean hasBatches() {
        return batchCount > 0;
    }

    int lastSequence() {
        return batchCount == 0 ? BatchDescriptor.NO_SEQUENCE : lastSequences[newest];
    }

    long lastOffset() {
        return batchCount == 0 ? -1 : lastOffsets[newest];
    }

    int lastOffsetDelta() {
        return batchCount == 0 ? 0 : offsetDeltas[newest];
    }

    /** How many batches before the last one are remembered. */
    int earlierBatches() {
        return Math.max(0, batchCount - 1);
    }

    /**
     * The last sequence of an earlier batch.
     *
     * @param age how many batches before the last one
     */
    int lastSequence(int age) {
        return lastSequences[indexOf(age)];
    }

    /** The last offset of an earlier batch. */
    long lastOffset(int age) {
        return lastOffsets[indexOf(age)];
    }

    /** The records of an earlier batch, less one. */
    int lastOffsetDelta(int age) {
        return offsetDeltas[indexOf(age)];
    }

    private int indexOf(int age) {
        return Math.floorMod(newest - age, BATCHES_MAX);
    }

    /** Which remembered batch has exactly these sequences, or -1. */
    int findBatch(int baseSequence, int lastSequence) {
        for (int i = 0; i < batchCount; i++) {
            if (lastSequences[i] == lastSequence
                    && firstSequence(lastSequences[i], offsetDeltas[i]) == baseSequence) {
                return i;
            }
        }
        return -1;
    }

    long baseOffsetOf(int batch) {
        return lastOffsets[batch] - offsetDeltas[batch];
    }

    long lastOffsetOf(int batch) {
        return lastOffsets[batch];
    }

    private static int firstSequence(int lastSequence, int delta) {
        return (int) (((long) lastSequence - delta) & Integer.MAX_VALUE);
    }
}
