package io.headrace.protocol.batch;

import static io.headrace.protocol.batch.BatchDescriptor.ATTRIBUTES;
import static io.headrace.protocol.batch.BatchDescriptor.BASE_OFFSET;
import static io.headrace.protocol.batch.BatchDescriptor.BASE_SEQUENCE;
import static io.headrace.protocol.batch.BatchDescriptor.BASE_TIMESTAMP;
import static io.headrace.protocol.batch.BatchDescriptor.CODEC_MASK;
import static io.headrace.protocol.batch.BatchDescriptor.CONTROL_FLAG;
import static io.headrace.protocol.batch.BatchDescriptor.CRC;
import static io.headrace.protocol.batch.BatchDescriptor.DELETE_HORIZON_FLAG;
import static io.headrace.protocol.batch.BatchDescriptor.HEADER_BYTES;
import static io.headrace.protocol.batch.BatchDescriptor.LAST_OFFSET_DELTA;
import static io.headrace.protocol.batch.BatchDescriptor.LEADER_EPOCH;
import static io.headrace.protocol.batch.BatchDescriptor.LENGTH;
import static io.headrace.protocol.batch.BatchDescriptor.LOG_APPEND_TIME_FLAG;
import static io.headrace.protocol.batch.BatchDescriptor.LOG_OVERHEAD_BYTES;
import static io.headrace.protocol.batch.BatchDescriptor.MAGIC;
import static io.headrace.protocol.batch.BatchDescriptor.MAX_TIMESTAMP;
import static io.headrace.protocol.batch.BatchDescriptor.NO_SEQUENCE;
import static io.headrace.protocol.batch.BatchDescriptor.PRODUCER_EPOCH;
import static io.headrace.protocol.batch.BatchDescriptor.PRODUCER_ID;
import static io.headrace.protocol.batch.BatchDescriptor.RECORD_COUNT;
import static io.headrace.protocol.batch.BatchDescriptor.TRANSACTIONAL_FLAG;

import io.headrace.protocol.batch.produce.ProduceValidator;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * Reads and patches the header of a batch where it lies: {@code index} is the absolute place of its
 * first byte in the buffer, whose position and limit are never moved.
 *
 * <p>Nothing here allocates (but {@link #isCrcValid} and {@link #rewriteCrc}), and nothing checks:
 * the caller knows, from {@link BatchSet} or {@link ProduceValidator}, that a whole header is
 * there. Buffers are big-endian.
 */
public final class BatchView {
    private BatchView() {}

    public static long baseOffset(ByteBuffer buffer, int index) {
        return buffer.getLong(index + BASE_OFFSET);
    }

    /** The length field: bytes after it, so {@link #sizeInBytes} less 12. */
    public static int length(ByteBuffer buffer, int index) {
        return buffer.getInt(index + LENGTH);
    }

    /** The whole batch: length field plus 12. Overflows when the length field is hostile. */
    public static int sizeInBytes(ByteBuffer buffer, int index) {
        return length(buffer, index) + LOG_OVERHEAD_BYTES;
    }

    public static int leaderEpoch(ByteBuffer buffer, int index) {
        return buffer.getInt(index + LEADER_EPOCH);
    }

    public static byte magic(ByteBuffer buffer, int index) {
        return buffer.get(index + MAGIC);
    }

    /** The stored CRC-32C, as an unsigned number. */
    public static long crc(ByteBuffer buffer, int index) {
        return Integer.toUnsignedLong(buffer.getInt(index + CRC));
    }

    public static short attributes(ByteBuffer buffer, int index) {
        return buffer.getShort(index + ATTRIBUTES);
    }

    /** The codec, or null when the attributes name an unassigned one. */
    public static @Nullable CompressionCodec codec(ByteBuffer buffer, int index) {
        return CompressionCodec.forId(attributes(buffer, index) & CODEC_MASK);
    }

    public static TimestampType timestampType(ByteBuffer buffer, int index) {
        return (attributes(buffer, index) & LOG_APPEND_TIME_FLAG) == 0
                ? TimestampType.CREATE_TIME
                : TimestampType.LOG_APPEND_TIME;
    }

    public static boolean isTransactional(ByteBuffer buffer, int index) {
        return (attributes(buffer, index) & TRANSACTIONAL_FLAG) != 0;
    }

    /** Whether the batch holds a marker of the log's own (the end of a transaction) and no data. */
    public static boolean isControl(ByteBuffer buffer, int index) {
        return (attributes(buffer, index) & CONTROL_FLAG) != 0;
    }

    /** Whether {@link #deleteHorizonMs} is set (KIP-534). */
    public static boolean hasDeleteHorizon(ByteBuffer buffer, int index) {
        return (attributes(buffer, index) & DELETE_HORIZON_FLAG) != 0;
    }

    /**
     * When the batch's tombstones and markers may be removed; meaningful if {@link
     * #hasDeleteHorizon}.
     */
    public static long deleteHorizonMs(ByteBuffer buffer, int index) {
        return buffer.getLong(index + BASE_TIMESTAMP);
    }

    public static int lastOffsetDelta(ByteBuffer buffer, int index) {
        return buffer.getInt(index + LAST_OFFSET_DELTA);
    }

    /** The offset of the last record that the batch ever had: compaction keeps it. */
    public static long lastOffset(ByteBuffer buffer, int index) {
        return baseOffset(buffer, index) + lastOffsetDelta(buffer, index);
    }

    /** The offset after {@link #lastOffset}. */
    public static long nextOffset(ByteBuffer buffer, int index) {
        return lastOffset(buffer, index) + 1;
    }

    /** What record timestamps are relative to; holds the delete horizon instead if there is one. */
    public static long baseTimestampMs(ByteBuffer buffer, int index) {
        return buffer.getLong(index + BASE_TIMESTAMP);
    }

    public static long maxTimestampMs(ByteBuffer buffer, int index) {
        return buffer.getLong(index + MAX_TIMESTAMP);
    }

    public static long producerId(ByteBuffer buffer, int index) {
        return buffer.getLong(index + PRODUCER_ID);
    }

    public static boolean hasProducerId(ByteBuffer buffer, int index) {
        return producerId(buffer, index) > BatchDescriptor.NO_PRODUCER_ID;
    }

    public static short producerEpoch(ByteBuffer buffer, int index) {
        return buffer.getShort(index + PRODUCER_EPOCH);
    }

    public static int baseSequence(ByteBuffer buffer, int index) {
        return buffer.getInt(index + BASE_SEQUENCE);
    }

    /**
     * The sequence of the last record; sequences wrap from 2^31-1 to 0. -1 if the batch has none.
     */
    public static int lastSequence(ByteBuffer buffer, int index) {
        int base = baseSequence(buffer, index);
        return base == NO_SEQUENCE
                ? NO_SEQUENCE
                : incrementSequence(base, lastOffsetDelta(buffer, index));
    }

    /** The sequence {@code count} after {@code sequence}, wrapping from 2^31-1 to 0. */
    public static int incrementSequence(int sequence, int count) {
        return (int) (((long) sequence + count) & Integer.MAX_VALUE);
    }

    /** How many records are in the batch now; compaction lowers it, down to 0. */
    public static int recordCount(ByteBuffer buffer, int index) {
        return buffer.getInt(index + RECORD_COUNT);
    }

    /** Sets the base offset; the CRC does not cover it. */
    public static void setBaseOffset(ByteBuffer buffer, int index, long baseOffset) {
        buffer.putLong(index + BASE_OFFSET, baseOffset);
    }

    /** Sets the partition leader epoch; the CRC does not cover it. */
    public static void setLeaderEpoch(ByteBuffer buffer, int index, int leaderEpoch) {
        buffer.putInt(index + LEADER_EPOCH, leaderEpoch);
    }

    /**
     * Makes the batch one of log append time, with that time for all its records, and renews the
     * CRC.
     */
    public static void setLogAppendTime(ByteBuffer buffer, int index, long logAppendTimeMs) {
        buffer.putShort(
                index + ATTRIBUTES, (short) (attributes(buffer, index) | LOG_APPEND_TIME_FLAG));
        buffer.putLong(index + MAX_TIMESTAMP, logAppendTimeMs);
        rewriteCrc(buffer, index);
    }

    /** Whether the stored CRC is that of the bytes; reads the whole batch, which must be there. */
    public static boolean isCrcValid(ByteBuffer buffer, int index) {
        int size = sizeInBytes(buffer, index);
        return size >= HEADER_BYTES && crc(buffer, index) == computeCrc(buffer, index, size);
    }

    /** Stores the CRC of the bytes as they are now. */
    public static void rewriteCrc(ByteBuffer buffer, int index) {
        buffer.putInt(index + CRC, (int) computeCrc(buffer, index, sizeInBytes(buffer, index)));
    }

    private static long computeCrc(ByteBuffer buffer, int index, int sizeInBytes) {
        CRC32C crc = new CRC32C();
        crc.update(buffer.slice(index + ATTRIBUTES, sizeInBytes - ATTRIBUTES));
        return crc.getValue();
    }
}
