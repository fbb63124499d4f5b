package io.headrace.storage.compaction;

import io.headrace.protocol.batch.BatchView;
import io.headrace.protocol.batch.CorruptBatchException;
import io.headrace.protocol.batch.RecordReader;
import io.headrace.protocol.batch.StoredRecord;
import io.headrace.storage.segment.AbortedTransactionEntry;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/**
 * Reads segments and writes what survives of them: the part of compaction that touches disk, batch
 * by batch, with every CRC checked before its batch is believed. Confined to the compaction thread.
 */
final class SegmentCleaner {
    /** Called often: it waits to keep within the rate, or throws when the pass shall end. */
    @FunctionalInterface
    interface Pace {
        void onBytes(long bytes);
    }

    /** What a pass did. */
    static final class Tally {
        long batchesRead;
        long bytesRead;
        long bytesWritten;
    }

    private final long maxDecompressedBytes;
    private final Pace pace;

    SegmentCleaner(long maxDecompressedBytes, Pace pace) {
        this.maxDecompressedBytes = maxDecompressedBytes;
        this.pace = pace;
    }

    /**
     * Fills an empty map from records at and after the first dirty offset, until it is full or the
     * range ends.
     *
     * @return the offset up to which, exclusive, the map knows every key: the end of the range if
     *     all fitted
     */
    long index(
            Path directory,
            List<SegmentSummary> dirty,
            long firstDirtyOffset,
            Collection<AbortedTransactionEntry> aborted,
            OffsetMap map)
            throws IOException {
        TransactionTracker transactions = new TransactionTracker(aborted, needed -> {});
        for (SegmentSummary segment : dirty) {
            try (SegmentBatches batches =
                    SegmentBatches.open(directory, segment.baseOffset(), segment.sizeInBytes())) {
                while (batches.next()) {
                    pace.onBytes(batches.sizeInBytes());
                    if (!indexBatch(
                            batches.buffer(),
                            batches.index(),
                            firstDirtyOffset,
                            transactions,
                            map)) {
                        return map.latestOffset() + 1;
                    }
                }
            }
            map.seenUpTo(segment.nextOffset() - 1);
        }
        return map.latestOffset() + 1;
    }

    private boolean indexBatch(
            ByteBuffer buffer,
            int index,
            long firstDirtyOffset,
            TransactionTracker transactions,
            OffsetMap map) {
        boolean discardable = transactions.isDiscardable(buffer, index);
        if (BatchView.lastOffset(buffer, index) < firstDirtyOffset) {
            return true;
        }
        if (!discardable && !BatchView.isControl(buffer, index)) {
            try (RecordReader records = RecordReader.open(buffer, index, maxDecompressedBytes)) {
                while (records.hasNext()) {
                    StoredRecord record = records.next();
                    ByteBuffer key = record.key();
                    if (key != null
                            && record.offset() >= firstDirtyOffset
                            && !map.put(key, record.offset())) {
                        return false;
                    }
                }
            }
        }
        map.seenUpTo(BatchView.lastOffset(buffer, index));
        return true;
    }

    /**
     * Writes what survives of a group of segments as one, under names of unfinished files.
     *
     * @param filter is carried from group to group of a pass
     * @param stillNeeded where the filter's transactions name those that the segment's index needs
     * @return null when the group has no batches at all: there is nothing to replace
     */
    @Nullable CleanedSegment clean(
            Path directory,
            List<SegmentSummary> group,
            BatchFilter filter,
            List<AbortedTransactionEntry> stillNeeded,
            int indexIntervalBytes,
            Tally tally)
            throws IOException {
        long lastOffset = lastOffsetOf(directory, group);
        if (lastOffset < 0) {
            return null;
        }
        stillNeeded.clear();
        long baseOffset = group.getFirst().baseOffset();
        try (CleanedSegmentWriter writer =
                new CleanedSegmentWriter(directory, baseOffset, indexIntervalBytes)) {
            for (SegmentSummary segment : group) {
                cleanSegment(directory, segment, filter, lastOffset, writer, tally);
            }
            stillNeeded.forEach(writer::addAborted);
            return writer.finish();
        }
    }

    private void cleanSegment(
            Path directory,
            SegmentSummary segment,
            BatchFilter filter,
            long lastOffset,
            CleanedSegmentWriter writer,
            Tally tally)
            throws IOException {
        try (SegmentBatches batches =
                SegmentBatches.open(directory, segment.baseOffset(), segment.sizeInBytes())) {
            while (batches.next()) {
                ByteBuffer buffer = batches.buffer();
                int index = batches.index();
                pace.onBytes(batches.sizeInBytes());
                tally.batchesRead++;
                tally.bytesRead += batches.sizeInBytes();
                boolean ends = BatchView.lastOffset(buffer, index) == lastOffset;
                ByteBuffer kept = filter.filter(buffer, index, ends);
                if (kept != null) {
                    tally.bytesWritten += kept.remaining();
                    pace.onBytes(kept.remaining());
                    writer.append(kept);
                }
            }
        }
    }

    /** The most keys that the segments can have: one for each of their offsets that is taken. */
    static long keysMax(Path directory, List<SegmentSummary> segments) throws IOException {
        long count = 0;
        for (SegmentSummary segment : segments) {
            count +=
                    SegmentBatches.offsetCount(
                            directory, segment.baseOffset(), segment.sizeInBytes());
        }
        return count;
    }

    private static long lastOffsetOf(Path directory, List<SegmentSummary> group)
            throws IOException {
        for (SegmentSummary segment : group.reversed()) {
            long last =
                    SegmentBatches.lastOffset(
                            directory, segment.baseOffset(), segment.sizeInBytes());
            if (last >= 0) {
                return last;
            }
        }
        return -1;
    }

    /** The first timestamp of a segment, -1 when it is empty. */
    static long firstTimestampMs(Path directory, SegmentSummary segment) throws IOException {
        try (SegmentBatches batches =
                SegmentBatches.open(directory, segment.baseOffset(), segment.sizeInBytes())) {
            return batches.next()
                    ? BatchView.maxTimestampMs(batches.buffer(), batches.index())
                    : -1;
        }
    }

    /** Makes a filter for a pass. */
    BatchFilter filter(
            OffsetMap map,
            TransactionTracker transactions,
            Map<Long, LastWritten> producers,
            long deleteRetentionMs,
            long nowMs) {
        return new BatchFilter(
                map, transactions, producers, deleteRetentionMs, nowMs, maxDecompressedBytes);
    }

    static CorruptBatchException corrupt(Path log, long position, String what) {
        return new CorruptBatchException(log + " at byte " + position + ": " + what);
    }
}
