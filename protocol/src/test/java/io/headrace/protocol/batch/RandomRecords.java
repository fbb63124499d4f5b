package io.headrace.protocol.batch;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Records drawn from a seed that is printed: {@code -Dseed=} repeats them. */
public final class RandomRecords {
    public static final long MAX_BYTES = 16L << 20;

    private RandomRecords() {}

    public static long seed() {
        String given = System.getProperty("seed", "");
        long seed = given.isBlank() ? System.nanoTime() : Long.parseLong(given);
        System.out.println("-Dseed=" + seed);
        return seed;
    }

    /** Records at consecutive offsets from 0. */
    public static List<StoredRecord> draw(Random random, int count) {
        List<StoredRecord> records = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            long timestamp = random.nextInt(20) == 0 ? -1 : 1_000_000L + random.nextInt(5_000);
            records.add(
                    new StoredRecord(
                            i, timestamp, bytes(random, 20), bytes(random, 300), headers(random)));
        }
        return records;
    }

    private static @Nullable ByteBuffer bytes(Random random, int max) {
        if (random.nextInt(6) == 0) {
            return null;
        }
        byte[] bytes = new byte[random.nextInt(max)];
        if (random.nextBoolean()) {
            random.nextBytes(bytes);
        }
        return ByteBuffer.wrap(bytes);
    }

    private static List<RecordHeader> headers(Random random) {
        List<RecordHeader> headers = new ArrayList<>();
        for (int i = random.nextInt(8) - 5; i > 0; i--) {
            byte[] value = new byte[random.nextInt(10)];
            random.nextBytes(value);
            headers.add(new RecordHeader("h\u00e9" + random.nextInt(3), i == 2 ? null : value));
        }
        return headers;
    }

    public static ByteBuffer build(BatchBuilder builder, List<StoredRecord> records) {
        for (StoredRecord record : records) {
            builder.append(record.timestampMs(), record.key(), record.value(), record.headers());
        }
        return builder.build();
    }

    public static List<StoredRecord> readAll(ByteBuffer buffer, int index) {
        List<StoredRecord> read = new ArrayList<>();
        try (RecordReader reader = RecordReader.open(buffer, index, MAX_BYTES)) {
            while (reader.hasNext()) {
                read.add(reader.next());
            }
        }
        return read;
    }
}
