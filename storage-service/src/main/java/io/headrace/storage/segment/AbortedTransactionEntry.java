package io.headrace.storage.segment;

import java.nio.ByteBuffer;

/**
 * An aborted transaction as a transaction index stores it, 34 bytes big-endian.
 *
 * <pre>
 *   version i16 (0) | producerId i64 | firstOffset i64 | lastOffset i64 | lastStableOffset i64
 * </pre>
 *
 * @param lastOffset the marker's offset
 * @param lastStableOffset the log's, as the marker made it
 */
public record AbortedTransactionEntry(
        long producerId, long firstOffset, long lastOffset, long lastStableOffset) {
    public static final int SIZE_IN_BYTES = 34;
    private static final short VERSION = 0;

    public void write(ByteBuffer into) {
        into.putShort(VERSION)
                .putLong(producerId)
                .putLong(firstOffset)
                .putLong(lastOffset)
                .putLong(lastStableOffset);
    }

    public static AbortedTransactionEntry read(ByteBuffer from) {
        from.getShort();
        return new AbortedTransactionEntry(
                from.getLong(), from.getLong(), from.getLong(), from.getLong());
    }
}
