package io.headrace.storage.segment;

import io.headrace.protocol.batch.BatchDescriptor;
import io.headrace.protocol.batch.BatchView;
import io.headrace.protocol.batch.CorruptBatchException;
import io.headrace.storage.file.LogFile;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.ByteBuffer;

/** A walk over the batch headers of a file, one small read each. */
public final class BatchHeaders {
    private final LogFile file;
    private final long end;
    private final ByteBuffer header = ByteBuffer.allocate(BatchDescriptor.HEADER_BYTES);

    /** Headers of batches that lie wholly below {@code end}. */
    public BatchHeaders(LogFile file, long end) {
        this.file = file;
        this.end = end;
    }

    /** The batch at a position, or null when no whole batch with a plausible header is there. */
    public @Nullable BatchPosition at(long position) throws IOException {
        if (position + BatchDescriptor.HEADER_BYTES > end) {
            return null;
        }
        header.clear();
        file.readFully(header, position);
        BatchPosition batch = in(header.flip(), position);
        return batch == null || batch.nextPosition() > end ? null : batch;
    }

    /** The batch whose header a buffer begins with, or null when it is not plausible. */
    public static @Nullable BatchPosition in(ByteBuffer header, long position) {
        int length = BatchView.length(header, 0);
        int lengthMin = BatchDescriptor.HEADER_BYTES - BatchDescriptor.LOG_OVERHEAD_BYTES;
        if (length < lengthMin
                || length > Integer.MAX_VALUE - BatchDescriptor.LOG_OVERHEAD_BYTES
                || BatchView.magic(header, 0) != BatchDescriptor.CURRENT_MAGIC
                || BatchView.lastOffsetDelta(header, 0) < 0
                || BatchView.baseOffset(header, 0) < 0) {
            return null;
        }
        return new BatchPosition(
                position,
                length + BatchDescriptor.LOG_OVERHEAD_BYTES,
                BatchView.baseOffset(header, 0),
                BatchView.lastOffset(header, 0),
                BatchView.leaderEpoch(header, 0),
                BatchView.maxTimestampMs(header, 0));
    }

    /** The first batch from a position on whose last offset is at least this one, or null. */
    public @Nullable BatchPosition seek(long position, long offset) throws IOException {
        BatchPosition batch = at(position);
        while (batch != null && batch.lastOffset() < offset) {
            batch = at(batch.nextPosition());
        }
        return batch;
    }

    /**
     * As {@link #seek}, from the batch after the offset {@code lastOffset} on. Offsets are not in a
     * batch's CRC, so their order is what tells a damaged one.
     *
     * @throws CorruptBatchException when the offsets on the way do not go up, or the headers do not
     *     lead to the end
     */
    public @Nullable BatchPosition seekInOrder(long position, long lastOffset, long offset)
            throws IOException {
        long last = lastOffset;
        long next = position;
        BatchPosition batch = at(next);
        while (batch != null) {
            if (batch.baseOffset() <= last) {
                throw new CorruptBatchException(
                        "The batch at "
                                + batch.position()
                                + " begins at offset "
                                + batch.baseOffset()
                                + ", though the one before ends at "
                                + last);
            }
            if (batch.lastOffset() >= offset) {
                return batch;
            }
            last = batch.lastOffset();
            next = batch.nextPosition();
            batch = at(next);
        }
        if (next != end) {
            throw new CorruptBatchException("There is no batch at " + next);
        }
        return null;
    }
}
