package io.headrace.storage.recovery;

import io.headrace.protocol.batch.BatchDescriptor;
import io.headrace.protocol.batch.BatchView;
import io.headrace.storage.file.LogFile;
import io.headrace.storage.segment.BatchHeaders;
import io.headrace.storage.segment.BatchPosition;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/** Reads a records file from a position on, batch after batch, in large reads. For one thread. */
final class BatchScan implements AutoCloseable {
    private static final int CHUNK_BYTES = 256 << 10;

    private final LogFile file;
    private final long end;
    private ByteBuffer buffer;
    private long bufferPosition;
    private int index;
    private int sizeInBytes;

    BatchScan(Path path, long position, long end) throws IOException {
        this.file = LogFile.open(path);
        this.end = end;
        this.bufferPosition = position;
        int room = (int) Math.min(CHUNK_BYTES, Math.max(0, end - position));
        this.buffer = ByteBuffer.allocate(room).limit(0);
    }

    /** Steps to the next whole batch with a plausible header; false when there is none. */
    boolean next() throws IOException {
        index += sizeInBytes;
        sizeInBytes = 0;
        if (!fill(BatchDescriptor.HEADER_BYTES)) {
            return false;
        }
        long size = BatchDescriptor.LOG_OVERHEAD_BYTES + (long) BatchView.length(buffer, index);
        if (size < BatchDescriptor.HEADER_BYTES
                || size > end - position()
                || size > Integer.MAX_VALUE - 8
                || BatchView.magic(buffer, index) != BatchDescriptor.CURRENT_MAGIC
                || !fill((int) size)) {
            return false;
        }
        sizeInBytes = (int) size;
        return true;
    }

    /** Makes so many bytes from the current position on lie in the buffer. */
    private boolean fill(int bytes) throws IOException {
        if (buffer.limit() - index >= bytes) {
            return true;
        }
        long from = position();
        if (from + bytes > end) {
            return false;
        }
        if (buffer.capacity() < bytes) {
            buffer = ByteBuffer.allocate(bytes);
        }
        buffer.clear().limit((int) Math.min(buffer.capacity(), end - from));
        file.readFully(buffer, from);
        buffer.flip();
        bufferPosition = from;
        index = 0;
        return true;
    }

    /** Whether the current batch's CRC is right. */
    boolean isValid() {
        return BatchView.isCrcValid(buffer, index);
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

    /** Where the current batch, good or bad, begins in the file. */
    long position() {
        return bufferPosition + index;
    }

    /** The header of the current batch, or null. */
    @Nullable BatchPosition headerHere() throws IOException {
        return headerAt(position());
    }

    @Nullable BatchPosition headerAt(long position) throws IOException {
        return new BatchHeaders(file, end).at(position);
    }

    /** Goes on at a position. */
    void skipTo(long position) {
        bufferPosition = position;
        index = 0;
        sizeInBytes = 0;
        buffer.limit(0);
    }

    /** Cuts the file before the current batch; durable. */
    void truncateHere() throws IOException {
        file.truncate(position());
        file.flush();
    }

    @Override
    public void close() {
        file.release();
    }
}
