package io.headrace.protocol.batch;

import java.nio.ByteBuffer;

/** The fields of a batch's header that are not counted from its bytes. */
record BatchHeader(
        long baseOffset,
        int lastOffsetDelta,
        int leaderEpoch,
        int attributes,
        long baseTimestampMs,
        long maxTimestampMs,
        long producerId,
        short producerEpoch,
        int baseSequence,
        int recordCount) {

    /** Writes the header at the begin of a buffer that is the batch, and the CRC of all of it. */
    void writeTo(ByteBuffer batch) {
        batch.putLong(BatchDescriptor.BASE_OFFSET, baseOffset);
        batch.putInt(BatchDescriptor.LENGTH, batch.limit() - BatchDescriptor.LOG_OVERHEAD_BYTES);
        batch.putInt(BatchDescriptor.LEADER_EPOCH, leaderEpoch);
        batch.put(BatchDescriptor.MAGIC, BatchDescriptor.CURRENT_MAGIC);
        batch.putShort(BatchDescriptor.ATTRIBUTES, (short) attributes);
        batch.putInt(BatchDescriptor.LAST_OFFSET_DELTA, lastOffsetDelta);
        batch.putLong(BatchDescriptor.BASE_TIMESTAMP, baseTimestampMs);
        batch.putLong(BatchDescriptor.MAX_TIMESTAMP, maxTimestampMs);
        batch.putLong(BatchDescriptor.PRODUCER_ID, producerId);
        batch.putShort(BatchDescriptor.PRODUCER_EPOCH, producerEpoch);
        batch.putInt(BatchDescriptor.BASE_SEQUENCE, baseSequence);
        batch.putInt(BatchDescriptor.RECORD_COUNT, recordCount);
        BatchView.rewriteCrc(batch, 0);
    }
}
