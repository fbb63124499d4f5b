package io.headrace.storage.log;

import io.headrace.protocol.batch.BatchDescriptor;
import io.headrace.protocol.batch.BatchView;
import io.headrace.protocol.batch.CorruptBatchException;
import io.headrace.storage.epoch.LeaderEpochs;
import io.headrace.storage.file.DirectReads;
import io.headrace.storage.file.LogFile;
import io.headrace.storage.file.OpenFiles;
import io.headrace.storage.repair.BatchRules;
import io.headrace.storage.segment.BatchHeaders;
import io.headrace.storage.segment.BatchPosition;
import io.headrace.storage.segment.Segment;
import io.headrace.storage.segment.SparseIndex;

import org.jspecify.annotations.Nullable;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;

/** Finds where a read begins and ends. */
final class LogReader {
    private LogReader() {}

    /**
     * A read of the active segment's warm bytes on the owner loop, or null when it must be cold.
     */
    static LogSlice.@Nullable Warm warm(
            PartitionLog log, long offset, int maxBytes, boolean minOneMessage, long bound)
            throws IOException {
        Segment active = log.activeSegment();
        if (offset < active.baseOffset()) {
            return null;
        }
        LogFile file = log.activeFile();
        long start = positionInMemory(log, active, file, offset);
        if (start < 0 || !log.segments().isWarm(start)) {
            return null;
        }
        long end = active.sizeInBytes();
        if (bound < log.logEndOffset()) {
            end = positionInMemory(log, active, file, bound);
            if (end < 0) {
                return null;
            }
        }
        long size = Math.min(maxBytes, end - start);
        if (size < end - start) {
            BatchPosition first = new BatchHeaders(file, end).at(start);
            if (first == null) {
                return null; // let the cold path say what is wrong
            }
            if (first.sizeInBytes() > size) {
                size = minOneMessage ? first.sizeInBytes() : 0;
            }
        }
        if (!file.retain()) {
            throw new IllegalStateException("The active file of " + log.id() + " is closed");
        }
        return new LogSlice.Warm(file, start, (int) size, start + size);
    }

    /** Where a batch begins, as far as memory and warm bytes can tell; -1 when they cannot. */
    private static long positionInMemory(
            PartitionLog log, Segment active, LogFile file, long offset) throws IOException {
        if (offset == log.logEndOffset()) {
            return active.sizeInBytes();
        }
        long recent = log.recent().positionOf(offset);
        if (recent >= 0) {
            return recent;
        }
        int floor = active.offsets().floorValueInMemory(offset - active.baseOffset());
        if (floor < 0) {
            if (!active.offsets().isInMemory()) {
                return -1;
            }
            floor = 0;
        }
        if (!log.segments().isWarm(floor)) {
            return -1;
        }
        BatchPosition batch = new BatchHeaders(file, active.sizeInBytes()).seek(floor, offset);
        return batch == null ? -1 : batch.position();
    }

    /**
     * Whole good batches of a segment.
     *
     * @param endOffset the offset after the last
     */
    record Range(Segment segment, long position, int sizeInBytes, long endOffset) {}

    /** A range that was just read, and what to send of it. */
    record Verified(Range range, LogSlice.Checked slice) {
        static Verified inFile(Range range, LogFile file) {
            return new Verified(
                    range,
                    new LogSlice.Warm(
                            file,
                            range.position(),
                            range.sizeInBytes(),
                            range.position() + range.sizeInBytes()));
        }
    }

    /** Where a batch of that offset or a later one begins, if the segment goes on there. */
    record Place(Segment segment, long position) {
        static Place after(Range range) {
            return new Place(range.segment(), range.position() + range.sizeInBytes());
        }
    }

    /** A read that an I/O thread does: made on the owner loop, of immutable things. */
    record Cold(
            PartitionLog log,
            ReadAhead ahead,
            OpenFiles openFiles,
            List<Segment> segments,
            int first,
            SparseIndex.View activeIndex,
            long activeSizeInBytes,
            long endOffset,
            LeaderEpochs epochs,
            long offset,
            int maxBytes,
            boolean minOneMessage,
            long bound,
            long truncations,
            @Nullable Place known)
            implements LogSlice.ColdRead {
        @Override
        public ByteBuffer load(IntFunction<ByteBuffer> allocate) throws IOException {
            Found found =
                    find(
                            (segment, file, position, size) ->
                                    ColdSource.into(allocate.apply(size), file, position, size));
            if (found == null) {
                return allocate.apply(0).limit(0);
            }
            found.file().release();
            return found.bytes();
        }

        @Override
        public LogSlice.@Nullable Checked verify() throws IOException {
            return ahead.read(this);
        }

        /** Reads and checks; null when there is nothing below the bound. */
        @Nullable Verified verifyNow() throws IOException {
            ColdSource.ForAnswer source = new ColdSource.ForAnswer(log.context().directReads());
            boolean isTaken = false;
            try {
                Found found = find(source);
                if (found == null) {
                    return null;
                }
                Range range = found.range();
                DirectReads.Loaded loaded = source.loaded();
                if (loaded == null) {
                    return Verified.inFile(range, found.file());
                }
                found.file().release();
                range.segment().onReadOnce(range.position() + range.sizeInBytes());
                isTaken = true;
                return new Verified(range, new LogSlice.Loaded(found.bytes(), loaded));
            } finally {
                if (!isTaken) {
                    source.giveBack();
                }
            }
        }

        /** Whether a range is what this read may answer. */
        boolean isServedBy(Range range) {
            return range.endOffset() <= bound && range.sizeInBytes() <= maxBytes;
        }

        /** The same range again, without reading it; null when its file is gone. */
        @Nullable Verified reuse(Range range) throws IOException {
            try {
                return Verified.inFile(
                        range, SegmentReplacedException.open(openFiles, range.segment()));
            } catch (SegmentReplacedException | NoSuchFileException e) {
                return null;
            }
        }

        /** The read that goes on behind a range. */
        Cold after(Range range) {
            long nextOffset = range.endOffset();
            int floor = first;
            while (floor + 1 < segments.size()
                    && segments.get(floor + 1).baseOffset() <= nextOffset) {
                floor++;
            }
            return with(segments, floor, nextOffset, Place.after(range));
        }

        /** The same read, by somebody who knows where it begins. */
        Cold at(@Nullable Place place) {
            return with(segments, first, offset, place);
        }

        private Cold with(List<Segment> all, int floor, long fromOffset, @Nullable Place place) {
            return new Cold(
                    log,
                    ahead,
                    openFiles,
                    all,
                    floor,
                    activeIndex,
                    activeSizeInBytes,
                    endOffset,
                    epochs,
                    fromOffset,
                    maxBytes,
                    minOneMessage,
                    bound,
                    truncations,
                    place);
        }

        /** Whether there may be something at the offset. */
        boolean hasMore() {
            return offset < bound;
        }

        private @Nullable Found find(ColdSource source) throws IOException {
            try {
                return loadFromSegments(source);
            } catch (SegmentReplacedException e) {
                return afterReplacement().find(source);
            }
        }

        /** Whole valid batches, and where they are; holds a use of the file. */
        private record Found(Segment segment, LogFile file, long position, ByteBuffer bytes) {
            Range range() {
                int at = 0;
                long end = -1;
                while (at < bytes.limit()) {
                    end = BatchView.nextOffset(bytes, at);
                    at += BatchView.sizeInBytes(bytes, at);
                }
                return new Range(segment, position, bytes.limit(), end);
            }
        }

        /** The same read, of the segments that stand before the once active one now. */
        private Cold afterReplacement() {
            Segment active = segments.getLast();
            if (active.isReplaced()) {
                throw new CorruptRangeException(active + " was compacted: read again", offset);
            }
            List<Segment> now = new ArrayList<>();
            int floor = 0;
            for (Segment segment : log.segments().all()) {
                if (segment.baseOffset() < active.baseOffset()) {
                    floor = segment.baseOffset() <= offset ? now.size() : floor;
                    now.add(segment);
                }
            }
            floor = active.baseOffset() <= offset ? now.size() : floor;
            now.add(active);
            return with(now, floor, offset, null);
        }

        private @Nullable Found loadFromSegments(ColdSource source) throws IOException {
            for (int i = first; i < segments.size(); i++) {
                Segment segment = segments.get(i);
                if (segment.baseOffset() >= bound) {
                    break;
                }
                boolean isActive = i == segments.size() - 1;
                long end = isActive ? activeSizeInBytes : segment.sizeInBytes();
                LogFile file = open(segment);
                try {
                    long next = isActive ? endOffset : segments.get(i + 1).baseOffset();
                    Found found = loadKnown(segment, file, end, next, source);
                    if (found != null) {
                        return found;
                    }
                    SparseIndex.View index = isActive ? activeIndex : segment.offsets().view();
                    BatchPosition batch = segment.seek(file, index, offset, end);
                    if (batch != null) {
                        return load(segment, file, batch, end, next, source);
                    }
                } catch (CorruptBatchException | EOFException e) {
                    throw new CorruptRangeException(segment + " is damaged: " + e, offset);
                } finally {
                    file.release();
                }
            }
            return null;
        }

        private LogFile open(Segment segment) throws IOException {
            try {
                return SegmentReplacedException.open(openFiles, segment);
            } catch (NoSuchFileException e) {
                throw new CorruptRangeException(
                        "The file of " + segment + " is gone: read again", offset);
            }
        }

        /**
         * As {@link #load}, without looking for the batch, if it is known where it begins; null
         * when it is not as expected: then it is to be looked for.
         */
        private @Nullable Found loadKnown(
                Segment segment, LogFile file, long end, long nextBaseOffset, ColdSource source)
                throws IOException {
            Place place = known;
            if (place == null || !place.segment().equals(segment) || place.position() >= end) {
                return null;
            }
            int size = (int) Math.min(end - place.position(), maxBytes);
            if (size < BatchDescriptor.HEADER_BYTES) {
                return null;
            }
            ByteBuffer bytes = source.read(segment, file, place.position(), size);
            BatchPosition batch = BatchHeaders.in(bytes, place.position());
            return batch == null
                            || batch.baseOffset() != offset
                            || offset >= Math.min(bound, nextBaseOffset)
                    ? null
                    : check(segment, file, batch, end, nextBaseOffset, bytes);
        }

        /** From that batch on, as far as the limits go; null when they leave nothing. */
        private @Nullable Found load(
                Segment segment,
                LogFile file,
                BatchPosition batch,
                long end,
                long nextBaseOffset,
                ColdSource source)
                throws IOException {
            if (batch.baseOffset() >= nextBaseOffset) {
                throw new CorruptRangeException(
                        "The batch at "
                                + batch.position()
                                + " in "
                                + segment
                                + " begins above the next segment",
                        offset);
            }
            boolean isTooLarge = batch.sizeInBytes() > maxBytes && !minOneMessage;
            if (batch.baseOffset() >= bound || isTooLarge) {
                return null;
            }
            long size = Math.min(end - batch.position(), Math.max(maxBytes, batch.sizeInBytes()));
            ByteBuffer bytes = source.read(segment, file, batch.position(), (int) size);
            return check(segment, file, batch, end, nextBaseOffset, bytes);
        }

        /** The good batches of what was read from that batch on. */
        private @Nullable Found check(
                Segment segment,
                LogFile file,
                BatchPosition batch,
                long end,
                long nextBaseOffset,
                ByteBuffer bytes)
                throws IOException {
            boolean hasHoles = log.segments().hasHoles();
            long earliest = Math.max(offset, segment.baseOffset());
            if (!hasHoles && batch.baseOffset() > earliest) {
                throw new CorruptRangeException(
                        "The batch at "
                                + batch.position()
                                + " in "
                                + segment
                                + " begins at offset "
                                + batch.baseOffset()
                                + " where "
                                + earliest
                                + " should be",
                        earliest);
            }
            int good = validEnd(bytes, batch, segment, hasHoles);
            if (good < 0) {
                good = -good;
                long last = BatchView.lastOffset(bytes, 0);
                BatchPosition following = new BatchHeaders(file, end).at(batch.position() + good);
                long bounded = following == null ? nextBaseOffset : following.baseOffset();
                if (bounded <= last) {
                    throw damaged(batch, segment, "ends above offset " + bounded);
                }
            }
            bytes.limit(good);
            return good > 0 && file.retain()
                    ? new Found(segment, file, batch.position(), bytes)
                    : null;
        }

        /**
         * The end of the last good batch below the bound; negated when it is the only one: what
         * follows it has to confirm its offset, which the CRC does not cover.
         */
        private int validEnd(
                ByteBuffer bytes, BatchPosition first, Segment segment, boolean hasHoles) {
            int at = 0;
            long last = first.baseOffset() - 1;
            int unconfirmed = 0;
            while (at + BatchDescriptor.HEADER_BYTES <= bytes.limit()) {
                long size = BatchDescriptor.LOG_OVERHEAD_BYTES + (long) BatchView.length(bytes, at);
                boolean isPlausible =
                        size >= BatchDescriptor.HEADER_BYTES
                                && BatchView.magic(bytes, at) == BatchDescriptor.CURRENT_MAGIC;
                if (isPlausible && size > bytes.limit() - at) {
                    break;
                }
                long baseOffset = BatchView.baseOffset(bytes, at);
                if (isPlausible && baseOffset > last && baseOffset >= bound) {
                    break;
                }
                String problem =
                        isPlausible
                                ? BatchRules.problemOf(bytes, at, last, epochs)
                                : "has a header that cannot be";
                if (problem == null && !hasHoles && baseOffset > last + 1) {
                    if (first.baseOffset() == offset) {
                        return at; // the next read meets it first
                    }
                    problem = "is not followed by offset " + (last + 1);
                }
                if (problem != null) {
                    boolean continues = baseOffset == last + 1;
                    int cut = unconfirmed < 0 || (at > 0 && continues) ? at : unconfirmed;
                    if (cut > 0) {
                        return cut; // what is before it is good; the next read meets it first
                    }
                    throw damaged(first, segment, problem);
                }
                unconfirmed = at > 0 ? (baseOffset > last + 1 ? at : -1) : unconfirmed;
                last = BatchView.lastOffset(bytes, at);
                at += (int) size;
            }
            if (unconfirmed > 0) {
                return unconfirmed;
            }
            boolean isAlone = unconfirmed == 0;
            return isAlone ? -at : at;
        }

        private static CorruptRangeException damaged(
                BatchPosition first, Segment segment, String problem) {
            return new CorruptRangeException(
                    "The batch of offset "
                            + first.baseOffset()
                            + " at "
                            + first.position()
                            + " in "
                            + segment
                            + " "
                            + problem,
                    first.baseOffset());
        }
    }
}
