package io.headrace.protocol.batch;

import static io.headrace.protocol.batch.BatchDescriptor.HEADER_BYTES;
import static io.headrace.protocol.batch.BatchDescriptor.NO_TIMESTAMP;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.OptionalInt;

/**
 * Builds one batch. Records are written straight to where they will lie; compression, if any, is
 * done once, in {@link #build}.
 *
 * <pre>{@code
 * ByteBuffer batch = BatchBuilder.growing(1024, 1 << 20)
 *         .codec(CompressionCodec.LZ4)
 *         .append(nowMs, key, value, List.of())
 *         .build();
 * }</pre>
 *
 * <p>Everything but records may be set at any time before {@link #build}. Not for use by several
 * threads; of use once, unless {@link #reset}.
 */
public final class BatchBuilder {
    private static final int DEFAULT_INITIAL_BYTES = 512;

    private final boolean mayGrow;
    private final int start;
    private final int maxSizeInBytes;
    private ByteBuffer buffer;

    private CompressionCodec codec = CompressionCodec.NONE;
    private OptionalInt level = OptionalInt.empty();
    private float expectedRatio = 1.0f;
    private TimestampType timestampType = TimestampType.CREATE_TIME;
    private long logAppendTimeMs = NO_TIMESTAMP;
    private long baseOffset;
    private int leaderEpoch = BatchDescriptor.NO_LEADER_EPOCH;
    private long producerId = BatchDescriptor.NO_PRODUCER_ID;
    private short producerEpoch = BatchDescriptor.NO_PRODUCER_EPOCH;
    private int baseSequence = BatchDescriptor.NO_SEQUENCE;
    private boolean transactional;
    private boolean control;

    private int recordCount;
    private long baseTimestampMs = NO_TIMESTAMP;
    private long maxTimestampMs = NO_TIMESTAMP;

    private BatchBuilder(ByteBuffer buffer, boolean mayGrow, int maxSizeInBytes) {
        this.buffer = buffer;
        this.mayGrow = mayGrow;
        this.start = buffer.position();
        this.maxSizeInBytes = maxSizeInBytes;
        if (buffer.remaining() < HEADER_BYTES || maxSizeInBytes < HEADER_BYTES) {
            throw new IllegalArgumentException("A batch takes at least " + HEADER_BYTES + " bytes");
        }
        buffer.position(start + HEADER_BYTES);
    }

    /**
     * A batch in a heap buffer of its own that grows up to {@code maxSizeInBytes}, uncompressed.
     */
    public static BatchBuilder growing(int initialBytes, int maxSizeInBytes) {
        int initial = Math.min(Math.max(initialBytes, HEADER_BYTES), maxSizeInBytes);
        return new BatchBuilder(ByteBuffer.allocate(initial), true, maxSizeInBytes);
    }

    /** A batch in a heap buffer of its own that grows as needed. */
    public static BatchBuilder growing() {
        return growing(DEFAULT_INITIAL_BYTES, Integer.MAX_VALUE - 8);
    }

    /**
     * A batch in the caller's buffer, from its position, never past its limit. If it is compressed,
     * {@link #build} answers another buffer; else a view of this one.
     */
    public static BatchBuilder into(ByteBuffer target) {
        return new BatchBuilder(target.duplicate(), false, target.remaining());
    }

    /** The control batch that ends a transaction, built. Offsets are for the log to set. */
    public static ByteBuffer endOfTransaction(
            ControlMarker marker, long producerId, short producerEpoch, long timestampMs) {
        BatchBuilder builder =
                growing(128, 128)
                        .producer(producerId, producerEpoch, BatchDescriptor.NO_SEQUENCE, true)
                        .append(timestampMs, marker.toKey(), marker.toValue(), List.of());
        builder.control = true;
        return builder.build();
    }

    /** An empty builder with the producer and the leader epoch of an existing batch. */
    public static BatchBuilder copyOfHeader(ByteBuffer batch, int index) {
        return growing()
                .leaderEpoch(BatchView.leaderEpoch(batch, index))
                .producer(
                        BatchView.producerId(batch, index),
                        BatchView.producerEpoch(batch, index),
                        BatchView.baseSequence(batch, index),
                        BatchView.isTransactional(batch, index));
    }

    /** How records are compressed; none unless said. */
    public BatchBuilder codec(CompressionCodec codec) {
        return codec(codec, OptionalInt.empty());
    }

    /** As the other, with a level that the codec knows; empty for its default. */
    public BatchBuilder codec(CompressionCodec codec, OptionalInt level) {
        this.codec = codec;
        this.level = level;
        return this;
    }

    /**
     * What compression is expected to leave of the bytes (1.0: all, the default), for {@link
     * #estimatedSizeInBytes} and {@link #hasRoomFor}.
     */
    public BatchBuilder expectedRatio(float ratio) {
        this.expectedRatio = ratio;
        return this;
    }

    /** The offset of the first record; 0 unless said, and for the log to set. */
    public BatchBuilder baseOffset(long baseOffset) {
        if (recordCount > 0 && baseOffset != this.baseOffset) {
            throw new IllegalStateException("Records are already relative to another base offset");
        }
        this.baseOffset = baseOffset;
        return this;
    }

    /** The partition leader epoch; -1 unless said, and for the log to set. */
    public BatchBuilder leaderEpoch(int leaderEpoch) {
        this.leaderEpoch = leaderEpoch;
        return this;
    }

    /** The producer and its sequence (KIP-98); none unless said. */
    public BatchBuilder producer(
            long producerId, short producerEpoch, int baseSequence, boolean transactional) {
        this.producerId = producerId;
        this.producerEpoch = producerEpoch;
        this.baseSequence = baseSequence;
        this.transactional = transactional;
        return this;
    }

    /** Makes all timestamps {@code timestampMs}, as a log of log append time does. */
    public BatchBuilder logAppendTime(long timestampMs) {
        this.timestampType = TimestampType.LOG_APPEND_TIME;
        this.logAppendTimeMs = timestampMs;
        return this;
    }

    /**
     * Adds the next record. Key and value are copied, not consumed.
     *
     * @throws IllegalArgumentException when it cannot fit: ask {@link #hasRoomFor} first
     */
    public BatchBuilder append(
            long timestampMs,
            @Nullable ByteBuffer key,
            @Nullable ByteBuffer value,
            List<RecordHeader> headers) {
        if (timestampMs < 0 && timestampMs != NO_TIMESTAMP) {
            throw new IllegalArgumentException("Negative timestamp " + timestampMs);
        }
        long base = recordCount == 0 ? timestampMs : baseTimestampMs;
        List<byte[]> names = RecordFormat.encodeNames(headers);
        long bodySize =
                RecordFormat.bodySize(timestampMs - base, recordCount, key, value, names, headers);
        long size = bodySize + Varints.sizeOf(bodySize);
        if (size > maxSizeInBytes - uncompressedSizeInBytes()) {
            throw new IllegalArgumentException(
                    "A record of "
                            + size
                            + " bytes does not fit into the batch: "
                            + uncompressedSizeInBytes()
                            + " of "
                            + maxSizeInBytes
                            + " bytes are taken");
        }
        ensureRemaining((int) size);
        RecordFormat.write(
                buffer,
                (int) bodySize,
                timestampMs - base,
                recordCount,
                key,
                value,
                names,
                headers);
        baseTimestampMs = base;
        maxTimestampMs = Math.max(maxTimestampMs, timestampMs);
        recordCount++;
        return this;
    }

    /** As {@link #append(long, ByteBuffer, ByteBuffer, List)}. */
    public BatchBuilder append(
            long timestampMs,
            byte @Nullable [] key,
            byte @Nullable [] value,
            List<RecordHeader> headers) {
        return append(
                timestampMs,
                key == null ? null : ByteBuffer.wrap(key),
                value == null ? null : ByteBuffer.wrap(value),
                headers);
    }

    /**
     * Whether a record surely fits, below the size limit as {@link #estimatedSizeInBytes} counts.
     */
    public boolean hasRoomFor(
            @Nullable ByteBuffer key, @Nullable ByteBuffer value, List<RecordHeader> headers) {
        long size = RecordFormat.maxSizeInBytes(key, value, headers);
        return size <= maxSizeInBytes - uncompressedSizeInBytes();
    }

    /**
     * The most bytes that a batch of that one record takes, uncompressed: what to allocate for it.
     */
    public static long upperBoundInBytes(
            @Nullable ByteBuffer key, @Nullable ByteBuffer value, List<RecordHeader> headers) {
        return HEADER_BYTES + RecordFormat.maxSizeInBytes(key, value, headers);
    }

    public int recordCount() {
        return recordCount;
    }

    public boolean isEmpty() {
        return recordCount == 0;
    }

    /** The highest timestamp so far, -1 if none. */
    public long maxTimestampMs() {
        return maxTimestampMs;
    }

    /** The batch's size if it were not compressed. */
    public int uncompressedSizeInBytes() {
        return buffer.position() - start;
    }

    /** The size that the batch is expected to have when built: exact when it is not compressed. */
    public int estimatedSizeInBytes() {
        int uncompressed = uncompressedSizeInBytes();
        return codec == CompressionCodec.NONE
                ? uncompressed
                : HEADER_BYTES + (int) ((uncompressed - HEADER_BYTES) * expectedRatio);
    }

    /** Drops the records and keeps the settings and the buffer, for another batch. */
    public void reset() {
        buffer.position(start + HEADER_BYTES);
        recordCount = 0;
        baseTimestampMs = NO_TIMESTAMP;
        maxTimestampMs = NO_TIMESTAMP;
    }

    /**
     * The finished batch, from the answered buffer's position to its limit.
     *
     * @throws IllegalStateException when there are no records
     */
    public ByteBuffer build() {
        if (recordCount == 0) {
            throw new IllegalStateException("A batch without records");
        }
        ByteBuffer batch =
                codec == CompressionCodec.NONE
                        ? buffer.slice(start, buffer.position() - start)
                        : CodecStreams.compressBatch(
                                codec,
                                level,
                                buffer,
                                start,
                                buffer.position(),
                                estimatedSizeInBytes());
        header().writeTo(batch);
        return batch;
    }

    private BatchHeader header() {
        boolean logAppendTime = timestampType == TimestampType.LOG_APPEND_TIME;
        int attributes =
                codec.id()
                        | (logAppendTime ? BatchDescriptor.LOG_APPEND_TIME_FLAG : 0)
                        | (transactional ? BatchDescriptor.TRANSACTIONAL_FLAG : 0)
                        | (control ? BatchDescriptor.CONTROL_FLAG : 0);
        return new BatchHeader(
                baseOffset,
                recordCount - 1,
                leaderEpoch,
                attributes,
                baseTimestampMs,
                logAppendTime ? logAppendTimeMs : maxTimestampMs,
                producerId,
                producerEpoch,
                baseSequence,
                recordCount);
    }

    private void ensureRemaining(int size) {
        if (buffer.remaining() >= size || !mayGrow) {
            return;
        }
        long wanted = Math.max((long) buffer.position() + size, buffer.capacity() * 2L);
        ByteBuffer grown = ByteBuffer.allocate((int) Math.min(wanted, maxSizeInBytes));
        buffer = grown.put(buffer.flip());
    }
}
