package io.headrace.protocol.batch.read;

import io.headrace.protocol.batch.BatchView;
import io.headrace.protocol.batch.CorruptBatchException;
import io.headrace.protocol.batch.RecordReader;
import io.headrace.protocol.batch.StoredRecord;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;

/** Finds records of one batch by time, as ListOffsets and the time index ask. */
public final class RecordSearch {
    private RecordSearch() {}

    /**
     * The first record of the batch, at or after {@code startOffset}, whose timestamp is at least
     * {@code timestampMs}; null when there is none. Throws {@link CorruptBatchException} on bad
     * bytes.
     */
    public static @Nullable TimestampedOffset firstAtOrAfter(
            ByteBuffer buffer,
            int index,
            long timestampMs,
            long startOffset,
            long maxDecompressedBytes) {
        if (BatchView.maxTimestampMs(buffer, index) < timestampMs
                || BatchView.lastOffset(buffer, index) < startOffset) {
            return null;
        }
        try (RecordReader records = RecordReader.open(buffer, index, maxDecompressedBytes)) {
            while (records.hasNext()) {
                StoredRecord record = records.next();
                if (record.timestampMs() >= timestampMs && record.offset() >= startOffset) {
                    return new TimestampedOffset(record.offset(), record.timestampMs());
                }
            }
            return null;
        }
    }

    /**
     * The first record of the batch that has the batch's highest timestamp; null when it has no
     * records. Throws {@link CorruptBatchException} on bad bytes.
     */
    public static @Nullable TimestampedOffset maxTimestamp(
            ByteBuffer buffer, int index, long maxDecompressedBytes) {
        TimestampedOffset max = null;
        try (RecordReader records = RecordReader.open(buffer, index, maxDecompressedBytes)) {
            while (records.hasNext()) {
                StoredRecord record = records.next();
                if (max == null || record.timestampMs() > max.timestampMs()) {
                    max = new TimestampedOffset(record.offset(), record.timestampMs());
                }
            }
        }
        return max;
    }
}
