package io.headrace.protocol.batch;

import java.nio.ByteBuffer;

/**
 * Checks the sizes that a snappy stream claims, before a decoder that trusts them allocates.
 *
 * <p>A stream is either framed, {@code magic (8 bytes), version i32, compatible version i32, then
 * chunks of (size i32, snappy block)}, or one bare block; a block begins with its decompressed size
 * as an unsigned varint.
 */
final class SnappyGuard {
    private static final long MAGIC = 0x82534e4150505900L;
    private static final int FRAME_HEADER_BYTES = 16;

    private SnappyGuard() {}

    static void check(ByteBuffer body, long maxBytes) {
        int start = body.position();
        int end = body.limit();
        if (end - start < 8 || body.getLong(start) != MAGIC) {
            requireWithin(blockSize(body, start, end), maxBytes);
            return;
        }
        long total = 0;
        int at = start + FRAME_HEADER_BYTES;
        while (at < end) {
            if (end - at < 4) {
                throw new CorruptBatchException("A snappy chunk is cut off");
            }
            if (end - at >= FRAME_HEADER_BYTES && body.getLong(at) == MAGIC) {
                at += FRAME_HEADER_BYTES; // Streams may be concatenated.
                continue;
            }
            int size = body.getInt(at);
            at += 4;
            if (size < 0 || size > end - at) {
                throw new CorruptBatchException(
                        "A snappy chunk claims " + size + " bytes, " + (end - at) + " are left");
            }
            total += blockSize(body, at, at + size);
            requireWithin(total, maxBytes);
            at += size;
        }
    }

    private static long blockSize(ByteBuffer body, int start, int end) {
        long size = 0;
        for (int i = 0; i < 5; i++) {
            if (start + i >= end) {
                throw new CorruptBatchException("A snappy block is cut off");
            }
            byte next = body.get(start + i);
            size |= (next & 0x7fL) << (7 * i);
            if (next >= 0) {
                return size;
            }
        }
        throw new CorruptBatchException("A snappy block has an impossible size");
    }

    private static void requireWithin(long bytes, long maxBytes) {
        if (bytes > maxBytes) {
            throw new DecompressionLimitException(
                    "The batch decompresses to more than " + maxBytes + " bytes");
        }
    }
}
