package io.headrace.protocol.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.headrace.protocol.batch.read.AbortedTransaction;
import io.headrace.protocol.batch.read.BatchVisibility;
import io.headrace.protocol.batch.read.FetchedRecords;
import io.headrace.protocol.batch.read.RecordSearch;
import io.headrace.protocol.batch.read.TimestampedOffset;

import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

class FetchedRecordsTest {
    private static final long MAX_BYTES = 1 << 20;
    private final ByteBuffer log = ByteBuffer.allocate(1 << 16);
    private long nextOffset;

    @Test
    void beginsAtTheFetchOffsetInsideABatch() {
        plain(5, CompressionCodec.ZSTD);
        plain(2, CompressionCodec.NONE);
        assertThat(offsets(3, BatchVisibility.readUncommitted())).containsExactly(3L, 4L, 5L, 6L);
    }

    @Test
    void readUncommittedSeesAllButMarkers() {
        transactional(7, 2);
        marker(7, ControlMarker.Type.ABORT);
        plain(1, CompressionCodec.NONE);
        assertThat(offsets(0, BatchVisibility.readUncommitted())).containsExactly(0L, 1L, 3L);
    }

    @Test
    void readCommittedSkipsAbortedRangesOnly() {
        transactional(7, 2); // 0, 1: aborted
        transactional(8, 1); // 2: committed
        plain(1, CompressionCodec.LZ4); // 3
        marker(7, ControlMarker.Type.ABORT); // 4
        transactional(7, 1); // 5: committed
        marker(8, ControlMarker.Type.COMMIT); // 6
        marker(7, ControlMarker.Type.COMMIT); // 7
        transactional(8, 1); // 8: aborted
        marker(8, ControlMarker.Type.ABORT); // 9
        List<AbortedTransaction> aborted =
                List.of(new AbortedTransaction(8, 8), new AbortedTransaction(7, 0));
        assertThat(offsets(0, BatchVisibility.readCommitted(aborted))).containsExactly(2L, 3L, 5L);
    }

    @Test
    void positionPassesBatchesThatShowNothing() {
        transactional(7, 2);
        marker(7, ControlMarker.Type.ABORT);
        log.flip();
        try (FetchedRecords records =
                new FetchedRecords(
                        log,
                        0,
                        BatchVisibility.readCommitted(List.of(new AbortedTransaction(7, 0))),
                        MAX_BYTES,
                        true)) {
            assertThat(records.hasNext()).isFalse();
            assertThat(records.nextFetchOffset()).isEqualTo(3);
        }
    }

    @Test
    void aBadCrcIsReported() {
        plain(1, CompressionCodec.NONE);
        log.put(log.position() - 1, (byte) 99).flip();
        try (FetchedRecords records =
                new FetchedRecords(log, 0, BatchVisibility.readUncommitted(), MAX_BYTES, true)) {
            assertThatThrownBy(records::hasNext).isInstanceOf(CorruptBatchException.class);
        }
    }

    @Test
    void recordsAreFoundByTime() {
        BatchBuilder builder = BatchBuilder.growing().codec(CompressionCodec.GZIP).baseOffset(100);
        for (long timestamp : new long[] {10, 30, 20, 30}) {
            builder.append(timestamp, (ByteBuffer) null, null, List.of());
        }
        ByteBuffer batch = builder.build();
        assertThat(RecordSearch.firstAtOrAfter(batch, 0, 11, 0, MAX_BYTES))
                .isEqualTo(new TimestampedOffset(101, 30));
        assertThat(RecordSearch.firstAtOrAfter(batch, 0, 11, 102, MAX_BYTES))
                .isEqualTo(new TimestampedOffset(102, 20));
        assertThat(RecordSearch.firstAtOrAfter(batch, 0, 31, 0, MAX_BYTES)).isNull();
        assertThat(RecordSearch.firstAtOrAfter(batch, 0, 0, 104, MAX_BYTES)).isNull();
        assertThat(RecordSearch.maxTimestamp(batch, 0, MAX_BYTES))
                .isEqualTo(new TimestampedOffset(101, 30));
    }

    @Test
    void aFullBuilderRefusesAndSaysSoBefore() {
        BatchBuilder builder = BatchBuilder.growing(64, 200);
        ByteBuffer value = ByteBuffer.allocate(50);
        while (builder.hasRoomFor(null, value, List.of())) {
            builder.append(1, null, value, List.of());
        }
        assertThat(builder.recordCount()).isEqualTo(2);
        assertThat(builder.uncompressedSizeInBytes()).isLessThanOrEqualTo(200);
        ByteBuffer big = ByteBuffer.allocate(150);
        assertThatThrownBy(() -> builder.append(1, null, big, List.of()))
                .isInstanceOf(IllegalArgumentException.class);
        ByteBuffer built = builder.build();
        assertThat(built.remaining()).isEqualTo(builder.estimatedSizeInBytes());
        assertThat(RandomRecords.readAll(built, 0)).hasSize(2);
        builder.reset();
        assertThat(builder.isEmpty()).isTrue();
        assertThatThrownBy(builder::build).isInstanceOf(IllegalStateException.class);
    }

    private void plain(int count, CompressionCodec codec) {
        add(fill(BatchBuilder.growing().codec(codec), count).build(), count);
    }

    private void transactional(long producerId, int count) {
        BatchBuilder builder = BatchBuilder.growing().producer(producerId, (short) 0, 0, true);
        add(fill(builder, count).build(), count);
    }

    private void marker(long producerId, ControlMarker.Type type) {
        add(
                BatchBuilder.endOfTransaction(
                        new ControlMarker(type, 0), producerId, (short) 0, 1L),
                1);
    }

    private static BatchBuilder fill(BatchBuilder builder, int count) {
        for (int i = 0; i < count; i++) {
            builder.append(1, null, ByteBuffer.allocate(3), List.of());
        }
        return builder;
    }

    private void add(ByteBuffer batch, int count) {
        BatchView.setBaseOffset(batch, batch.position(), nextOffset);
        nextOffset += count;
        log.put(batch);
    }

    private List<Long> offsets(long fetchOffset, BatchVisibility visibility) {
        log.flip();
        List<Long> offsets = new ArrayList<>();
        try (FetchedRecords records =
                new FetchedRecords(log, fetchOffset, visibility, MAX_BYTES, true)) {
            records.forEachRemaining(record -> offsets.add(record.offset()));
            assertThat(records.nextFetchOffset()).isEqualTo(nextOffset);
        }
        return offsets;
    }
}
