package io.headrace.protocol.batch;

import static io.headrace.protocol.batch.BatchDescriptor.HEADER_BYTES;
import static io.headrace.protocol.batch.BatchDescriptor.LENGTH;
import static io.headrace.protocol.batch.BatchDescriptor.LOG_OVERHEAD_BYTES;
import static io.headrace.protocol.batch.BatchDescriptor.MAGIC;

import java.nio.ByteBuffer;

/**
 * A walk over consecutive batches in a buffer, one header at a time, without touching records.
 *
 * <pre>{@code
 * BatchSet batches = BatchSet.of(buffer);
 * while (batches.next()) {
 *     use(BatchView.baseOffset(buffer, batches.index()));
 * }
 * }</pre>
 *
 * <p>It ends at the buffer's limit or before a batch that is cut off there (a Fetch answer may end
 * so). The buffer's position and limit stay. Not for use by several threads.
 */
public final class BatchSet {
    private final ByteBuffer buffer;
    private final int limit;
    private int index;
    private int sizeInBytes;

    private BatchSet(ByteBuffer buffer, int start, int limit) {
        this.buffer = buffer;
        this.index = start;
        this.limit = limit;
    }

    /** The batches between the buffer's position and its limit. */
    public static BatchSet of(ByteBuffer buffer) {
        return new BatchSet(buffer, buffer.position(), buffer.limit());
    }

    /** The batches from the absolute place {@code start} up to {@code limit}. */
    public static BatchSet of(ByteBuffer buffer, int start, int limit) {
        if (start < 0 || start > limit || limit > buffer.limit()) {
            throw new IndexOutOfBoundsException(
                    "range " + start + ".." + limit + " of a buffer up to " + buffer.limit());
        }
        return new BatchSet(buffer, start, limit);
    }

    /**
     * Steps to the next whole batch.
     *
     * @return false at the end, which {@link #endIndex} then names
     * @throws CorruptBatchException when the length field or the format is impossible
     */
    public boolean next() {
        int start = index + sizeInBytes;
        int size = sizeAt(buffer, start, limit);
        index = start;
        if (size == PARTIAL) {
            sizeInBytes = 0;
            return false;
        }
        sizeInBytes = size;
        return true;
    }

    /** Where the current batch begins in the buffer. */
    public int index() {
        return index;
    }

    /** The size of the current batch. */
    public int sizeInBytes() {
        return sizeInBytes;
    }

    /**
     * Where the batches walked so far end: after {@link #next} was false, the end of the last whole
     * batch.
     */
    public int endIndex() {
        return index + sizeInBytes;
    }

    /** Answer of {@link #sizeAt}: the batch is cut off by the limit. */
    public static final int PARTIAL = -1;

    /**
     * The size of the batch at {@code index} if all of it lies before {@code limit}, else {@link
     * #PARTIAL}.
     *
     * @throws CorruptBatchException when the length field or the format is impossible
     */
    public static int sizeAt(ByteBuffer buffer, int index, int limit) {
        int available = limit - index;
        if (available < LOG_OVERHEAD_BYTES) {
            return PARTIAL;
        }
        int length = buffer.getInt(index + LENGTH);
        if (length < HEADER_BYTES - LOG_OVERHEAD_BYTES) {
            throw new CorruptBatchException(
                    "Batch at byte " + index + " has length " + length + ", below the smallest");
        }
        if (available <= MAGIC) {
            return PARTIAL;
        }
        byte magic = buffer.get(index + MAGIC);
        if (magic != BatchDescriptor.CURRENT_MAGIC) {
            throw new CorruptBatchException(
                    "Batch at byte " + index + " has format " + magic + "; only 2 is stored");
        }
        return length > available - LOG_OVERHEAD_BYTES ? PARTIAL : length + LOG_OVERHEAD_BYTES;
    }
}
