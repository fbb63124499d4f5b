package io.headrace.client.consume;

import io.headrace.protocol.batch.CorruptBatchException;
import io.headrace.protocol.batch.read.AbortedTransaction;
import io.headrace.protocol.batch.read.BatchVisibility;
import io.headrace.protocol.batch.read.FetchedRecords;

import org.apache.kafka.common.TopicPartition;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * What one fetch answered for one partition: whole record batches as they are stored, not copied,
 * not decoded. Keep it as long as wanted; it is plain memory.
 *
 * @param fetchOffset what was asked for; the first batch may begin below it
 * @param logStartOffset first readable offset; -1 when unknown
 * @param highWatermark end of what is replicated, exclusive
 * @param lastStableOffset end of what is decided (read_committed), exclusive; -1 when unknown
 * @param batches the batches from position to limit; the last may be cut off. Empty when there is
 *     nothing yet
 * @param aborted the aborted transactions among them, for read_committed
 */
public record FetchedBatches(
        TopicPartition topicPartition,
        long fetchOffset,
        long logStartOffset,
        long highWatermark,
        long lastStableOffset,
        ByteBuffer batches,
        IsolationLevel isolation,
        List<AbortedTransaction> aborted) {
    /** The size of the batches. */
    public int sizeInBytes() {
        return batches.remaining();
    }

    /** The records and where to fetch next. */
    public record Decoded(List<ConsumedRecord> records, long nextOffset) {}

    /**
     * Decodes the visible records from the fetch offset on.
     *
     * @throws CorruptBatchException when a batch is damaged, or decompresses to more than the limit
     */
    public Decoded decode(long maxDecompressedBytes) {
        List<ConsumedRecord> records = new ArrayList<>();
        try (RecordCursor cursor = new RecordCursor(this, maxDecompressedBytes, true)) {
            while (cursor.hasNext()) {
                records.add(cursor.next());
            }
            return new Decoded(records, cursor.nextFetchOffset());
        }
    }

    /** Opens the records for reading one by one. */
    FetchedRecords open(long maxDecompressedBytes, boolean checkCrcs) {
        BatchVisibility visibility =
                isolation == IsolationLevel.READ_COMMITTED
                        ? BatchVisibility.readCommitted(aborted)
                        : BatchVisibility.readUncommitted();
        return new FetchedRecords(
                batches.duplicate(), fetchOffset, visibility, maxDecompressedBytes, checkCrcs);
    }
}
