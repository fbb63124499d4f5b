package io.headrace.testkit.disk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** The bytes of one file: an array with a size; bytes never written are zero. */
final class GrowableBytes {
    /** No simulated file grows beyond this; a real one is not kept in memory. */
    static final long MAX_SIZE_BYTES = 1L << 30;

    private byte[] bytes;
    private int sizeInBytes;

    GrowableBytes() {
        this(new byte[0], 0);
    }

    private GrowableBytes(byte[] bytes, int sizeInBytes) {
        this.bytes = bytes;
        this.sizeInBytes = sizeInBytes;
    }

    GrowableBytes copy() {
        return new GrowableBytes(Arrays.copyOf(bytes, sizeInBytes), sizeInBytes);
    }

    int sizeInBytes() {
        return sizeInBytes;
    }

    /** Copies up to {@code destination.remaining()} bytes; -1 at or beyond the end. */
    int read(long position, ByteBuffer destination) {
        if (position >= sizeInBytes) {
            return -1;
        }
        int count = (int) Math.min(destination.remaining(), sizeInBytes - position);
        destination.put(bytes, (int) position, count);
        return count;
    }

    void write(long position, byte[] source, int from, int count) throws IOException {
        if (count == 0) {
            return;
        }
        if (position + count > MAX_SIZE_BYTES) {
            throw new IOException("File too large");
        }
        int end = (int) position + count;
        if (end > bytes.length) {
            bytes =
                    Arrays.copyOf(
                            bytes, (int) Math.max(end, Math.min(end * 3L / 2, end + 4_194_304L)));
        }
        System.arraycopy(source, from, bytes, (int) position, count);
        sizeInBytes = Math.max(sizeInBytes, end);
    }

    void truncate(long size) {
        if (size < sizeInBytes) {
            Arrays.fill(bytes, (int) size, sizeInBytes, (byte) 0);
            sizeInBytes = (int) size;
        }
    }

    /** Inverts one bit, if the file is that long. */
    boolean flip(long position, int bit) {
        if (position >= sizeInBytes) {
            return false;
        }
        bytes[(int) position] = (byte) (bytes[(int) position] ^ (1 << bit));
        return true;
    }
}
