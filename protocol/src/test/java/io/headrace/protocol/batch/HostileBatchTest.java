package io.headrace.protocol.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.headrace.protocol.batch.produce.ProduceRules;
import io.headrace.protocol.batch.produce.ProduceValidator;
import io.headrace.protocol.batch.produce.ProduceVerdict;
import io.headrace.protocol.batch.read.AbortedTransaction;
import io.headrace.protocol.batch.read.BatchVisibility;
import io.headrace.protocol.batch.read.FetchedRecords;

import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;

/**
 * Bytes that mean harm: whatever they are, the answer is a verdict or {@link
 * CorruptBatchException}.
 */
class HostileBatchTest {
    private static final int ROUNDS = 20_000;
    private static final long NOW = 1_700_000_000_000L;

    @Test
    void mutatedBatchesNeverEscapeTheirExceptions() {
        Random random = new Random(RandomRecords.seed());
        ProduceRules rules =
                new ProduceRules(
                        CompressionCodec.LZ4,
                        OptionalInt.empty(),
                        TimestampType.CREATE_TIME,
                        Long.MAX_VALUE,
                        Long.MAX_VALUE,
                        1 << 20,
                        true,
                        1 << 20);
        int accepted = 0;
        int read = 0;
        for (int round = 0; round < ROUNDS; round++) {
            ByteBuffer buffer = mutate(random, valid(random));
            accepted +=
                    ProduceValidator.validate(buffer, (short) random.nextInt(13), rules, NOW)
                                    instanceof ProduceVerdict.Accepted
                            ? 1
                            : 0;
            read += walk(buffer);
        }
        assertThat(accepted).isPositive();
        assertThat(read).isPositive();
    }

    @Test
    void randomBytesAreNoBatches() {
        Random random = new Random(RandomRecords.seed());
        for (int round = 0; round < ROUNDS; round++) {
            byte[] bytes = new byte[random.nextInt(200)];
            random.nextBytes(bytes);
            ByteBuffer buffer = ByteBuffer.wrap(bytes);
            assertThat(ProduceValidator.validate(buffer, (short) 9, ProduceRules.DEFAULT, NOW))
                    .isInstanceOf(ProduceVerdict.Rejected.class);
            walk(buffer);
        }
    }

    @Test
    void aWalkStopsAtEveryCutAndNeverPastIt() {
        Random random = new Random(RandomRecords.seed());
        ByteBuffer one = valid(random);
        ByteBuffer two = valid(random);
        ByteBuffer both = ByteBuffer.allocate(one.remaining() + two.remaining());
        both.put(one.duplicate()).put(two.duplicate()).flip();
        for (int cut = 0; cut <= both.limit(); cut++) {
            BatchSet batches = BatchSet.of(both, 0, cut);
            int count = 0;
            while (batches.next()) {
                count++;
            }
            int whole = cut == both.limit() ? 2 : cut >= one.remaining() ? 1 : 0;
            assertThat(count).isEqualTo(whole);
            assertThat(batches.endIndex())
                    .isEqualTo(whole == 2 ? cut : whole == 1 ? one.remaining() : 0);
            assertThat(batches.next()).isFalse();
        }
    }

    @Test
    void snappySizesAreNotBelieved() {
        // A chunk, and a bare block, that claim two gigabytes.
        byte[] framed = {
            (byte) 0x82,
            'S',
            'N',
            'A',
            'P',
            'P',
            'Y',
            0,
            0,
            0,
            0,
            1,
            0,
            0,
            0,
            1,
            0,
            0,
            0,
            6,
            (byte) 0xff,
            (byte) 0xff,
            (byte) 0xff,
            (byte) 0xff,
            7,
            0
        };
        byte[] bare = {(byte) 0xff, (byte) 0xff, (byte) 0xff, (byte) 0xff, 7, 0, 1, 2, 3};
        byte[] hugeChunk = framed.clone();
        hugeChunk[16] = 0x7f;
        for (byte[] body : List.of(framed, bare, hugeChunk)) {
            assertThatThrownBy(() -> readAll(compressed(CompressionCodec.SNAPPY, body)))
                    .isInstanceOf(CorruptBatchException.class);
        }
    }

    @Test
    void aRecordThatClaimsGigabytesAllocatesNone() {
        // Length 2^31-1 and nothing behind it.
        byte[] body = {(byte) 0xfe, (byte) 0xff, (byte) 0xff, (byte) 0xff, 0x0f};
        ByteBuffer plain = compressed(CompressionCodec.NONE, body);
        assertThatThrownBy(() -> readAll(plain)).isInstanceOf(CorruptBatchException.class);
        ByteBuffer source = ByteBuffer.allocate(61 + body.length);
        source.position(61).put(body);
        for (CompressionCodec codec : CompressionCodec.values()) {
            if (codec != CompressionCodec.NONE) {
                ByteBuffer batch =
                        CodecStreams.compressBatch(
                                codec, OptionalInt.empty(), source, 0, source.limit(), 100);
                new BatchHeader(0, 0, 0, codec.id(), 0, 0, -1, (short) -1, -1, 1).writeTo(batch);
                assertThatThrownBy(() -> readAll(batch)).isInstanceOf(CorruptBatchException.class);
            }
        }
    }

    private static void readAll(ByteBuffer batch) {
        RandomRecords.readAll(batch, 0);
    }

    private static ByteBuffer compressed(CompressionCodec codec, byte[] body) {
        ByteBuffer batch = ByteBuffer.allocate(61 + body.length);
        batch.put(61, body);
        new BatchHeader(0, 0, 0, codec.id(), 0, 0, -1, (short) -1, -1, 1).writeTo(batch);
        return batch;
    }

    private static ByteBuffer valid(Random random) {
        CompressionCodec[] codecs = CompressionCodec.values();
        BatchBuilder builder = BatchBuilder.growing().codec(codecs[random.nextInt(codecs.length)]);
        return RandomRecords.build(builder, RandomRecords.draw(random, 1 + random.nextInt(5)));
    }

    /** Flips, overwrites or cuts; half of the time with a CRC made right again. */
    private static ByteBuffer mutate(Random random, ByteBuffer batch) {
        ByteBuffer bytes = ByteBuffer.allocate(batch.remaining()).put(batch.duplicate()).flip();
        for (int i = random.nextInt(4); i > 0; i--) {
            int at = random.nextInt(bytes.limit());
            switch (random.nextInt(4)) {
                case 0 -> bytes.put(at, (byte) (bytes.get(at) ^ (1 << random.nextInt(8))));
                case 1 -> bytes.put(at, (byte) random.nextInt());
                case 2 -> {
                    if (at + 4 <= bytes.limit()) {
                        bytes.putInt(at, random.nextBoolean() ? -1 : Integer.MAX_VALUE);
                    }
                }
                default -> bytes.put(Math.min(at, 60), (byte) 0xff);
            }
        }
        if (random.nextInt(5) == 0) {
            bytes.limit(random.nextInt(bytes.limit() + 1));
        }
        if (bytes.limit() >= 61 && random.nextBoolean()) {
            if (random.nextBoolean()) {
                bytes.putInt(BatchDescriptor.LENGTH, bytes.limit() - 12);
                bytes.putLong(BatchDescriptor.BASE_OFFSET, 0);
                bytes.put(BatchDescriptor.MAGIC, (byte) 2);
            }
            if (BatchView.sizeInBytes(bytes, 0) == bytes.limit()) {
                BatchView.rewriteCrc(bytes, 0);
            }
        }
        return bytes;
    }

    private static int walk(ByteBuffer buffer) {
        int read = 0;
        try {
            BatchSet batches = BatchSet.of(buffer);
            while (batches.next()) {
                try (RecordReader reader =
                        RecordReader.open(buffer, batches.index(), RandomRecords.MAX_BYTES)) {
                    while (reader.hasNext()) {
                        reader.next();
                        read++;
                    }
                }
            }
            FetchedRecords fetched =
                    new FetchedRecords(
                            buffer,
                            0,
                            BatchVisibility.readCommitted(List.of(new AbortedTransaction(-1, 0))),
                            RandomRecords.MAX_BYTES,
                            false);
            try (fetched) {
                while (fetched.hasNext()) {
                    fetched.next();
                }
            }
        } catch (CorruptBatchException expected) {
            assertThat(expected.getMessage()).isNotBlank();
        }
        return read;
    }
}
