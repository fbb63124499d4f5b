package io.headrace.coordinator.shard;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;

/**
 * A record of a shard's log. Positions of the buffers are not moved by anyone.
 *
 * @param key begins with the record type in two bytes
 * @param value null deletes the key
 */
public record ShardRecord(ByteBuffer key, @Nullable ByteBuffer value) {
    /** What a record takes in a batch beside its key and value, at most. */
    private static final int OVERHEAD_BYTES = 32;

    /** The most bytes that the record takes in a batch. */
    public int sizeInBytes() {
        return OVERHEAD_BYTES + key.remaining() + (value == null ? 0 : value.remaining());
    }
}
