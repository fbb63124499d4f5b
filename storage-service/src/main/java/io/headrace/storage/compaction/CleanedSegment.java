package io.headrace.storage.compaction;

import io.headrace.storage.segment.AbortedTransactionEntry;

import java.util.List;

/**
 * A segment that compaction wrote, complete on disk.
 *
 * @param baseOffset the base offset of the first segment that it replaces
 * @param nextOffset after the last offset of its last batch
 * @param sizeInBytes of its records file
 * @param maxTimestampMs its highest record timestamp, -1 if none
 * @param offsetOfMaxTimestamp last offset of the first batch that has it, -1 if none
 * @param offsetIndexEntries how many entries its offset index has
 * @param timeIndexEntries how many entries its time index has
 * @param aborted the entries of its transaction index
 * @param hasHoles whether offsets are missing before or between its batches
 */
public record CleanedSegment(
        long baseOffset,
        long nextOffset,
        long sizeInBytes,
        long maxTimestampMs,
        long offsetOfMaxTimestamp,
        int offsetIndexEntries,
        int timeIndexEntries,
        List<AbortedTransactionEntry> aborted,
        boolean hasHoles) {
    public CleanedSegment {
        aborted = List.copyOf(aborted);
    }
}
