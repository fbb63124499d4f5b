package io.headrace.storage.repair;

import io.headrace.storage.compaction.CleanedSegment;
import io.headrace.storage.file.FileWindow;
import io.headrace.storage.recovery.SegmentSwap;
import io.headrace.storage.segment.SegmentFiles;

import org.apache.kafka.common.TopicIdPartition;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;
import java.util.function.LongConsumer;

/**
 * Puts damaged segments right, one at a time, on a thread of its own.
 *
 * <pre>
 *   asked for an offset - audit its segment - fetch the damaged spans from a peer
 *       - write the segment anew beside the old one - audit that - swap
 * </pre>
 */
public final class LogRepairer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LogRepairer.class);
    private static final int WAITING_MAX = 1_000;
    private static final int ATTEMPTS = 100;
    private static final long AGAIN_MS = 100;
    private static final long REST_NANOS = 1_000_000_000L;

    private final Function<TopicIdPartition, @Nullable RepairableLog> logs;
    private final Peers peers;
    private final RepairCounters counters = new RepairCounters();
    private final Map<TopicIdPartition, CompletableFuture<RepairOutcome>> running =
            new ConcurrentHashMap<>();
    private final Map<TopicIdPartition, Long> failedNanos = new ConcurrentHashMap<>();
    private final ExecutorService thread =
            Executors.newSingleThreadExecutor(
                    Thread.ofPlatform().daemon().name("storage-repair").factory());
    private volatile boolean closed;

    /**
     * @param logs answers null for those that this node has not
     */
    public LogRepairer(Function<TopicIdPartition, @Nullable RepairableLog> logs, Peers peers) {
        this.logs = logs;
        this.peers = peers;
    }

    /** What was found and done. */
    public RepairCounters counters() {
        return counters;
    }

    /**
     * Has the segment that holds an offset audited and repaired. Asked again for the same log while
     * it is at it, answers the same. Any thread.
     */
    public CompletableFuture<RepairOutcome> repair(TopicIdPartition id, long offset) {
        if (!peers.hasOthers(id)) {
            return CompletableFuture.completedFuture(RepairOutcome.IMPOSSIBLE);
        }
        Long failed = failedNanos.get(id);
        boolean rests = failed != null && System.nanoTime() - failed < REST_NANOS;
        if (closed || rests || running.size() >= WAITING_MAX) {
            return CompletableFuture.completedFuture(RepairOutcome.NOT_NOW);
        }
        CompletableFuture<RepairOutcome> mine = new CompletableFuture<>();
        CompletableFuture<RepairOutcome> earlier = running.putIfAbsent(id, mine);
        if (earlier != null) {
            return earlier;
        }
        thread.execute(() -> run(id, offset, mine));
        return mine;
    }

    private void run(TopicIdPartition id, long offset, CompletableFuture<RepairOutcome> result) {
        RepairOutcome outcome = RepairOutcome.NOT_NOW;
        try {
            repairNow(id, offset);
            outcome = RepairOutcome.WHOLE;
            failedNanos.remove(id);
        } catch (InterruptedException e) {
            LOG.debug("The repair of {} was interrupted", id);
            Thread.currentThread().interrupt();
        } catch (RepairFailedException | IOException | RuntimeException e) {
            counters.failures.increment();
            failedNanos.put(id, System.nanoTime());
            LOG.error("{} is damaged around offset {} and cannot be repaired now", id, offset, e);
        } finally {
            running.remove(id);
            result.complete(outcome);
        }
    }

    private void repairNow(TopicIdPartition id, long offset)
            throws IOException, RepairFailedException, InterruptedException {
        RepairableLog log = logs.apply(id);
        if (log == null) {
            throw new RepairFailedException("it has no open log");
        }
        for (int attempt = 0; attempt < ATTEMPTS && !closed; attempt++) {
            if (log.beginRewrite()) {
                try {
                    if (tryRepair(log, offset)) {
                        return;
                    }
                } finally {
                    log.endRewrite();
                }
            }
            Thread.sleep(AGAIN_MS);
        }
        throw new RepairFailedException("it cannot be replaced yet");
    }

    /** Whether the segment is whole now. */
    private boolean tryRepair(RepairableLog log, long offset)
            throws IOException, RepairFailedException, InterruptedException {
        Optional<ClosedSegment> found = await(log.closedSegment(offset));
        if (found.isEmpty()) {
            return true;
        }
        ClosedSegment segment = found.get();
        List<DamagedSpan> spans;
        try {
            spans = audit(segment, false, bytes -> {});
        } catch (NoSuchFileException e) {
            return false; // removed or replaced meanwhile: look again
        }
        if (spans.stream().noneMatch(span -> span.endOffset() > segment.logStartOffset())) {
            return true;
        }
        if (segment.settledOffset() < segment.summary().nextOffset()) {
            return false;
        }
        counters.damagedSegments.increment();
        LOG.error("{}: damaged in {}: {}", log.id(), segment.summary(), spans);
        try {
            CleanedSegment written = new SegmentRewrite(log.id(), segment, peers).write(spans);
            if (!await(log.replace(segment, written))) {
                SegmentSwap.deleteCleaned(segment.directory(), segment.summary().baseOffset());
                return false;
            }
        } catch (RepairFailedException | RuntimeException e) {
            SegmentSwap.deleteCleaned(segment.directory(), segment.summary().baseOffset());
            throw e;
        }
        counters.repairedSegments.increment();
        LOG.warn("{}: repaired from a peer: {}", log.id(), segment.summary());
        return true;
    }

    /** What of a closed segment is no good batches. */
    static List<DamagedSpan> audit(ClosedSegment segment, boolean pastPageCache, LongConsumer pace)
            throws IOException {
        try (FileWindow file =
                FileWindow.open(
                        SegmentFiles.path(
                                segment.directory(),
                                segment.summary().baseOffset(),
                                SegmentFiles.LOG),
                        pastPageCache,
                        pace)) {
            return new SegmentAudit(file, segment.offsets().valuesAbove(0), segment).run();
        }
    }

    private static <T> T await(CompletableFuture<T> future)
            throws RepairFailedException, InterruptedException {
        try {
            return future.get();
        } catch (ExecutionException e) {
            throw new RepairFailedException("the log did not answer", e);
        }
    }

    /** Ends what is under way; nothing more is repaired. */
    @Override
    public void close() {
        closed = true;
        thread.shutdownNow();
    }
}
