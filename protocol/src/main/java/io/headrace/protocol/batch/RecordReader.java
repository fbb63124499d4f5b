package io.headrace.protocol.batch;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.NoSuchElementException;

/**
 * Reads the records of one batch, decompressing as it goes and never past a limit.
 *
 * <p>Every length in the bytes is checked against what is left before it is used, so hostile bytes
 * cost no more memory than {@code maxDecompressedBytes}. Each method throws {@link
 * CorruptBatchException} on bytes that are no records, {@link DecompressionLimitException} beyond
 * the limit. Close it: codecs hold native memory. Not for use by several threads.
 */
public final class RecordReader implements Iterator<StoredRecord>, AutoCloseable {
    private final ByteBuffer buffer;
    private final int index;
    private final int recordCount;
    private final RecordSource source;
    private int readCount;

    private RecordReader(ByteBuffer buffer, int index, int recordCount, RecordSource source) {
        this.buffer = buffer;
        this.index = index;
        this.recordCount = recordCount;
        this.source = source;
    }

    /**
     * Opens the batch at {@code index}; the whole batch must lie before the buffer's limit.
     *
     * @param maxDecompressedBytes the most bytes that its records may decompress to
     */
    public static RecordReader open(ByteBuffer buffer, int index, long maxDecompressedBytes) {
        int size = BatchSet.sizeAt(buffer, index, buffer.limit());
        if (size == BatchSet.PARTIAL) {
            throw new CorruptBatchException("The batch at byte " + index + " is cut off");
        }
        int count = BatchView.recordCount(buffer, index);
        if (count < 0) {
            throw new CorruptBatchException("The batch claims " + count + " records");
        }
        CompressionCodec codec = BatchView.codec(buffer, index);
        if (codec == null) {
            throw new CorruptBatchException("The batch is compressed by an unknown codec");
        }
        ByteBuffer body =
                buffer.slice(
                                index + BatchDescriptor.HEADER_BYTES,
                                size - BatchDescriptor.HEADER_BYTES)
                        .asReadOnlyBuffer();
        RecordSource source =
                codec == CompressionCodec.NONE
                        ? new PlainRecordSource(body)
                        : CompressedRecordSource.open(codec, body, maxDecompressedBytes);
        return new RecordReader(buffer, index, count, source);
    }

    @Override
    public boolean hasNext() {
        if (readCount < recordCount) {
            return true;
        }
        source.requireEnd();
        return false;
    }

    @Override
    public StoredRecord next() {
        if (readCount >= recordCount) {
            throw new NoSuchElementException();
        }
        ByteBuffer bytes = source.nextRecord();
        readCount++;
        return RecordFormat.parse(bytes, baseOffset(), baseTimestampMs(), logAppendTimeMs());
    }

    private long baseOffset() {
        return BatchView.baseOffset(buffer, index);
    }

    private long baseTimestampMs() {
        return BatchView.baseTimestampMs(buffer, index);
    }

    private @Nullable Long logAppendTimeMs() {
        return BatchView.timestampType(buffer, index) == TimestampType.LOG_APPEND_TIME
                ? (Long) BatchView.maxTimestampMs(buffer, index)
                : null;
    }

    @Override
    public void close() {
        source.close();
    }
}
