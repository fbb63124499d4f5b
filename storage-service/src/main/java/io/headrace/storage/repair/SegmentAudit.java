package io.headrace.storage.repair;

import io.headrace.protocol.batch.BatchDescriptor;
import io.headrace.protocol.batch.BatchView;
import io.headrace.storage.epoch.LeaderEpochs;
import io.headrace.storage.file.FileWindow;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * A reading of a whole segment that tells which of its bytes are no good batches. For one thread.
 *
 * <pre>
 *   batch good                      goes on behind it
 *   batch bad, length believable    a good batch follows there?  then only this one is damaged
 *   else                            the next place that the index knows with a good batch
 *   none                            damaged up to the end
 * </pre>
 */
final class SegmentAudit {
    private final FileWindow bytes;
    private final int[] places;
    private final long baseOffset;
    private final long nextOffset;
    private final long sizeInBytes;
    private final boolean hasHoles;
    private final LeaderEpochs epochs;
    private final List<DamagedSpan> spans = new ArrayList<>();
    private long position;
    private long last;

    /**
     * @param bytes of its file, which may be shorter than the segment should be
     * @param places where batches may begin again behind a damage, in order
     */
    SegmentAudit(FileWindow bytes, int[] places, ClosedSegment segment) {
        this.bytes = bytes;
        this.places = places;
        this.baseOffset = segment.summary().baseOffset();
        this.nextOffset = segment.summary().nextOffset();
        this.sizeInBytes = segment.summary().sizeInBytes();
        this.hasHoles = segment.hasHoles();
        this.epochs = segment.epochs();
    }

    /** Reads it all. */
    List<DamagedSpan> run() throws IOException {
        last = baseOffset - 1;
        Suspect suspect = null;
        while (position < sizeInBytes) {
            String problem = problemAt(position, last);
            if (problem == null && !continues()) {
                problem = "does not continue the one before";
            }
            if (problem != null) {
                suspect = addSpan(suspect, problem);
                continue;
            }
            ByteBuffer buffer = bytes.buffer();
            int index = bytes.index();
            boolean isSuspect = suspect != null && suspect.position() == position;
            if (!isSuspect) {
                boolean afterHole = BatchView.baseOffset(buffer, index) > last + 1;
                suspect = afterHole ? new Suspect(position, last, false) : null;
            }
            last = BatchView.lastOffset(buffer, index);
            position += BatchDescriptor.LOG_OVERHEAD_BYTES + BatchView.length(buffer, index);
        }
        if (suspect != null && suspect.behindSpan() && !hasHoles && last != nextOffset - 1) {
            DamagedSpan span = spans.removeLast();
            spans.add(
                    new DamagedSpan(
                            span.position(),
                            sizeInBytes,
                            span.fromOffset(),
                            nextOffset,
                            span.problem()));
        }
        return spans;
    }

    /**
     * A batch whose offsets no other one confirms yet: they are not in its CRC.
     *
     * @param after the last offset before it, or before the damage that it follows
     */
    private record Suspect(long position, long after, boolean behindSpan) {}

    private boolean continues() {
        return hasHoles || BatchView.baseOffset(bytes.buffer(), bytes.index()) == last + 1;
    }

    /** Goes on behind a damage, with a batch that is to be confirmed. */
    private @Nullable Suspect addSpan(@Nullable Suspect suspect, String problem)
            throws IOException {
        long from = suspect == null ? position : suspect.position();
        long start = from;
        last = suspect == null ? last : suspect.after();
        if (suspect != null && suspect.behindSpan()) {
            start = spans.removeLast().position(); // that one reaches farther
        }
        long after = last;
        long resume = resumeAfter(from);
        boolean goesOn = resume < sizeInBytes;
        long endOffset = goesOn ? BatchView.baseOffset(bytes.buffer(), bytes.index()) : nextOffset;
        spans.add(new DamagedSpan(start, resume, after + 1, endOffset, problem));
        position = resume;
        last = endOffset - 1;
        return goesOn ? new Suspect(resume, after, true) : null;
    }

    /** Where good batches go on; the segment's end if nowhere. Leaves that batch in the buffer. */
    private long resumeAfter(long from) throws IOException {
        if (bytes.load(from, BatchDescriptor.HEADER_BYTES)) {
            long size =
                    BatchDescriptor.LOG_OVERHEAD_BYTES
                            + (long) BatchView.length(bytes.buffer(), bytes.index());
            boolean isPlausible = size >= BatchDescriptor.HEADER_BYTES;
            if (isPlausible && from + size < sizeInBytes && isGoodAt(from + size)) {
                return from + size;
            }
        }
        for (int place : places) {
            if (place > from && place < sizeInBytes && isGoodAt(place)) {
                return place;
            }
        }
        return sizeInBytes;
    }

    private boolean isGoodAt(long place) throws IOException {
        return problemAt(place, last) == null;
    }

    /** Leaves the batch in the buffer when it is good. */
    private @Nullable String problemAt(long place, long after) throws IOException {
        if (!bytes.load(place, BatchDescriptor.HEADER_BYTES)) {
            return "is cut off";
        }
        long size =
                BatchDescriptor.LOG_OVERHEAD_BYTES
                        + (long) BatchView.length(bytes.buffer(), bytes.index());
        if (size < BatchDescriptor.HEADER_BYTES
                || place + size > sizeInBytes
                || BatchView.magic(bytes.buffer(), bytes.index()) != BatchDescriptor.CURRENT_MAGIC
                || !bytes.load(place, (int) size)) {
            return "has a header that cannot be";
        }
        String problem = BatchRules.problemOf(bytes.buffer(), bytes.index(), after, epochs);
        boolean isLast = place + size == sizeInBytes;
        return problem == null
                        && (BatchView.baseOffset(bytes.buffer(), bytes.index()) >= nextOffset
                                || (isLast
                                        && BatchView.lastOffset(bytes.buffer(), bytes.index())
                                                >= nextOffset))
                ? "has offsets of the next segment"
                : problem;
    }
}
