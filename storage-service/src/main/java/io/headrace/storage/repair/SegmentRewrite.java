package io.headrace.storage.repair;

import io.headrace.protocol.batch.BatchDescriptor;
import io.headrace.protocol.batch.BatchSet;
import io.headrace.protocol.batch.BatchView;
import io.headrace.protocol.batch.CorruptBatchException;
import io.headrace.storage.compaction.CleanedSegment;
import io.headrace.storage.compaction.CleanedSegmentWriter;
import io.headrace.storage.file.FileWindow;
import io.headrace.storage.segment.SegmentFiles;

import org.apache.kafka.common.TopicIdPartition;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Writes a damaged segment anew: its good batches as they are, and for each damaged span what a
 * peer has there. Nothing of the old one is touched. For one thread.
 */
final class SegmentRewrite {
    private static final long ANSWER_MS = 15_000;

    private final TopicIdPartition id;
    private final ClosedSegment segment;
    private final Peers peers;

    SegmentRewrite(TopicIdPartition id, ClosedSegment segment, Peers peers) {
        this.id = id;
        this.segment = segment;
        this.peers = peers;
    }

    /**
     * Writes it, and reads it again to see that it is good.
     *
     * @throws RepairFailedException when no peer has what fits
     */
    CleanedSegment write(List<DamagedSpan> spans)
            throws IOException, RepairFailedException, InterruptedException {
        Path damaged = file(SegmentFiles.LOG);
        CleanedSegment written;
        try (FileWindow source = FileWindow.open(damaged, false, bytes -> {});
                CleanedSegmentWriter writer =
                        new CleanedSegmentWriter(
                                segment.directory(),
                                segment.summary().baseOffset(),
                                segment.indexIntervalBytes())) {
            long position = 0;
            for (DamagedSpan span : spans) {
                copy(source, position, span.position(), writer);
                fill(span, writer);
                position = span.endPosition();
            }
            copy(source, position, segment.summary().sizeInBytes(), writer);
            segment.aborted().forEach(writer::addAborted);
            written = writer.finish();
        }
        verify(written);
        return written;
    }

    private Path file(String kind) {
        return SegmentFiles.path(segment.directory(), segment.summary().baseOffset(), kind);
    }

    private void copy(FileWindow source, long from, long to, CleanedSegmentWriter writer)
            throws IOException, RepairFailedException {
        long position = from;
        while (position < to) {
            boolean isWhole = source.load(position, BatchDescriptor.HEADER_BYTES);
            long size =
                    isWhole
                            ? BatchDescriptor.LOG_OVERHEAD_BYTES
                                    + (long) BatchView.length(source.buffer(), source.index())
                            : 0;
            if (size < BatchDescriptor.HEADER_BYTES
                    || position + size > to
                    || !source.load(position, (int) size)
                    || !BatchView.isCrcValid(source.buffer(), source.index())) {
                throw new RepairFailedException(
                        "what was good at byte " + position + " is not any more");
            }
            writer.append(slice(source.buffer(), source.index(), (int) size));
            position += size;
        }
    }

    private static ByteBuffer slice(ByteBuffer buffer, int index, int size) {
        return buffer.duplicate().limit(index + size).position(index);
    }

    private void fill(DamagedSpan span, CleanedSegmentWriter writer)
            throws IOException, RepairFailedException, InterruptedException {
        long next = Math.max(span.fromOffset(), segment.logStartOffset());
        long last = span.fromOffset() - 1;
        while (next < span.endOffset()) {
            ByteBuffer answer = ask(next);
            long reached = take(answer, next, last, span, writer);
            if (reached == next) {
                throw new RepairFailedException("no peer has the batch of offset " + next);
            }
            next = reached;
            last = reached - 1;
        }
    }

    private ByteBuffer ask(long offset) throws RepairFailedException, InterruptedException {
        try {
            return peers.read(id, offset).get(ANSWER_MS, TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new RepairFailedException("no peer gave the batch of offset " + offset, e);
        }
    }

    /** Appends what fits; answers the next offset that is needed. */
    private long take(
            ByteBuffer answer, long from, long after, DamagedSpan span, CleanedSegmentWriter writer)
            throws IOException, RepairFailedException {
        long next = from;
        long last = after;
        try {
            BatchSet set = BatchSet.of(answer);
            while (next < span.endOffset() && set.next()) {
                int index = set.index();
                long baseOffset = BatchView.baseOffset(answer, index);
                long lastOffset = BatchView.lastOffset(answer, index);
                if (lastOffset < next) {
                    continue;
                }
                boolean isHole = baseOffset > next;
                if (isHole && segment.hasHoles() && baseOffset >= span.endOffset()) {
                    return span.endOffset();
                }
                String problem = BatchRules.problemOf(answer, index, last, segment.epochs());
                if (problem != null
                        || lastOffset >= span.endOffset()
                        || (isHole && !segment.hasHoles())) {
                    throw new RepairFailedException(
                            "a peer's batch "
                                    + baseOffset
                                    + ".."
                                    + lastOffset
                                    + (problem == null ? " does not fit" : " " + problem));
                }
                writer.append(slice(answer, index, set.endIndex() - index));
                last = lastOffset;
                next = lastOffset + 1;
            }
            return next;
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
