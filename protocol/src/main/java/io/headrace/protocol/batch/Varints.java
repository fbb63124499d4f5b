package io.headrace.protocol.batch;

import java.nio.ByteBuffer;

/** Zig-zag numbers of variable length (Protocol Buffers' encoding), as records use them. */
final class Varints {
    static final int MAX_INT_BYTES = 5;
    static final int MAX_LONG_BYTES = 10;

    private Varints() {}

    static int sizeOf(int value) {
        return sizeOf((long) value);
    }

    static int sizeOf(long value) {
        long zigzag = (value << 1) ^ (value >> 63);
        return (70 - Long.numberOfLeadingZeros(zigzag | 1)) / 7;
    }

    static void write(ByteBuffer buffer, long value) {
        long rest = (value << 1) ^ (value >> 63);
        while ((rest & ~0x7fL) != 0) {
            buffer.put((byte) ((rest & 0x7f) | 0x80));
            rest >>>= 7;
        }
        buffer.put((byte) rest);
    }

    /**
     * Reads a number of 32 bits at the buffer's position.
     *
     * @throws CorruptBatchException when it is cut off or too long
     */
    static int readInt(ByteBuffer buffer) {
        int raw = 0;
        for (int shift = 0; shift < 7 * MAX_INT_BYTES; shift += 7) {
            int next = readByte(buffer);
            raw |= (next & 0x7f) << shift;
            if (next >= 0) {
                return (raw >>> 1) ^ -(raw & 1);
            }
        }
        throw new CorruptBatchException("A variable-length number has more than 5 bytes");
    }

    /**
     * Reads a number of 64 bits at the buffer's position.
     *
     * @throws CorruptBatchException when it is cut off or too long
     */
    static long readLong(ByteBuffer buffer) {
        long raw = 0;
        for (int shift = 0; shift < 7 * MAX_LONG_BYTES; shift += 7) {
            int next = readByte(buffer);
            raw |= (next & 0x7fL) << shift;
            if (next >= 0) {
                return (raw >>> 1) ^ -(raw & 1);
            }
        }
        throw new CorruptBatchException("A variable-length number has more than 10 bytes");
    }

    private static int readByte(ByteBuffer buffer) {
        if (!buffer.hasRemaining()) {
            throw new CorruptBatchException("A record is cut off inside a number");
        }
        return buffer.get();
    }
}
