package io.headrace.storage.repair;

import io.headrace.storage.compaction.CleanedSegment;
import io.headrace.storage.compaction.SegmentSummary;
import io.headrace.storage.epoch.LeaderEpochs;
import io.headrace.storage.segment.AbortedTransactionEntry;
import io.headrace.storage.segment.SparseIndex;

import java.nio.file.Path;
import java.util.List;

/**
 * A closed segment at one moment, with what its batches must fit.
 *
 * @param directory of the log
 * @param offsets its index
 * @param epochs of the log
 * @param aborted the entries of its transaction index
 * @param settledOffset below it the log is committed and on the device
 * @param logStartOffset nobody reads below it
 * @param hasHoles whether offsets may be missing between its batches
 * @param takesHoles whether they may be in what a peer has in its place: compaction leaves them
 * @param indexIntervalBytes {@code index.interval.bytes}
 */
public record ClosedSegment(
        Path directory,
        SegmentSummary summary,
        SparseIndex.View offsets,
        LeaderEpochs epochs,
        List<AbortedTransactionEntry> aborted,
        long settledOffset,
        long logStartOffset,
        boolean hasHoles,
        boolean takesHoles,
        int indexIntervalBytes) {
    public ClosedSegment {
        aborted = List.copyOf(aborted);
    }

    /** What it is to be, once written anew. */
    ClosedSegment rewrittenAs(CleanedSegment written) {
        return new ClosedSegment(
                directory,
                new SegmentSummary(
                        summary.baseOffset(),
                        summary.nextOffset(),
                        written.sizeInBytes(),
                        written.maxTimestampMs()),
                offsets,
                epochs,
                aborted,
                settledOffset,
                logStartOffset,
                hasHoles || written.hasHoles(),
                takesHoles,
                indexIntervalBytes);
    }
}
