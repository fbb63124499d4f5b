package io.headrace.protocol.batch;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.internal.CompressionType;
import org.apache.kafka.common.record.internal.ControlRecordType;
import org.apache.kafka.common.record.internal.EndTransactionMarker;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MemoryRecordsBuilder;
import org.apache.kafka.common.record.internal.MutableRecordBatch;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;

/** Our batches read by Kafka's classes, and Kafka's by ours: they must agree on every field. */
class KafkaCrossCheckTest {
    private static final int ROUNDS = 60;

    @ParameterizedTest
    @EnumSource(CompressionCodec.class)
    void kafkaReadsWhatWeBuild(CompressionCodec codec) {
        Random random = new Random(RandomRecords.seed());
        for (int round = 0; round < ROUNDS; round++) {
            List<StoredRecord> records = RandomRecords.draw(random, 1 + random.nextInt(40));
            BatchBuilder builder = anyBuilder(random).codec(codec);
            boolean logAppendTime = random.nextInt(4) == 0;
            if (logAppendTime) {
                builder.logAppendTime(7_777_777L);
            }
            builder.leaderEpoch(random.nextInt(9)).baseOffset(random.nextInt(1000));
            boolean transactional = random.nextBoolean();
            builder.producer(
                    random.nextInt(99),
                    (short) 3,
                    random.nextInt(Integer.MAX_VALUE),
                    transactional);

            ByteBuffer built = RandomRecords.build(builder, records);

            RecordBatch batch = onlyBatchOf(built);
            batch.ensureValid();
            compareHeader(built, batch);
            assertThat(batch.compressionType().id).isEqualTo((byte) codec.id());
            compareRecords(RandomRecords.readAll(built, built.position()), batch);
            for (StoredRecord read : RandomRecords.readAll(built, built.position())) {
                StoredRecord written = records.get((int) (read.offset() - batch.baseOffset()));
                assertThat(read.key()).isEqualTo(written.key());
                assertThat(read.value()).isEqualTo(written.value());
                assertThat(read.headers()).isEqualTo(written.headers());
                assertThat(read.timestampMs())
                        .isEqualTo(logAppendTime ? 7_777_777L : written.timestampMs());
            }
        }
    }

    @ParameterizedTest
    @EnumSource(CompressionCodec.class)
    void weReadWhatKafkaBuilds(CompressionCodec codec) {
        Random random = new Random(RandomRecords.seed());
        for (int round = 0; round < ROUNDS; round++) {
            MemoryRecords built = buildByKafka(random, codec);
            ByteBuffer buffer = built.buffer();
            if (random.nextBoolean()) {
                buffer = direct(buffer);
            }
            RecordBatch batch = built.batchIterator().next();
            compareHeader(buffer, batch);
            assertThat(BatchView.isCrcValid(buffer, buffer.position())).isTrue();
            compareRecords(RandomRecords.readAll(buffer, buffer.position()), batch);
        }
    }

    @ParameterizedTest
    @EnumSource(CompressionCodec.class)
    void theSamePlainBatchHasTheSameBytes(CompressionCodec codec) {
        Random random = new Random(RandomRecords.seed());
        List<StoredRecord> records = RandomRecords.draw(random, 30);
        ByteBuffer ours = RandomRecords.build(BatchBuilder.growing().codec(codec), records);
        MemoryRecordsBuilder theirs = kafkaBuilder(codec, 0, -1, -1L, (short) -1, -1, false);
        appendAll(theirs, records);
        if (codec == CompressionCodec.NONE) {
            assertThat(ours).isEqualTo(theirs.build().buffer());
        } else {
            compareRecords(RandomRecords.readAll(ours, 0), theirs.build().batchIterator().next());
        }
    }

    @Test
    void patchedFieldsAreKafkas() {
        MemoryRecords built = buildByKafka(new Random(RandomRecords.seed()), CompressionCodec.LZ4);
        ByteBuffer buffer = built.buffer();
        BatchView.setBaseOffset(buffer, 0, 4711);
        BatchView.setLeaderEpoch(buffer, 0, 12);
        BatchView.setLogAppendTime(buffer, 0, 99_999L);

        MutableRecordBatch batch = built.batchIterator().next();
        batch.ensureValid();
        assertThat(batch.baseOffset()).isEqualTo(4711);
        assertThat(batch.partitionLeaderEpoch()).isEqualTo(12);
        assertThat(batch.maxTimestamp()).isEqualTo(99_999L);
        compareHeader(buffer, batch);
        compareRecords(RandomRecords.readAll(buffer, 0), batch);
    }

    @Test
    void controlMarkersAreKafkas() {
        ByteBuffer ours =
                BatchBuilder.endOfTransaction(
                        new ControlMarker(ControlMarker.Type.ABORT, 17), 5L, (short) 2, 1000L);
        RecordBatch batch = onlyBatchOf(ours);
        batch.ensureValid();
        assertThat(batch.isControlBatch()).isTrue();
        assertThat(batch.isTransactional()).isTrue();
        Record record = batch.iterator().next();
        assertThat(ControlRecordType.parse(record.key())).isEqualTo(ControlRecordType.ABORT);
        assertThat(EndTransactionMarker.deserialize(record).coordinatorEpoch()).isEqualTo(17);

        ByteBuffer theirs =
                MemoryRecords.withEndTransactionMarker(
                                0L,
                                1000L,
                                -1,
                                5L,
                                (short) 2,
                                new EndTransactionMarker(ControlRecordType.COMMIT, 3))
                        .buffer();
        assertThat(ControlMarker.parse(RandomRecords.readAll(theirs, 0).getFirst()))
                .isEqualTo(new ControlMarker(ControlMarker.Type.COMMIT, 3));
    }

    @ParameterizedTest
    @EnumSource(CompressionCodec.class)
    void kafkaReadsWhatWeRewrite(CompressionCodec codec) {
        Random random = new Random(RandomRecords.seed());
        for (int round = 0; round < ROUNDS; round++) {
            ByteBuffer source = buildByKafka(random, codec).buffer();
            RecordBatch before = onlyBatchOf(source);
            List<StoredRecord> all = RandomRecords.readAll(source, 0);
            List<StoredRecord> kept = new ArrayList<>(all);
            kept.removeIf(record -> random.nextInt(3) == 0);
            ByteBuffer after =
                    kept.isEmpty()
                            ? BatchRewriter.retainEmpty(source, 0)
                            : BatchRewriter.retain(
                                    source,
                                    0,
                                    kept,
                                    random.nextBoolean()
                                            ? OptionalLong.of(2_000_000L)
                                            : OptionalLong.empty());

            RecordBatch batch = onlyBatchOf(after);
            batch.ensureValid();
            compareHeader(after, batch);
            assertThat(batch.baseOffset()).isEqualTo(before.baseOffset());
            assertThat(batch.lastOffset()).isEqualTo(before.lastOffset());
            assertThat(batch.producerId()).isEqualTo(before.producerId());
            assertThat(batch.lastSequence()).isEqualTo(before.lastSequence());
            assertThat(batch.isTransactional()).isEqualTo(before.isTransactional());
            List<StoredRecord> read = RandomRecords.readAll(after, 0);
            assertThat(read).isEqualTo(kept);
            compareRecords(read, batch);
        }
    }

    private static BatchBuilder anyBuilder(Random random) {
        return switch (random.nextInt(3)) {
            case 0 -> BatchBuilder.growing();
            case 1 -> BatchBuilder.into(ByteBuffer.allocate(1 << 16).position(13));
            default -> BatchBuilder.into(ByteBuffer.allocateDirect(1 << 16).position(5));
        };
    }

    private static MemoryRecords buildByKafka(Random random, CompressionCodec codec) {
        boolean transactional = random.nextBoolean();
        MemoryRecordsBuilder builder =
                kafkaBuilder(
                        codec,
                        random.nextInt(1000),
                        random.nextInt(9),
                        random.nextInt(99),
                        (short) random.nextInt(9),
                        random.nextInt(Integer.MAX_VALUE),
                        transactional);
        appendAll(builder, RandomRecords.draw(random, 1 + random.nextInt(40)));
        return builder.build();
    }

    private static MemoryRecordsBuilder kafkaBuilder(
            CompressionCodec codec,
            long baseOffset,
            int leaderEpoch,
            long producerId,
            short producerEpoch,
            int baseSequence,
            boolean transactional) {
        return MemoryRecords.builder(
                ByteBuffer.allocate(512),
                RecordBatch.MAGIC_VALUE_V2,
                Compression.of(CompressionType.forId(codec.id())).build(),
                org.apache.kafka.common.record.TimestampType.CREATE_TIME,
                baseOffset,
                -1L,
                producerId,
                producerEpoch,
                baseSequence,
                transactional,
                leaderEpoch);
    }

    private static void appendAll(MemoryRecordsBuilder builder, List<StoredRecord> records) {
        for (StoredRecord record : records) {
            RecordHeaders headers = new RecordHeaders();
            record.headers().forEach(header -> headers.add(header.key(), header.value()));
            builder.append(record.timestampMs(), record.key(), record.value(), headers.toArray());
        }
    }

    private static RecordBatch onlyBatchOf(ByteBuffer buffer) {
        List<RecordBatch> batches = new ArrayList<>();
        MemoryRecords.readableRecords(buffer.slice()).batches().forEach(batches::add);
        assertThat(batches).hasSize(1);
        return batches.getFirst();
    }

    private static ByteBuffer direct(ByteBuffer heap) {
        return ByteBuffer.allocateDirect(heap.remaining()).put(heap.duplicate()).flip();
    }

    private static void compareHeader(ByteBuffer buffer, RecordBatch batch) {
        int at = buffer.position();
        assertThat(BatchView.baseOffset(buffer, at)).isEqualTo(batch.baseOffset());
        assertThat(BatchView.sizeInBytes(buffer, at)).isEqualTo(batch.sizeInBytes());
        assertThat(BatchView.leaderEpoch(buffer, at)).isEqualTo(batch.partitionLeaderEpoch());
        assertThat(BatchView.magic(buffer, at)).isEqualTo(batch.magic());
        assertThat(BatchView.crc(buffer, at)).isEqualTo(batch.checksum());
        assertThat(BatchView.isTransactional(buffer, at)).isEqualTo(batch.isTransactional());
        assertThat(BatchView.isControl(buffer, at)).isEqualTo(batch.isControlBatch());
        assertThat(BatchView.hasDeleteHorizon(buffer, at))
                .isEqualTo(batch.deleteHorizonMs().isPresent());
        batch.deleteHorizonMs()
                .ifPresent(h -> assertThat(BatchView.deleteHorizonMs(buffer, at)).isEqualTo(h));
        assertThat(BatchView.lastOffset(buffer, at)).isEqualTo(batch.lastOffset());
        assertThat(BatchView.nextOffset(buffer, at)).isEqualTo(batch.nextOffset());
        assertThat(BatchView.maxTimestampMs(buffer, at)).isEqualTo(batch.maxTimestamp());
        assertThat(BatchView.producerId(buffer, at)).isEqualTo(batch.producerId());
        assertThat(BatchView.producerEpoch(buffer, at)).isEqualTo(batch.producerEpoch());
        assertThat(BatchView.baseSequence(buffer, at)).isEqualTo(batch.baseSequence());
        assertThat(BatchView.lastSequence(buffer, at)).isEqualTo(batch.lastSequence());
        assertThat(BatchView.recordCount(buffer, at)).isEqualTo(batch.countOrNull());
        assertThat(BatchView.timestampType(buffer, at).name())
                .isEqualTo(batch.timestampType().name());
    }

    private static void compareRecords(List<StoredRecord> ours, Iterable<Record> theirs) {
        int i = 0;
        for (Record record : theirs) {
            StoredRecord our = ours.get(i++);
            assertThat(our.offset()).isEqualTo(record.offset());
            assertThat(our.timestampMs()).isEqualTo(record.timestamp());
            assertThat(our.key()).isEqualTo(record.key());
            assertThat(our.value()).isEqualTo(record.value());
            Header[] headers = record.headers();
            assertThat(our.headers()).hasSize(headers.length);
            for (int h = 0; h < headers.length; h++) {
                assertThat(our.headers().get(h))
                        .isEqualTo(new RecordHeader(headers[h].key(), headers[h].value()));
            }
        }
        assertThat(ours).hasSize(i);
    }
}
