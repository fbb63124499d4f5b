package io.headrace.storage.compaction;

import io.headrace.storage.segment.AbortedTransactionEntry;

import java.util.List;
import java.util.Map;

/**
 * A log at one moment, as its owner saw it.
 *
 * @param closed its segments but the active one, by offset
 * @param logStartOffset the first readable offset
 * @param highWatermark nothing at or above it is compacted: it may still be truncated
 * @param lastStableOffset nothing at or above it is compacted: its transaction is undecided
 * @param aborted aborted transactions with records below the last stable offset, wherever their
 *     markers are
 * @param producers what each remembered producer wrote last
 */
public record LogSummary(
        List<SegmentSummary> closed,
        long logStartOffset,
        long highWatermark,
        long lastStableOffset,
        List<AbortedTransactionEntry> aborted,
        Map<Long, LastWritten> producers) {
    public LogSummary {
        closed = List.copyOf(closed);
        aborted = List.copyOf(aborted);
        producers = Map.copyOf(producers);
    }
}
