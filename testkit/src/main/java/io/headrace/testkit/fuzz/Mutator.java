package io.headrace.testkit.fuzz;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.random.RandomGenerator;

/**
 * Makes hostile frames of valid ones.
 *
 * <p>A frame is a request without its size prefix: it begins with the API key and version, 16 bits
 * each (Kafka protocol guide, "Request Header"). Record batches (magic 2) are found inside by their
 * shape.
 */
public final class Mutator {
    private static final int MAX_GROWTH_BYTES = 64;
    private static final int BATCH_HEADER_BYTES = 61;
    private static final int BATCH_LENGTH_OFFSET = 8;
    private static final int BATCH_MAGIC_OFFSET = 16;
    private static final int BATCH_CRC_OFFSET = 17;
    private static final int BATCH_LAST_OFFSET_DELTA_OFFSET = 23;
    private static final int BATCH_COUNT_OFFSET = 57;
    private static final int BATCH_OVERHEAD_BYTES = 12;

    private final RandomGenerator random;

    public Mutator(RandomGenerator random) {
        this.random = random;
    }

    /** A hostile copy of a frame; the frame itself is not touched. */
    public byte[] mutate(Mutation mutation, byte[] frame) {
        byte[] copy = frame.clone();
        return switch (mutation) {
            case TRUNCATE -> Arrays.copyOf(copy, position(copy.length));
            case EXTEND ->
                    replace(
                            copy,
                            copy.length,
                            0,
                            randomBytes(1 + random.nextInt(MAX_GROWTH_BYTES)));
            case FLIP_BITS -> flipBits(copy);
            case SCRAMBLE -> overwrite(copy, randomBytes(1 + random.nextInt(16)));
            case HUGE_LENGTH ->
                    overwrite(copy, length(Integer.MAX_VALUE - random.nextInt(1 << 20)));
            case NEGATIVE_LENGTH ->
                    overwrite(copy, length(-1 - random.nextInt(1 << random.nextInt(31))));
            case VARINT_BOMB -> overwrite(copy, varint(random.nextInt() | 1 << 28));
            case ENDLESS_VARINT -> overwrite(copy, filled(5 + random.nextInt(10), (byte) 0xff));
            case NESTED_COUNT_BOMB -> overwrite(copy, counts());
            case UNKNOWN_API_KEY -> put16(copy, 0, unknownKey());
            case UNKNOWN_API_VERSION -> put16(copy, 2, unknownVersion());
            case WRONG_CRC -> wrongCrc(copy);
            case WRONG_BATCH_HEADER -> wrongBatchHeader(copy);
            case REPEAT_PIECE -> {
                byte[] piece = piece(copy);
                yield replace(copy, position(copy.length + 1), 0, piece);
            }
            case REMOVE_PIECE -> {
                int from = position(copy.length);
                yield replace(copy, from, position(copy.length - from + 1), new byte[0]);
            }
        };
    }

    /** A number from 0 to {@code bound - 1}; 0 for an empty range. */
    private int position(int bound) {
        return bound <= 0 ? 0 : random.nextInt(bound);
    }

    private byte[] randomBytes(int count) {
        byte[] bytes = new byte[count];
        random.nextBytes(bytes);
        return bytes;
    }

    private static byte[] filled(int count, byte value) {
        byte[] bytes = new byte[count];
        Arrays.fill(bytes, value);
        return bytes;
    }

    private byte[] flipBits(byte[] frame) {
        int flips = 1 + random.nextInt(4);
        for (int count = 0; count < flips && frame.length > 0; count++) {
            int at = random.nextInt(frame.length);
            frame[at] = (byte) (frame[at] ^ (1 << random.nextInt(8)));
        }
        return frame;
    }

    private byte[] length(int value) {
        return random.nextBoolean()
                ? ByteBuffer.allocate(4).putInt(value).array()
                : ByteBuffer.allocate(2).putShort((short) (value < 0 ? value : 0x7fff)).array();
    }

    private static byte[] varint(int value) {
        byte[] bytes = new byte[5];
        int left = value;
        int count = 0;
        while ((left & ~0x7f) != 0) {
            bytes[count++] = (byte) ((left & 0x7f) | 0x80);
            left >>>= 7;
        }
        bytes[count++] = (byte) left;
        return Arrays.copyOf(bytes, count);
    }

    private byte[] counts() {
        boolean compact = random.nextBoolean();
        int count = 1_000_000 + random.nextInt(1 << 24);
        byte[] one = compact ? varint(count) : ByteBuffer.allocate(4).putInt(count).array();
        ByteBuffer all = ByteBuffer.allocate(one.length * (1 + random.nextInt(16)));
        while (all.hasRemaining()) {
            all.put(one);
        }
        return all.array();
    }

    private byte[] overwrite(byte[] frame, byte[] bytes) {
        int at = position(frame.length);
        int end = Math.min(frame.length, at + bytes.length);
        System.arraycopy(bytes, 0, frame, at, end - at);
        return frame;
    }

    private byte[] piece(byte[] frame) {
        int from = position(frame.length);
        int count = Math.min(position(frame.length - from + 1), 4 * MAX_GROWTH_BYTES);
        return Arrays.copyOfRange(frame, from, from + count);
    }

    private static byte[] replace(byte[] frame, int at, int count, byte[] by) {
        byte[] result = new byte[frame.length - count + by.length];
        System.arraycopy(frame, 0, result, 0, at);
        System.arraycopy(by, 0, result, at, by.length);
        System.arraycopy(frame, at + count, result, at + by.length, frame.length - at - count);
        return result;
    }

    private static byte[] put16(byte[] frame, int at, int value) {
        if (frame.length >= at + 2) {
            ByteBuffer.wrap(frame).putShort(at, (short) value);
        }
        return frame;
    }

    private int unknownKey() {
        return random.nextBoolean() ? -1 - random.nextInt(1000) : 500 + random.nextInt(9000);
    }

    private int unknownVersion() {
        return random.nextBoolean() ? -1 - random.nextInt(1000) : 100 + random.nextInt(30_000);
    }

    private byte[] wrongCrc(byte[] frame) {
        int batch = findBatch(frame);
        int at = batch < 0 ? position(frame.length - 3) : batch + BATCH_CRC_OFFSET;
        return frame.length < at + 4 ? flipBits(frame) : xor32(frame, at);
    }

    private byte[] wrongBatchHeader(byte[] frame) {
        int batch = findBatch(frame);
        if (batch < 0) {
            return flipBits(frame);
        }
        int[] fields = {BATCH_LENGTH_OFFSET, BATCH_LAST_OFFSET_DELTA_OFFSET, BATCH_COUNT_OFFSET};
        return xor32(frame, batch + fields[random.nextInt(fields.length)]);
    }

    /** Changes an integer, for certain, by a little or by much. */
    private byte[] xor32(byte[] frame, int at) {
        ByteBuffer buffer = ByteBuffer.wrap(frame);
        int change = (1 + random.nextInt(Integer.MAX_VALUE)) >>> random.nextInt(31);
        buffer.putInt(at, buffer.getInt(at) ^ Math.max(1, change));
        return frame;
    }

    /** Where a record batch begins; -1 when there is none. */
    static int findBatch(byte[] frame) {
        ByteBuffer buffer = ByteBuffer.wrap(frame);
        for (int at = 0; at + BATCH_HEADER_BYTES <= frame.length; at++) {
            int length = buffer.getInt(at + BATCH_LENGTH_OFFSET);
            if (frame[at + BATCH_MAGIC_OFFSET] == 2
                    && length >= BATCH_HEADER_BYTES - BATCH_OVERHEAD_BYTES
                    && length <= frame.length - at - BATCH_OVERHEAD_BYTES) {
                return at;
            }
        }
        return -1;
    }
}
