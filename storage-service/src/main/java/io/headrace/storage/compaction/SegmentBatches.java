package io.headrace.storage.compaction;

import io.headrace.protocol.batch.BatchDescriptor;
import io.headrace.protocol.batch.BatchSet;
import io.headrace.protocol.batch.BatchView;
import io.headrace.protocol.batch.CorruptBatchException;
import io.headrace.storage.file.LogFile;
import io.headrace.storage.segment.BatchHeaders;
import io.headrace.storage.segment.BatchPosition;
import io.headrace.storage.segment.SegmentFiles;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/**
 * The batches of a closed segment's file, one after the other, each whole in memory and with its
 * CRC checked. Reads ahead in chunks; a batch larger than a chunk takes as much memory as it is
 * long, and never more than the file has. Confined to the compaction thread.
 */
final class SegmentBatches implements AutoCloseable {
    private static final int CHUNK_BYTES = 1 << 20;

    private final Path log;
    private final LogFile file;
    private final long end;
    private ByteBuffer buffer;
    private long bufferPosition;
    private int index;
    private int sizeInBytes;

    private SegmentBatches(Path log, LogFile file, long end) {
        this.log = log;
        this.file = file;
        this.end = end;
        this.buffer = ByteBuffer.allocate((int) Math.min(CHUNK_BYTES, Math.max(end, 64)));
        this.buffer.limit(0);
    }

    static SegmentBatches open(Path directory, long baseOffset, long sizeInBytes)
            throws IOException {
        Path log = SegmentFiles.path(directory, baseOffset, SegmentFiles.LOG);
        return new SegmentBatches(log, LogFile.open(log), sizeInBytes);
    }

    /** The last offset of a segment, -1 when it has no batches. Reads headers only. */
    static long lastOffset(Path directory, long baseOffset, long sizeInBytes) throws IOException {
        LogFile file = LogFile.open(SegmentFiles.path(directory, baseOffset, SegmentFiles.LOG));
        try {
            BatchHeaders headers = new BatchHeaders(file, sizeInBytes);
            long last = -1;
            BatchPosition batch = headers.at(0);
            while (batch != null) {
                last = batch.lastOffset();
                batch = headers.at(batch.nextPosition());
            }
            return last;
        } finally {
            file.release();
        }
    }

    /** How many offsets the batches of a segment span in all. Reads headers only. */
    static long offsetCount(Path directory, long baseOffset, long sizeInBytes) throws IOException {
        LogFile file = LogFile.open(SegmentFiles.path(directory, baseOffset, SegmentFiles.LOG));
        try {
            BatchHeaders headers = new BatchHeaders(file, sizeInBytes);
            long count = 0;
            BatchPosition batch = headers.at(0);
            while (batch != null) {
                count += batch.lastOffset() - batch.baseOffset() + 1;
                batch = headers.at(batch.nextPosition());
            }
            return count;
        } finally {
            file.release();
        }
    }

    /** Steps to the next batch; {@link #buffer} may be another one then. */
    boolean next() throws IOException {
        int start = index + sizeInBytes;
        long position = bufferPosition + start;
        if (position == end) {
            return false;
        }
        int size = sizeAt(start, position);
        if (size == BatchSet.PARTIAL) {
            fill(start, position);
            start = 0;
            size = sizeAt(start, position);
        }
        if (size == BatchSet.PARTIAL) {
            throw SegmentCleaner.corrupt(log, position, "a batch is cut off");
        }
        if (!BatchView.isCrcValid(buffer, start)) {
            throw SegmentCleaner.corrupt(log, position, "the CRC of a batch is wrong");
        }
        index = start;
        sizeInBytes = size;
        return true;
    }

    ByteBuffer buffer() {
        return buffer;
    }

    int index() {
        return index;
    }

    int sizeInBytes() {
        return sizeInBytes;
    }

    @Override
    public void close() {
        file.release();
    }

    private int sizeAt(int start, long position) {
        try {
            return BatchSet.sizeAt(buffer, start, buffer.limit());
        } catch (CorruptBatchException e) {
            throw SegmentCleaner.corrupt(log, position, String.valueOf(e.getMessage()));
        }
    }

    /** Makes the buffer begin at the position and hold at least the batch there, if it is whole. */
    private void fill(int start, long position) throws IOException {
        long wanted = CHUNK_BYTES;
        if (buffer.limit() - start >= BatchDescriptor.LOG_OVERHEAD_BYTES) {
            wanted =
                    Math.max(
                            wanted,
                            BatchDescriptor.LOG_OVERHEAD_BYTES
                                    + (long) BatchView.length(buffer, start));
        }
        read(position, wanted);
        if (buffer.limit() >= BatchDescriptor.LOG_OVERHEAD_BYTES) {
            long whole = BatchDescriptor.LOG_OVERHEAD_BYTES + (long) BatchView.length(buffer, 0);
            if (whole > buffer.limit() && whole <= end - position) {
                read(position, whole);
            }
        }
    }

    private void read(long position, long wanted) throws IOException {
        int size = Math.toIntExact(Math.min(wanted, end - position));
        if (buffer.capacity() < size) {
            buffer = ByteBuffer.allocate(size);
        }
        buffer.clear().limit(size);
        file.readFully(buffer, position);
        buffer.flip();
        bufferPosition = position;
        index = 0;
        sizeInBytes = 0;
    }
}
