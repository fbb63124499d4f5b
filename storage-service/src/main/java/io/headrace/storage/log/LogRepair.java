package io.headrace.storage.log;

import io.headrace.storage.compaction.CleanedSegment;
import io.headrace.storage.compaction.SegmentSummary;
import io.headrace.storage.repair.ClosedSegment;
import io.headrace.storage.repair.RepairableLog;
import io.headrace.storage.segment.AbortedTransactionEntry;
import io.headrace.storage.segment.Segment;

import org.apache.kafka.common.TopicIdPartition;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** A log as repair sees it. */
final class LogRepair implements RepairableLog {
    private final PartitionLog log;

    LogRepair(PartitionLog log) {
        this.log = log;
    }

    @Override
    public TopicIdPartition id() {
        return log.id();
    }

    @Override
    public List<Long> closedBaseOffsets() {
        Segment[] all = log.segments().all();
        List<Long> closed = new ArrayList<>(all.length - 1);
        for (int i = 0; i < all.length - 1; i++) {
            closed.add(all[i].baseOffset());
        }
        return closed;
    }

    @Override
    public CompletableFuture<Optional<ClosedSegment>> closedSegment(long offset) {
        return CompletableFuture.supplyAsync(() -> closedNow(offset), log.loop());
    }

    private Optional<ClosedSegment> closedNow(long offset) {
        // A segment may begin below the log's start, and be asked for by where it begins.
        boolean isGone = log.isClosed() || log.isOffline() || log.isTruncating();
        if (isGone || offset >= log.logEndOffset()) {
            return Optional.empty();
        }
        if (offset >= log.activeSegment().baseOffset()) {
            try {
                log.segments().roll(log.context().runtime().clockMs().getAsLong());
            } catch (IOException e) {
                log.directory().onWriteFailed(e); // if only full, when it is asked for again
                return Optional.empty();
            }
        }
        Segment[] all = log.segments().all();
        int index = log.segments().floorIndex(Math.max(offset, log.logStartOffset()));
        if (index == all.length - 1) {
            return Optional.empty();
        }
        long nextOffset = all[index + 1].baseOffset();
        if (log.recoveryPoint() < nextOffset) {
            // Nothing else may have it flushed, where nobody waits for that.
            log.upkeep().checkpoint();
            log.flusher().request();
        }
        return Optional.of(closed(all[index], nextOffset));
    }

    private ClosedSegment closed(Segment segment, long nextOffset) {
        List<AbortedTransactionEntry> aborted = segment.aborted();
        return new ClosedSegment(
                log.path(),
                new SegmentSummary(
                        segment.baseOffset(),
                        nextOffset,
                        segment.sizeInBytes(),
                        segment.maxTimestampMs()),
                segment.offsets().view(),
                log.epochs().copy(),
                aborted,
                Math.min(log.highWatermark(), log.recoveryPoint()),
                log.logStartOffset(),
                log.segments().hasHoles(),
                log.segments().hasHoles() || log.config().compact(),
                log.config().indexIntervalBytes());
    }

    @Override
    public CompletableFuture<Boolean> replace(ClosedSegment damaged, CleanedSegment repaired) {
        return log.compactable().replace(List.of(damaged.summary()), repaired);
    }

    @Override
    public boolean beginRewrite() {
        return log.segments().beginRewrite();
    }

    @Override
    public void endRewrite() {
        log.segments().endRewrite();
    }
}
