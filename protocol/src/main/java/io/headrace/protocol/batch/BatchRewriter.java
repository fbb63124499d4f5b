package io.headrace.protocol.batch;

import static io.headrace.protocol.batch.BatchDescriptor.HEADER_BYTES;
import static io.headrace.protocol.batch.BatchDescriptor.NO_TIMESTAMP;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * Makes a stored batch anew with some of its records, as compaction needs: what remains keeps its
 * offsets, and the batch its offset range, leader epoch, producer, sequence and codec.
 */
public final class BatchRewriter {
    private BatchRewriter() {}

    /**
     * The batch at {@code index} with only {@code retained} of its records, in their order.
     *
     * @param retained at least one, as read from that batch
     * @param deleteHorizonMs when tombstones and markers in it may go (KIP-534); if empty, the
     *     batch keeps the horizon that it has, or none
     */
    public static ByteBuffer retain(
            ByteBuffer source,
            int index,
            List<StoredRecord> retained,
            OptionalLong deleteHorizonMs) {
        CompressionCodec codec = BatchView.codec(source, index);
        if (codec == null) {
            throw new CorruptBatchException("The batch is compressed by an unknown codec");
        }
        boolean hasHorizon =
                deleteHorizonMs.isPresent() || BatchView.hasDeleteHorizon(source, index);
        long baseTimestamp =
                hasHorizon
                        ? deleteHorizonMs.orElse(BatchView.baseTimestampMs(source, index))
                        : retained.getFirst().timestampMs();
        ByteBuffer plain = encode(BatchView.baseOffset(source, index), baseTimestamp, retained);
        ByteBuffer batch =
                codec == CompressionCodec.NONE
                        ? plain
                        : CodecStreams.compressBatch(
                                codec, OptionalInt.empty(), plain, 0, plain.limit(), plain.limit());
        long maxTimestamp = NO_TIMESTAMP;
        for (StoredRecord record : retained) {
            maxTimestamp = Math.max(maxTimestamp, record.timestampMs());
        }
        int attributes =
                BatchView.attributes(source, index)
                        | (hasHorizon ? BatchDescriptor.DELETE_HORIZON_FLAG : 0);
        header(source, index, attributes, baseTimestamp, maxTimestamp, retained.size())
                .writeTo(batch);
        return batch;
    }

    /**
     * The batch at {@code index} without records: it still names its offsets, producer and
     * sequence.
     */
    public static ByteBuffer retainEmpty(ByteBuffer source, int index) {
        ByteBuffer batch = ByteBuffer.allocate(HEADER_BYTES);
        int attributes =
                BatchView.attributes(source, index)
                        & ~(BatchDescriptor.CODEC_MASK | BatchDescriptor.DELETE_HORIZON_FLAG);
        header(source, index, attributes, NO_TIMESTAMP, BatchView.maxTimestampMs(source, index), 0)
                .writeTo(batch);
        return batch;
    }

    private static ByteBuffer encode(
            long baseOffset, long baseTimestampMs, List<StoredRecord> retained) {
        long size = HEADER_BYTES;
        for (StoredRecord record : retained) {
            size += RecordFormat.maxSizeInBytes(record.key(), record.value(), record.headers());
        }
        ByteBuffer plain = ByteBuffer.allocate(Math.toIntExact(size));
        plain.position(HEADER_BYTES);
        for (StoredRecord record : retained) {
            List<byte[]> names = RecordFormat.encodeNames(record.headers());
            long timestampDelta = record.timestampMs() - baseTimestampMs;
            int offsetDelta = Math.toIntExact(record.offset() - baseOffset);
            long bodySize =
                    RecordFormat.bodySize(
                            timestampDelta,
                            offsetDelta,
                            record.key(),
                            record.value(),
                            names,
                            record.headers());
            RecordFormat.write(
                    plain,
                    (int) bodySize,
                    timestampDelta,
                    offsetDelta,
                    record.key(),
                    record.value(),
                    names,
                    record.headers());
        }
        return plain.flip().slice();
    }

    private static BatchHeader header(
            ByteBuffer source,
            int index,
            int attributes,
            long baseTimestampMs,
            long maxTimestampMs,
            int recordCount) {
        return new BatchHeader(
                BatchView.baseOffset(source, index),
                BatchView.lastOffsetDelta(source, index),
                BatchView.leaderEpoch(source, index),
                attributes,
                baseTimestampMs,
                maxTimestampMs,
                BatchView.producerId(source, index),
                BatchView.producerEpoch(source, index),
                BatchView.baseSequence(source, index),
                recordCount);
    }
}
