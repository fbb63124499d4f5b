package io.headrace.protocol.batch;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * A record of a log. Key and value are read-only slices: of the batch's own buffer when it is not
 * compressed, so valid as long as that buffer is; else of memory of their own.
 */
public record StoredRecord(
        long offset,
        long timestampMs,
        @Nullable ByteBuffer key,
        @Nullable ByteBuffer value,
        List<RecordHeader> headers) {

    /** A copy of the key, or null. */
    public byte @Nullable [] keyBytes() {
        return copy(key);
    }

    /** A copy of the value, or null. */
    public byte @Nullable [] valueBytes() {
        return copy(value);
    }

    private static byte @Nullable [] copy(@Nullable ByteBuffer bytes) {
        if (bytes == null) {
            return null;
        }
        byte[] copy = new byte[bytes.remaining()];
        bytes.get(bytes.position(), copy);
        return copy;
    }
}
