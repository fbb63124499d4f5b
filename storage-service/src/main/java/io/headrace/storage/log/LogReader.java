package io.headrace.storage.log;

import io.headrace.protocol.batch.BatchDescriptor;
import io.headrace.protocol.batch.BatchView;
import io.headrace.storage.file.LogFile;
import io.headrace.storage.file.OpenFiles;
import io.headrace.storage.segment.BatchHeaders;
import io.headrace.storage.segment.BatchPosition;
import io.headrace.storage.segment.Segment;
import io.headrace.storage.segment.SparseIndex;

import org.jspecify.annotations.Nullable;

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
        int floor = active.offsets().tailFloorValue(offset - active.baseOffset());
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

    /** A read that an I/O thread does: made on the owner loop, of immutable things. */
    record Cold(
            PartitionLog log,
            OpenFiles openFiles,
            List<Segment> segments,
            int first,
            SparseIndex.View activeIndex,
            long activeSizeInBytes,
            long offset,
            int maxBytes,
            boolean minOneMessage,
            long bound)
            implements LogSlice.ColdRead {

        @Override
        public ByteBuffer load(IntFunction<ByteBuffer> allocate) throws IOException {
            try (Range range = locate()) {
                if (range == null) {
                    return allocate.apply(0).limit(0);
                }
                int size = range.sizeInBytes();
                ByteBuffer bytes = allocate.apply(size).clear().limit(size);
                range.file().readFully(bytes, range.first().position());
                bytes.flip();
                return bytes.limit(validEnd(bytes, range, 0));
            } catch (SegmentReplacedException e) {
                return afterReplacement().load(allocate);
            }
        }

        @Override
        public LogSlice.@Nullable Warm verify(ByteBuffer scratch) throws IOException {
            try (Range range = locate()) {
                if (range == null) {
                    return null;
                }
                int size = verifiedSize(range, scratch);
                if (size == 0 || !range.file().retain()) {
                    return null;
                }
                long position = range.first().position();
                return new LogSlice.Warm(range.file(), position, size, position + size);
            } catch (SegmentReplacedException e) {
                return afterReplacement().verify(scratch);
            }
        }

        /** How many bytes of the range are whole valid batches below the bound. */
        private int verifiedSize(Range range, ByteBuffer scratch) throws IOException {
            ByteBuffer bytes = scratch;
            int verified = 0;
            while (verified < range.sizeInBytes()) {
                int left = range.sizeInBytes() - verified;
                bytes.clear().limit(Math.min(left, bytes.capacity()));
                range.file().readFully(bytes, range.first().position() + verified);
                bytes.flip();
                int valid = validEnd(bytes, range, verified);
                verified += valid;
                boolean isCutOff = bytes.limit() < left && isCutOff(bytes, valid);
                if (!isCutOff) {
                    break;
                }
                if (valid == 0) { // a batch that is larger than the buffer
                    long size =
                            BatchDescriptor.LOG_OVERHEAD_BYTES + (long) BatchView.length(bytes, 0);
                    if (size > left) {
                        break;
                    }
                    bytes = ByteBuffer.allocate((int) size);
                }
            }
            return verified;
        }

        /** Whether a batch that may be whole in the file does not end in these bytes. */
        private static boolean isCutOff(ByteBuffer bytes, int at) {
            if (at + BatchDescriptor.HEADER_BYTES > bytes.limit()) {
                return true;
            }
            int room = bytes.limit() - at - BatchDescriptor.LOG_OVERHEAD_BYTES;
            return BatchView.magic(bytes, at) == BatchDescriptor.CURRENT_MAGIC
                    && BatchView.length(bytes, at) > room;
        }

        /** What a read is about; holds one use of the file. */
        private record Range(Segment segment, LogFile file, BatchPosition first, int sizeInBytes)
                implements AutoCloseable {
            @Override
            public void close() {
                file.release();
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
            return new Cold(
                    log,
                    openFiles,
                    now,
                    floor,
                    activeIndex,
                    activeSizeInBytes,
                    offset,
                    maxBytes,
                    minOneMessage,
                    bound);
        }

        /** From the batch that has the offset, as far as the limits go; null when nothing is. */
        private @Nullable Range locate() throws IOException {
            for (int i = first; i < segments.size(); i++) {
                Segment segment = segments.get(i);
                if (segment.baseOffset() >= bound) {
                    break;
                }
                boolean isActive = i == segments.size() - 1;
                long end = isActive ? activeSizeInBytes : segment.sizeInBytes();
                LogFile file = open(segment);
                boolean isFound = false;
                try {
                    SparseIndex.View index = isActive ? activeIndex : segment.offsets().view();
                    BatchPosition batch = segment.seek(file, index, offset, end);
                    if (batch == null) {
                        checkReadToEnd(segment, file, end);
                        continue;
                    }
                    int size = batch.sizeInBytes();
                    if (batch.baseOffset() >= bound || (size > maxBytes && !minOneMessage)) {
                        return null;
                    }
                    isFound = true;
                    long room = Math.min(end - batch.position(), Math.max(maxBytes, size));
                    return new Range(segment, file, batch, (int) room);
                } finally {
                    if (!isFound) {
                        file.release();
                    }
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

        /** No batch was found: that is fine only where the headers lead to the end. */
        private void checkReadToEnd(Segment segment, LogFile file, long end) throws IOException {
            BatchHeaders headers = new BatchHeaders(file, end);
            SparseIndex.Entry last = segment.offsets().view().last();
            long position = last.isNone() ? 0 : last.value();
            if (headers.at(position) == null) {
                position = 0;
            }
            BatchPosition batch = headers.at(position);
            while (batch != null) {
                position = batch.nextPosition();
                batch = headers.at(position);
            }
            if (position != end) {
                throw new CorruptRangeException(
                        "The batch at " + position + " in " + segment + " is damaged", offset);
            }
        }

        /**
         * The end of the last whole valid batch below the bound.
         *
         * @param before how many bytes of the range were found valid already
         */
        private int validEnd(ByteBuffer bytes, Range range, int before) {
            int at = 0;
            while (at + BatchDescriptor.HEADER_BYTES <= bytes.limit()) {
                long size = BatchDescriptor.LOG_OVERHEAD_BYTES + (long) BatchView.length(bytes, at);
                boolean isPlausible =
                        size >= BatchDescriptor.HEADER_BYTES
                                && BatchView.magic(bytes, at) == BatchDescriptor.CURRENT_MAGIC;
                if (isPlausible && size > bytes.limit() - at) {
                    break;
                }
                if (isPlausible && BatchView.baseOffset(bytes, at) >= bound) {
                    break;
                }
                if (!isPlausible || !BatchView.isCrcValid(bytes, at)) {
                    if (before + at > 0) {
                        break; // what is before it is good; the next read meets it first
                    }
                    throw new CorruptRangeException(
                            "The batch of offset "
                                    + range.first().baseOffset()
                                    + " at "
                                    + range.first().position()
                                    + " in "
                                    + range.segment()
                                    + " does not match its CRC",
                            range.first().baseOffset());
                }
                at += (int) size;
            }
            return at;
        }
    }
}
