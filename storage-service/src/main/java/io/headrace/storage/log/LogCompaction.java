package io.headrace.storage.log;

import io.headrace.storage.compaction.CleanedSegment;
import io.headrace.storage.compaction.CompactableLog;
import io.headrace.storage.compaction.CompactionSettings;
import io.headrace.storage.compaction.LastWritten;
import io.headrace.storage.compaction.LogSummary;
import io.headrace.storage.compaction.SegmentSummary;
import io.headrace.storage.file.LogFile;
import io.headrace.storage.recovery.SegmentSwap;
import io.headrace.storage.recovery.VerifiedPoint;
import io.headrace.storage.segment.AbortedTransactionEntry;
import io.headrace.storage.segment.Segment;
import io.headrace.storage.segment.SparseIndex;

import org.apache.kafka.common.TopicIdPartition;
import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;

/**
 * A log as compaction sees it: what it is on the owner loop, and the replacement of segments, whose
 * file work runs among the log's serial tasks, so never beside a truncation or a removal.
 */
final class LogCompaction implements CompactableLog {
    private final PartitionLog log;

    LogCompaction(PartitionLog log) {
        this.log = log;
    }

    @Override
    public TopicIdPartition id() {
        return log.id();
    }

    @Override
    public Path directory() {
        return log.path();
    }

    @Override
    public @Nullable CompactionSettings compaction() {
        LogConfig config = log.config();
        return config.compact() && !log.isClosed() && !log.isOffline()
                ? new CompactionSettings(
                        config.minCleanableDirtyRatio(),
                        config.minCompactionLagMs(),
                        config.maxCompactionLagMs(),
                        config.deleteRetentionMs(),
                        config.segmentBytes(),
                        config.segmentIndexBytes(),
                        config.indexIntervalBytes())
                : null;
    }

    @Override
    public CompletableFuture<LogSummary> summarize() {
        // After a start the largest times are still in the indexes: an I/O thread reads them first.
        return log.upkeep()
                .tasks()
                .onIo(
                        () -> {
                            Segment[] segments = log.segments().all();
                            for (int i = 0; i < segments.length - 1; i++) {
                                segments[i].loadMaxTimestampMs();
                            }
                            return true;
                        })
                .thenApplyAsync(loaded -> summary(), log.loop());
    }

    private LogSummary summary() {
        Segment[] segments = log.segments().all();
        List<SegmentSummary> closed = new ArrayList<>(segments.length - 1);
        List<AbortedTransactionEntry> aborted = new ArrayList<>();
        for (int i = 0; i < segments.length; i++) {
            aborted.addAll(segments[i].aborted());
            if (i < segments.length - 1) {
                closed.add(
                        new SegmentSummary(
                                segments[i].baseOffset(),
                                segments[i + 1].baseOffset(),
                                segments[i].sizeInBytes(),
                                segments[i].maxTimestampMs()));
            }
        }
        Map<Long, LastWritten> producers = new HashMap<>();
        log.producerStates()
                .visitLastWritten(
                        (producerId, lastDataOffset, producerEpoch) ->
                                producers.put(
                                        producerId,
                                        new LastWritten(lastDataOffset, producerEpoch)));
        return new LogSummary(
                closed,
                log.logStartOffset(),
                Math.min(log.highWatermark(), log.recoveryPoint()),
                log.lastStableOffset(),
                aborted,
                producers);
    }

    @Override
    public CompletableFuture<Boolean> replace(
            List<SegmentSummary> segments, CleanedSegment cleaned) {
        return CompletableFuture.supplyAsync(
                        () -> log.upkeep().tasks().steps(() -> swap(segments, cleaned)), log.loop())
                .thenCompose(swapped -> swapped);
    }

    @Override
    public boolean beginRewrite() {
        return log.segments().beginRewrite();
    }

    @Override
    public void endRewrite() {
        log.segments().endRewrite();
    }

    /** Steps on the owner loop and on I/O threads, with no other serial task of this log beside. */
    private CompletableFuture<Boolean> swap(
            List<SegmentSummary> summaries, CleanedSegment cleaned) {
        return CompletableFuture.completedFuture(summaries)
                .thenApplyAsync(this::reserve, log.loop())
                .thenCompose(
                        old ->
                                old.isEmpty()
                                        ? CompletableFuture.completedFuture(false)
                                        : exchange(old, cleaned, summaries.getLast().nextOffset()));
    }

    /** Only renames: one that fails, for whatever reason, leaves what a restart puts right. */
    private CompletableFuture<Boolean> exchange(
            List<Segment> old, CleanedSegment cleaned, long nextBaseOffset) {
        boolean leavesHoles = cleaned.hasHoles() || cleaned.nextOffset() < nextBaseOffset;
        return log.upkeep()
                .tasks()
                .onIo(
                        () -> {
                            // No entry of the journal, nor a point to recover from, may name a
                            // file that is about to be another one.
                            log.directory().settle(log.journalKey());
                            log.directory().writeCheckpoints(true);
                            if (leavesHoles) {
                                log.segments().noteHoles();
                            }
                            return orFail(() -> commit(cleaned));
                        })
                .thenApplyAsync(
                        replacement -> {
                            log.segments().replace(old, replacement);
                            return replacement;
                        },
                        log.loop())
                .thenCompose(
                        replacement ->
                                log.upkeep()
                                        .tasks()
                                        .onIo(
                                                () ->
                                                        orFail(
                                                                () -> {
                                                                    SegmentSwap.finish(
                                                                            log.path(),
                                                                            cleaned.baseOffset(),
                                                                            cleaned.nextOffset());
                                                                    return true;
                                                                })))
                .whenCompleteAsync((done, failure) -> log.setReplacingSegments(false), log.loop());
    }

    private Segment commit(CleanedSegment cleaned) throws IOException {
        Path directory = log.path();
        SegmentSwap.commit(directory, cleaned.baseOffset());
        LogFile file = LogFile.open(SegmentSwap.swapLog(directory, cleaned.baseOffset()));
        Segment replacement = segment(directory, cleaned);
        // Open from now on: nothing asks for its name before it has it.
        log.context().openFiles().put(replacement, file);
        return replacement;
    }

    private <T> T orFail(Callable<T> renames) throws Exception {
        try {
            return renames.call();
        } catch (IOException e) {
            log.directory().fail(e);
            throw e;
        }
    }

    /** The segments that are summarized, if they are still there and may go; else none. */
    private List<Segment> reserve(List<SegmentSummary> summaries) {
        if (log.isClosed() || log.isOffline() || log.isTruncating()) {
            return List.of();
        }
        Segment[] all = log.segments().all();
        int first = log.segments().floorIndex(summaries.getFirst().baseOffset());
        int end = first + summaries.size();
        if (end > all.length - 1) {
            return List.of();
        }
        for (int i = 0; i < summaries.size(); i++) {
            Segment segment = all[first + i];
            if (segment.baseOffset() != summaries.get(i).baseOffset()
                    || segment.sizeInBytes() != summaries.get(i).sizeInBytes()) {
                return List.of();
            }
        }
        VerifiedPoint verified = log.upkeep().published().verified();
        if (verified != null && verified.segmentBaseOffset() < summaries.getLast().nextOffset()) {
            return List.of();
        }
        log.setReplacingSegments(true);
        return List.copyOf(Arrays.asList(all).subList(first, end));
    }

    private static Segment segment(Path directory, CleanedSegment cleaned) {
        SparseIndex.Entry lastTime =
                cleaned.timeIndexEntries() == 0
                        ? SparseIndex.Entry.NONE
                        : new SparseIndex.Entry(
                                cleaned.maxTimestampMs(),
                                (int) (cleaned.offsetOfMaxTimestamp() - cleaned.baseOffset()));
        return new Segment(
                directory,
                cleaned.baseOffset(),
                cleaned.sizeInBytes(),
                cleaned.offsetIndexEntries(),
                cleaned.timeIndexEntries(),
                lastTime,
                cleaned.aborted());
    }
}
