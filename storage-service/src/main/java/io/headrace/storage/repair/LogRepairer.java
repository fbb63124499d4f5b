package io.headrace.storage.repair;

import io.headrace.storage.compaction.CleanedSegment;
import io.headrace.storage.file.FileWindow;
import io.headrace.storage.recovery.SegmentSwap;
import io.headrace.storage.segment.SegmentFiles;
import io.headrace.transport.loop.Loop;

import org.apache.kafka.common.TopicIdPartition;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;

/**
 * Puts damaged segments right, one at a time.
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
    private static final long REST_MS = 1_000;

    private final Function<TopicIdPartition, @Nullable RepairableLog> logs;
    private final Peers peers;
    private final Executor io;
    private final Loop timer;
    private final LongSupplier monotonicMs;
    private final RepairCounters counters = new RepairCounters();
    private final Map<TopicIdPartition, CompletableFuture<RepairOutcome>> running =
            new ConcurrentHashMap<>();
    private final Map<TopicIdPartition, Long> failedMs = new ConcurrentHashMap<>();
    private final ArrayDeque<Job> waiting = new ArrayDeque<>();
    private boolean working;
    private volatile boolean closed;

    /** What was asked for, and how often it may still be tried. */
    private record Job(
            TopicIdPartition id,
            long offset,
            int attempts,
            CompletableFuture<RepairOutcome> outcome) {
        Job again() {
            return new Job(id, offset, attempts - 1, outcome);
        }
    }

    /**
     * @param logs answers null for those that this node has not
     * @param io where files are read and written, which blocks
     * @param timer any loop
     * @param monotonicMs a clock that is never set
     */
    public LogRepairer(
            Function<TopicIdPartition, @Nullable RepairableLog> logs,
            Peers peers,
            Executor io,
            Loop timer,
            LongSupplier monotonicMs) {
        this.logs = logs;
        this.peers = peers;
        this.io = io;
        this.timer = timer;
        this.monotonicMs = monotonicMs;
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
        Long failed = failedMs.get(id);
        boolean rests = failed != null && monotonicMs.getAsLong() - failed < REST_MS;
        if (closed || rests || running.size() >= WAITING_MAX) {
            return CompletableFuture.completedFuture(RepairOutcome.NOT_NOW);
        }
        CompletableFuture<RepairOutcome> mine = new CompletableFuture<>();
        CompletableFuture<RepairOutcome> earlier = running.putIfAbsent(id, mine);
        if (earlier != null) {
            return earlier;
        }
        synchronized (waiting) {
            waiting.add(new Job(id, offset, ATTEMPTS, mine));
        }
        startNext();
        return mine;
    }

    private void startNext() {
        Job next;
        synchronized (waiting) {
            next = working ? null : waiting.poll();
            working |= next != null;
        }
        if (next != null) {
            execute(next);
        }
    }

    private void execute(Job job) {
        if (closed) {
            onAttempted(job, false, null);
            return;
        }
        CompletableFuture.supplyAsync(() -> attempt(job), io)
                .thenCompose(Function.identity())
                .whenComplete((whole, failure) -> onAttempted(job, whole, failure));
    }

    private void onAttempted(Job job, @Nullable Boolean whole, @Nullable Throwable failure) {
        boolean again = failure == null && !Boolean.TRUE.equals(whole);
        if (again && !closed && job.attempts() > 1) {
            timer.schedule(() -> execute(job.again()), AGAIN_MS);
            return;
        }
        RepairOutcome outcome = RepairOutcome.NOT_NOW;
        if (failure == null && !again) {
            outcome = RepairOutcome.WHOLE;
            failedMs.remove(job.id());
        } else if (closed) {
            LOG.debug("The repair of {} ended with the node", job.id(), failure);
        } else {
            counters.failures.increment();
            failedMs.put(job.id(), monotonicMs.getAsLong());
            Throwable cause =
                    failure == null
                            ? new RepairFailedException("it cannot be replaced yet")
                            : unwrap(failure);
            LOG.error(
                    "{} is damaged around offset {} and cannot be repaired now",
                    job.id(),
                    job.offset(),
                    cause);
        }
        running.remove(job.id(), job.outcome());
        job.outcome().complete(outcome);
        synchronized (waiting) {
            working = false;
        }
        startNext();
    }

    private static Throwable unwrap(Throwable failure) {
        Throwable cause = failure.getCause();
        return failure instanceof CompletionException && cause != null ? unwrap(cause) : failure;
    }

    /** Answers whether the segment is whole now. */
    private CompletableFuture<Boolean> attempt(Job job) {
        RepairableLog log = logs.apply(job.id());
        if (log == null) {
            return CompletableFuture.failedFuture(new RepairFailedException("it has no open log"));
        }
        if (closed || !log.beginRewrite()) {
            return CompletableFuture.completedFuture(false);
        }
        return log.closedSegment(job.offset())
                .thenComposeAsync(found -> repair(log, found), io)
                .whenComplete((whole, failure) -> log.endRewrite());
    }

    private CompletableFuture<Boolean> repair(RepairableLog log, Optional<ClosedSegment> found) {
        if (found.isEmpty()) {
            return CompletableFuture.completedFuture(true);
        }
        ClosedSegment segment = found.get();
        List<DamagedSpan> spans;
        try {
            spans = audit(segment, false, bytes -> {});
        } catch (NoSuchFileException e) {
            LOG.debug("A segment went while it was audited", e);
            return CompletableFuture.completedFuture(false); // removed or replaced: look again
        } catch (IOException e) {
            return CompletableFuture.failedFuture(e);
        }
        if (spans.stream().noneMatch(span -> span.endOffset() > segment.logStartOffset())) {
            return CompletableFuture.completedFuture(true);
        }
        if (segment.settledOffset() < segment.summary().nextOffset()) {
            return CompletableFuture.completedFuture(false);
        }
        counters.damagedSegments.increment();
        LOG.error("{}: damaged in {}: {}", log.id(), segment.summary(), spans);
        return SegmentRewrite.start(log.id(), segment, spans, peers, io, timer)
                .thenCompose(written -> replace(log, segment, written))
                .handleAsync((done, failure) -> onRewritten(segment, done, failure), io);
    }

    private CompletableFuture<Boolean> replace(
            RepairableLog log, ClosedSegment segment, CleanedSegment written) {
        return log.replace(segment, written)
                .thenApply(
                        replaced -> {
                            if (replaced) {
                                counters.repairedSegments.increment();
                                LOG.warn(
                                        "{}: repaired from a peer: {}",
                                        log.id(),
                                        segment.summary());
                            }
                            return replaced;
                        });
    }

    /** What was written for nothing is removed. */
    private static boolean onRewritten(
            ClosedSegment segment, @Nullable Boolean replaced, @Nullable Throwable failure) {
        if (!Boolean.TRUE.equals(replaced)) {
            try {
                SegmentSwap.deleteCleaned(segment.directory(), segment.summary().baseOffset());
            } catch (IOException e) {
                throw new CompletionException(e);
            }
        }
        if (failure != null) {
            throw new CompletionException(unwrap(failure));
        }
        return Boolean.TRUE.equals(replaced);
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

    /** Nothing more is begun; what waits is told so. What is under way ends with {@code io}. */
    @Override
    public void close() {
        closed = true;
        running.values().forEach(each -> each.complete(RepairOutcome.NOT_NOW));
    }
}
