package io.headrace.coordinator.shard;

import io.headrace.protocol.batch.BatchSet;
import io.headrace.protocol.batch.BatchView;
import io.headrace.protocol.batch.CorruptBatchException;
import io.headrace.protocol.batch.RecordReader;
import io.headrace.protocol.batch.StoredRecord;

import java.nio.ByteBuffer;
import java.util.function.Consumer;

/** Reads the records of a shard's batches, fences included. */
final class BatchDecoder {
    private static final long MAX_DECOMPRESSED_BYTES = 64L << 20;

    private BatchDecoder() {}

    /**
     * Hands out the records from {@code fromOffset} up to {@code endOffset} (exclusive), in order.
     * Batches of transactions and their markers are left out: no owner of this version writes any.
     *
     * @return the offset to read next; {@code fromOffset} when no whole batch reaches it
     * @throws CorruptBatchException if a batch's bytes are not those written, or a key is missing
     */
    static long read(
            ByteBuffer batches, long fromOffset, long endOffset, Consumer<ShardRecord> records) {
        BatchSet set = BatchSet.of(batches);
        long nextOffset = fromOffset;
        while (nextOffset < endOffset && set.next()) {
            int index = set.index();
            if (BatchView.nextOffset(batches, index) <= nextOffset) {
                continue;
            }
            if (!BatchView.isCrcValid(batches, index)) {
                throw new CorruptBatchException(
                        "The batch at offset "
                                + BatchView.baseOffset(batches, index)
                                + " has a wrong CRC");
            }
            if (!BatchView.isControl(batches, index)
                    && !BatchView.isTransactional(batches, index)) {
                readBatch(batches, index, nextOffset, endOffset, records);
            }
            nextOffset = BatchView.nextOffset(batches, index);
        }
        return Math.min(nextOffset, endOffset);
    }

    private static void readBatch(
            ByteBuffer batches,
            int index,
            long fromOffset,
            long endOffset,
            Consumer<ShardRecord> records) {
        try (RecordReader reader = RecordReader.open(batches, index, MAX_DECOMPRESSED_BYTES)) {
            while (reader.hasNext()) {
                StoredRecord record = reader.next();
                if (record.offset() < fromOffset || record.offset() >= endOffset) {
                    continue;
                }
                ByteBuffer key = record.key();
                if (key == null || key.remaining() < 2) {
                    throw new CorruptBatchException("Record " + record.offset() + " has no key");
                }
                records.accept(new ShardRecord(key, record.value()));
            }
        }
    }
}
