package io.headrace.storage.compaction;

import io.headrace.storage.recovery.SegmentSwap;
import io.headrace.storage.segment.AbortedTransactionEntry;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/**
 * One pass over one log: indexes what is dirty, cleans everything up to where the map knows all
 * keys, and swaps group by group. Blocks; confined to the compaction thread.
 */
final class CompactionPass {
    private final CompactableLog log;
    private final CompactionSettings settings;
    private final SegmentCleaner cleaner;
    private final CompactionProperties properties;
    private final SegmentCleaner.Tally tally = new SegmentCleaner.Tally();

    CompactionPass(
            CompactableLog log,
            CompactionSettings settings,
            SegmentCleaner cleaner,
            CompactionProperties properties) {
        this.log = log;
        this.settings = settings;
        this.cleaner = cleaner;
        this.properties = properties;
    }

    SegmentCleaner.Tally tally() {
        return tally;
    }

    /**
     * Cleans.
     *
     * @return the offset up to which, exclusive, the log is clean now; the first dirty offset when
     *     the log was changed by others meanwhile and nothing was done
     */
    long run(LogSummary summary, DirtyRange range, long nowMs)
            throws IOException, InterruptedException {
        Path directory = log.directory();
        List<SegmentSummary> dirty = range.dirtySegments(summary);
        OffsetMap map =
                OffsetMap.withRoomFor(
                        SegmentCleaner.keysMax(directory, dirty),
                        properties.dedupeBufferBytes(),
                        properties.dedupeBufferLoadFactor());
        long endOffset =
                cleaner.index(directory, dirty, range.firstDirtyOffset(), summary.aborted(), map);
        List<AbortedTransactionEntry> stillNeeded = new ArrayList<>();
        TransactionTracker transactions =
                new TransactionTracker(summary.aborted(), stillNeeded::add);
        BatchFilter filter =
                cleaner.filter(
                        map,
                        transactions,
                        summary.producers(),
                        settings.deleteRetentionMs(),
                        nowMs);
        List<List<SegmentSummary>> groups =
                DirtyRange.group(
                        summary.closed(),
                        endOffset,
                        settings.segmentBytes(),
                        settings.indexBytes() / 12,
                        settings.indexIntervalBytes());
        for (List<SegmentSummary> group : groups) {
            CleanedSegment cleaned =
                    cleaner.clean(
                            directory,
                            group,
                            filter,
                            stillNeeded,
                            settings.indexIntervalBytes(),
                            tally);
            if (cleaned != null && !await(log.replace(group, cleaned))) {
                SegmentSwap.deleteCleaned(directory, cleaned.baseOffset());
                return range.firstDirtyOffset();
            }
        }
        return endOffset;
    }

    static <T extends @Nullable Object> T await(CompletableFuture<T> future)
            throws IOException, InterruptedException {
        try {
            return future.get();
        } catch (ExecutionException e) {
            throw new IOException("The log refused: " + e.getCause(), e);
        }
    }
}
