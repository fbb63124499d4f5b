package io.headrace.protocol.batch.produce;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.protocol.batch.BatchBuilder;
import io.headrace.protocol.batch.BatchDescriptor;
import io.headrace.protocol.batch.BatchView;
import io.headrace.protocol.batch.CompressionCodec;
import io.headrace.protocol.batch.RandomRecords;
import io.headrace.protocol.batch.StoredRecord;
import io.headrace.protocol.batch.TimestampType;
import io.headrace.protocol.batch.produce.ProduceVerdict.Accepted;
import io.headrace.protocol.batch.produce.ProduceVerdict.Rejected;

import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import java.util.function.Consumer;

class ProduceValidatorTest {
    private static final long NOW = 1_700_000_000_000L;
    private static final ByteBuffer KEY = ByteBuffer.wrap(new byte[] {1, 2});
    private static final ByteBuffer VALUE = ByteBuffer.wrap(new byte[100]);

    @Test
    void aGoodBatchIsAcceptedUntouched() {
        ByteBuffer batch = batchOf(CompressionCodec.NONE, KEY);
        byte[] before = bytes(batch);
        Accepted accepted = accepted(batch, ProduceRules.DEFAULT);
        assertThat(accepted.batch()).isSameAs(batch);
        assertThat(bytes(batch)).isEqualTo(before);
        assertThat(accepted.recordCount()).isEqualTo(3);
        assertThat(accepted.maxTimestampMs()).isEqualTo(NOW + 2);
        assertThat(accepted.logAppendTimeMs()).isEqualTo(-1);
        assertThat(accepted.rewritten()).isFalse();
    }

    @Test
    void structureIsChecked() {
        assertThat(reject(ByteBuffer.allocate(0)).error()).isEqualTo(Errors.INVALID_RECORD);
        assertThat(reject(ByteBuffer.allocate(10)).error()).isEqualTo(Errors.CORRUPT_MESSAGE);
        ByteBuffer good = batchOf(CompressionCodec.NONE, KEY);
        assertThat(reject(good.slice(0, good.limit() - 1)).error())
                .isEqualTo(Errors.CORRUPT_MESSAGE);
        ByteBuffer two = ByteBuffer.allocate(2 * good.limit());
        two.put(good.duplicate()).put(good.duplicate()).flip();
        assertThat(reject(two).error()).isEqualTo(Errors.INVALID_RECORD);
        for (int length : new int[] {-1, 0, 48, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
            assertThat(reject(patched(b -> b.putInt(BatchDescriptor.LENGTH, length))).error())
                    .isEqualTo(Errors.CORRUPT_MESSAGE);
        }
    }

    @Test
    void oldFormatsAreRefused() {
        for (byte magic = 0; magic < 2; magic++) {
            byte old = magic;
            assertThat(reject(patched(b -> b.put(BatchDescriptor.MAGIC, old))).error())
                    .isEqualTo(Errors.INVALID_RECORD);
        }
        ProduceVerdict verdict =
                ProduceValidator.validate(
                        batchOf(CompressionCodec.NONE, KEY), (short) 2, ProduceRules.DEFAULT, NOW);
        assertThat(verdict)
                .isInstanceOfSatisfying(
                        Rejected.class,
                        r ->
                                assertThat(r.error())
                                        .isEqualTo(Errors.UNSUPPORTED_FOR_MESSAGE_FORMAT));
    }

    @Test
    void zstdNeedsProduce7() {
        ByteBuffer batch = batchOf(CompressionCodec.ZSTD, KEY);
        assertThat(ProduceValidator.validate(batch, (short) 6, ProduceRules.DEFAULT, NOW))
                .isInstanceOfSatisfying(
                        Rejected.class,
                        r -> assertThat(r.error()).isEqualTo(Errors.UNSUPPORTED_COMPRESSION_TYPE));
        assertThat(ProduceValidator.validate(batch, (short) 7, ProduceRules.DEFAULT, NOW))
                .isInstanceOf(Accepted.class);
    }

    @Test
    void everyFlippedBitUnderTheCrcIsFound() {
        ByteBuffer good = batchOf(CompressionCodec.NONE, KEY);
        for (int bit = BatchDescriptor.CRC * 8; bit < good.limit() * 8; bit++) {
            ByteBuffer bad = copy(good);
            bad.put(bit / 8, (byte) (bad.get(bit / 8) ^ (1 << (bit % 8))));
            assertThat(reject(bad).error()).isEqualTo(Errors.CORRUPT_MESSAGE);
        }
    }

    @Test
    void fieldsAreChecked() {
        assertInvalid(b -> b.putLong(BatchDescriptor.BASE_OFFSET, 1));
        assertInvalid(b -> b.putInt(BatchDescriptor.RECORD_COUNT, 4));
        assertInvalid(b -> b.putInt(BatchDescriptor.RECORD_COUNT, -1));
        assertInvalid(
                b -> {
                    b.putInt(BatchDescriptor.RECORD_COUNT, 0);
                    b.putInt(BatchDescriptor.LAST_OFFSET_DELTA, -1);
                });
        assertInvalid(b -> b.putInt(BatchDescriptor.LAST_OFFSET_DELTA, Integer.MAX_VALUE));
        assertInvalid(b -> setAttribute(b, BatchDescriptor.CONTROL_FLAG));
        assertInvalid(b -> setAttribute(b, BatchDescriptor.DELETE_HORIZON_FLAG));
        assertInvalid(b -> setAttribute(b, BatchDescriptor.TRANSACTIONAL_FLAG));
        assertInvalid(b -> b.putLong(BatchDescriptor.PRODUCER_ID, 5));
        assertInvalid(
                b -> {
                    b.putLong(BatchDescriptor.PRODUCER_ID, 5);
                    b.putInt(BatchDescriptor.BASE_SEQUENCE, 0);
                });
        assertThat(reject(patched(b -> setAttribute(b, 7))).error())
                .isEqualTo(Errors.CORRUPT_MESSAGE);
        assertThat(
                        reject(patched(b -> setAttribute(b, BatchDescriptor.LOG_APPEND_TIME_FLAG)))
                                .error())
                .isEqualTo(Errors.INVALID_TIMESTAMP);
    }

    @Test
    void sizeIsBoundedByTheTopic() {
        ByteBuffer batch = batchOf(CompressionCodec.NONE, KEY);
        assertThat(reject(batch, rules(null, false, batch.limit() - 1)).error())
                .isEqualTo(Errors.MESSAGE_TOO_LARGE);
        accepted(batch, rules(null, false, batch.limit()));
    }

    @Test
    void aCompactedTopicNeedsKeysAndNamesTheGuilty() {
        for (CompressionCodec codec : CompressionCodec.values()) {
            accepted(batchOf(codec, KEY), rules(null, true, 1 << 20));
            Rejected rejected = reject(batchOf(codec, null), rules(null, true, 1 << 20));
            assertThat(rejected.error()).isEqualTo(Errors.INVALID_RECORD);
            assertThat(rejected.recordErrors())
                    .extracting(RecordError::batchIndex)
                    .containsExactly(1);
        }
    }

    @Test
    void timesAreBoundedAndTheGuiltyNamed() {
        ProduceRules rules =
                new ProduceRules(
                        null,
                        OptionalInt.empty(),
                        TimestampType.CREATE_TIME,
                        1000,
                        1000,
                        1 << 20,
                        false,
                        1 << 20);
        accepted(timed(NOW - 1000, NOW, NOW + 1000, -1), rules);
        Rejected late = reject(timed(NOW, NOW + 1001), rules);
        assertThat(late.error()).isEqualTo(Errors.INVALID_TIMESTAMP);
        assertThat(late.recordErrors()).extracting(RecordError::batchIndex).containsExactly(1);
        Rejected early = reject(timed(NOW - 1001, NOW), rules);
        assertThat(early.error()).isEqualTo(Errors.INVALID_TIMESTAMP);
        assertThat(early.recordErrors()).extracting(RecordError::batchIndex).containsExactly(0);
        accepted(timed(0, NOW), ProduceRules.DEFAULT);
    }

    @Test
    void logAppendTimeIsWrittenIntoTheBatch() {
        ProduceRules rules =
                new ProduceRules(
                        null,
                        OptionalInt.empty(),
                        TimestampType.LOG_APPEND_TIME,
                        1,
                        1,
                        1 << 20,
                        false,
                        1 << 20);
        ByteBuffer batch = timed(5, 6);
        Accepted accepted = accepted(batch, rules);
        assertThat(accepted.logAppendTimeMs()).isEqualTo(NOW);
        assertThat(accepted.batch()).isSameAs(batch);
        assertThat(BatchView.isCrcValid(batch, 0)).isTrue();
        assertThat(RandomRecords.readAll(batch, 0))
                .extracting(StoredRecord::timestampMs)
                .containsOnly(NOW);
    }

    @ParameterizedTest
    @EnumSource(CompressionCodec.class)
    void theTopicsCompressionWins(CompressionCodec target) {
        Random random = new Random(RandomRecords.seed());
        for (CompressionCodec source : CompressionCodec.values()) {
            List<StoredRecord> records = RandomRecords.draw(random, 50);
            ByteBuffer batch =
                    RandomRecords.build(
                            BatchBuilder.growing().codec(source).producer(9, (short) 1, 77, true),
                            records);
            Accepted accepted = accepted(batch, rules(target, false, 1 << 20));
            ByteBuffer out = accepted.batch();
            assertThat(accepted.rewritten()).isEqualTo(source != target);
            assertThat(BatchView.codec(out, 0)).isEqualTo(target);
            assertThat(BatchView.isCrcValid(out, 0)).isTrue();
            assertThat(BatchView.producerId(out, 0)).isEqualTo(9);
            assertThat(BatchView.baseSequence(out, 0)).isEqualTo(77);
            assertThat(BatchView.isTransactional(out, 0)).isTrue();
            assertThat(RandomRecords.readAll(out, 0)).isEqualTo(records);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = CompressionCodec.class,
            names = {"NONE"},
            mode = EnumSource.Mode.EXCLUDE)
    void aBombIsRefusedWhereRecordsAreLookedAt(CompressionCodec codec) {
        BatchBuilder builder = BatchBuilder.growing().codec(codec);
        builder.append(NOW, KEY, ByteBuffer.allocate(64 << 20), List.of());
        ByteBuffer bomb = builder.build();
        ProduceRules rules =
                new ProduceRules(
                        CompressionCodec.NONE,
                        OptionalInt.empty(),
                        TimestampType.CREATE_TIME,
                        Long.MAX_VALUE,
                        Long.MAX_VALUE,
                        8 << 20,
                        true,
                        1 << 20);
        assertThat(reject(bomb, rules).error()).isEqualTo(Errors.INVALID_RECORD);
    }

    @ParameterizedTest
    @EnumSource(
            value = CompressionCodec.class,
            names = {"GZIP", "LZ4", "ZSTD"})
    void theTopicsCompressionLevelIsKept(CompressionCodec codec) {
        BatchBuilder builder = BatchBuilder.growing();
        Random random = new Random(7);
        StringBuilder words = new StringBuilder();
        for (int i = 0; i < 20_000; i++) {
            words.append("word").append(random.nextInt(500)).append(' ');
        }
        builder.append(
                NOW,
                KEY,
                ByteBuffer.wrap(words.toString().getBytes(StandardCharsets.UTF_8)),
                List.of());
        ByteBuffer batch = builder.build();
        int high = codec == CompressionCodec.GZIP ? 9 : 16;
        assertThat(sizeAtLevel(batch, codec, high)).isLessThan(sizeAtLevel(batch, codec, 1));
    }

    private static int sizeAtLevel(ByteBuffer batch, CompressionCodec codec, int level) {
        ProduceRules rules =
                new ProduceRules(
                        codec,
                        OptionalInt.of(level),
                        TimestampType.CREATE_TIME,
                        Long.MAX_VALUE,
                        Long.MAX_VALUE,
                        8 << 20,
                        false,
                        64 << 20);
        return accepted(batch, rules).batch().remaining();
    }

    private static void assertInvalid(Consumer<ByteBuffer> patch) {
        assertThat(reject(patched(patch)).error()).isEqualTo(Errors.INVALID_RECORD);
    }

    private static ByteBuffer patched(Consumer<ByteBuffer> patch) {
        ByteBuffer batch = batchOf(CompressionCodec.NONE, KEY);
        int size = batch.limit();
        patch.accept(batch);
        if (BatchView.sizeInBytes(batch, 0) == size) {
            BatchView.rewriteCrc(batch, 0);
        }
        return batch;
    }

    private static void setAttribute(ByteBuffer batch, int flag) {
        batch.putShort(BatchDescriptor.ATTRIBUTES, (short) (BatchView.attributes(batch, 0) | flag));
    }

    private static ProduceRules rules(
            @Nullable CompressionCodec codec, boolean keysRequired, int maxBatchBytes) {
        return new ProduceRules(
                codec,
                OptionalInt.empty(),
                TimestampType.CREATE_TIME,
                Long.MAX_VALUE,
                Long.MAX_VALUE,
                maxBatchBytes,
                keysRequired,
                1 << 20);
    }

    private static ByteBuffer batchOf(CompressionCodec codec, @Nullable ByteBuffer secondKey) {
        BatchBuilder builder = BatchBuilder.growing().codec(codec);
        builder.append(NOW, KEY, VALUE, List.of());
        builder.append(NOW + 1, secondKey, VALUE, List.of());
        return builder.append(NOW + 2, KEY, VALUE, List.of()).build();
    }

    private static ByteBuffer timed(long... timestamps) {
        BatchBuilder builder = BatchBuilder.growing();
        for (long timestamp : timestamps) {
            builder.append(timestamp, KEY, VALUE, List.of());
        }
        return builder.build();
    }

    private static Accepted accepted(ByteBuffer batch, ProduceRules rules) {
        ProduceVerdict verdict = ProduceValidator.validate(batch, (short) 9, rules, NOW);
        assertThat(verdict).isInstanceOf(Accepted.class);
        return (Accepted) verdict;
    }

    private static Rejected reject(ByteBuffer batch) {
        return reject(batch, ProduceRules.DEFAULT);
    }

    private static Rejected reject(ByteBuffer batch, ProduceRules rules) {
        ProduceVerdict verdict = ProduceValidator.validate(batch, (short) 9, rules, NOW);
        assertThat(verdict).isInstanceOf(Rejected.class);
        return (Rejected) verdict;
    }

    private static byte[] bytes(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(buffer.position(), bytes);
        return bytes;
    }

    private static ByteBuffer copy(ByteBuffer buffer) {
        return ByteBuffer.wrap(bytes(buffer));
    }
}
