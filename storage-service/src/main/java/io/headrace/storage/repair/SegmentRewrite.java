package io.headrace.storage.repair;

import io.headrace.protocol.batch.BatchDescriptor;
import io.headrace.protocol.batch.BatchSet;
import io.headrace.protocol.batch.BatchView;
import io.headrace.protocol.batch.CorruptBatchException;
import io.headrace.storage.compaction.CleanedSegment;
import io.headrace.storage.compaction.CleanedSegmentWriter;
import io.headrace.storage.file.FileWindow;
import io.headrace.storage.segment.SegmentFiles;
import io.headrace.transport.loop.Loop;

import org.apache.kafka.common.TopicIdPartition;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeoutException;

/**
 * Writes a damaged segment anew: its good batches as they are, and for each damaged span what a
 * peer has there. Nothing of the old one is touched. For one thread at a time.
 */
final class SegmentRewrite implements AutoCloseable {
    private static final long ANSWER_MS = 15_000;
    private static final long NONE = -1;

    private final TopicIdPartition id;
    private final ClosedSegment segment;
    private final List<DamagedSpan> spans;
    private final Peers peers;
    private final Executor io;
    private final Loop timer;
    private final FileWindow source;
    private final CleanedSegmentWriter writer;
    private int span;
    private long position;

    /** The next offset that the span needs, and the last one that was written before it. */
    private long next = NONE;

    private long last = NONE;

    private SegmentRewrite(
            TopicIdPartition id,
            ClosedSegment segment,
            List<DamagedSpan> spans,
            Peers peers,
            Executor io,
            Loop timer)
            throws IOException {
        this.id = id;
        this.segment = segment;
        this.spans = spans;
        this.peers = peers;
        this.io = io;
        this.timer = timer;
        this.source = FileWindow.open(file(SegmentFiles.LOG), false, bytes -> {});
        try {
            this.writer =
                    new CleanedSegmentWriter(
                            segment.directory(),
                            segment.summary().baseOffset(),
                            segment.indexIntervalBytes());
        } catch (IOException e) {
            source.close();
            throw e;
        }
    }

    /**
     * Writes it, and reads it again to see that it is good. Called on {@code io}, and goes on there
     * with each answer of a peer.
     *
     * @return fails with {@link RepairFailedException} when no peer has what fits
     */
    static CompletableFuture<CleanedSegment> start(
            TopicIdPartition id,
            ClosedSegment segment,
            List<DamagedSpan> spans,
            Peers peers,
            Executor io,
            Loop timer) {
        SegmentRewrite rewrite;
        try {
            rewrite = new SegmentRewrite(id, segment, spans, peers, io, timer);
        } catch (IOException e) {
            return CompletableFuture.failedFuture(e);
        }
        return rewrite.goOn().whenCompleteAsync((written, failure) -> rewrite.close(), io);
    }

    @Override
    public void close() {
        writer.close();
        try {
            source.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private CompletableFuture<CleanedSegment> goOn() {
        try {
            while (span < spans.size()) {
                DamagedSpan damaged = spans.get(span);
                if (next == NONE) {
                    copy(position, damaged.position());
                    next = Math.max(damaged.fromOffset(), segment.logStartOffset());
                    last = damaged.fromOffset() - 1;
                }
                if (next < damaged.endOffset()) {
                    return ask(next).thenComposeAsync(answer -> fill(answer, damaged), io);
                }
                next = NONE;
                position = damaged.endPosition();
                span++;
            }
            copy(position, segment.summary().sizeInBytes());
            segment.aborted().forEach(writer::addAborted);
            CleanedSegment written = writer.finish();
            verify(written);
            return CompletableFuture.completedFuture(written);
        } catch (IOException | RepairFailedException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    private CompletableFuture<CleanedSegment> fill(ByteBuffer answer, DamagedSpan damaged) {
        try {
            long reached = take(answer, damaged);
            if (reached == next) {
                throw new RepairFailedException("no peer has the batch of offset " + next);
            }
            next = reached;
            last = reached - 1;
        } catch (IOException | RepairFailedException e) {
            return CompletableFuture.failedFuture(e);
        }
        return goOn();
    }

    private CompletableFuture<ByteBuffer> ask(long offset) {
        CompletableFuture<ByteBuffer> answer = peers.read(id, offset).copy();
        Loop.ScheduledTask late =
                timer.schedule(
                        () -> answer.completeExceptionally(new TimeoutException()), ANSWER_MS);
        return answer.handle(
                (batches, failure) -> {
                    late.cancel();
                    if (batches == null) {
                        throw new CompletionException(
                                new RepairFailedException(
                                        "no peer gave the batch of offset " + offset, failure));
                    }
                    return batches;
                });
    }

    private Path file(String kind) {
        return SegmentFiles.path(segment.directory(), segment.summary().baseOffset(), kind);
    }

    private void copy(long from, long to) throws IOException, RepairFailedException {
        long at = from;
        while (at < to) {
            boolean isWhole = source.load(at, BatchDescriptor.HEADER_BYTES);
            long size =
                    isWhole
                            ? BatchDescriptor.LOG_OVERHEAD_BYTES
                                    + (long) BatchView.length(source.buffer(), source.index())
                            : 0;
            if (size < BatchDescriptor.HEADER_BYTES
                    || at + size > to
                    || !source.load(at, (int) size)
                    || !BatchView.isCrcValid(source.buffer(), source.index())) {
                throw new RepairFailedException("what was good at byte " + at + " is not any more");
            }
            writer.append(slice(source.buffer(), source.index(), (int) size));
            at += size;
        }
    }

    private static ByteBuffer slice(ByteBuffer buffer, int index, int size) {
        return buffer.duplicate().limit(index + size).position(index);
    }

    /** Appends what fits; answers the next offset that is needed. */
    private long take(ByteBuffer answer, DamagedSpan damaged)
            throws IOException, RepairFailedException {
        long wanted = next;
        long written = last;
        try {
            BatchSet set = BatchSet.of(answer);
            while (wanted < damaged.endOffset() && set.next()) {
                int index = set.index();
                long baseOffset = BatchView.baseOffset(answer, index);
                long lastOffset = BatchView.lastOffset(answer, index);
                if (lastOffset < wanted) {
                    continue;
                }
                boolean isHole = baseOffset > wanted;
                if (isHole && segment.takesHoles() && baseOffset >= damaged.endOffset()) {
                    return damaged.endOffset();
                }
                String problem = BatchRules.problemOf(answer, index, written, segment.epochs());
                if (problem != null
                        || lastOffset >= damaged.endOffset()
                        || (isHole && !segment.takesHoles())) {
                    throw new RepairFailedException(
                            "a peer's batch "
                                    + baseOffset
                                    + ".."
                                    + lastOffset
                                    + (problem == null ? " does not fit" : " " + problem));
                }
                writer.append(slice(answer, index, set.endIndex() - index));
                written = lastOffset;
                wanted = lastOffset + 1;
            }
            return wanted;
        } catch (CorruptBatchException e) {
            throw new RepairFailedException("a peer's answer is no batches", e);
        }
    }

    private void verify(CleanedSegment written) throws IOException, RepairFailedException {
        ClosedSegment expected = segment.rewrittenAs(written);
        try (FileWindow file =
                FileWindow.open(file(SegmentFiles.LOG + SegmentFiles.CLEANED), true, bytes -> {})) {
            List<DamagedSpan> left = new SegmentAudit(file, new int[0], expected).run();
            if (!left.isEmpty() || written.sizeInBytes() == 0) {
                throw new RepairFailedException("what was written is not good: " + left);
            }
        }
    }
}
