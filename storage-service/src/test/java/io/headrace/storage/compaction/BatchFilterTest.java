package io.headrace.storage.compaction;

import static org.assertj.core.api.Assertions.assertThat;

import static java.util.Objects.requireNonNull;

import io.headrace.protocol.batch.BatchBuilder;
import io.headrace.protocol.batch.BatchView;
import io.headrace.protocol.batch.CompressionCodec;
import io.headrace.protocol.batch.ControlMarker;
import io.headrace.protocol.batch.RecordReader;
import io.headrace.protocol.batch.StoredRecord;
import io.headrace.protocol.batch.read.AbortedTransaction;
import io.headrace.protocol.batch.read.BatchVisibility;
import io.headrace.storage.segment.AbortedTransactionEntry;
import io.headrace.testkit.random.Exhaustive;

import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Every small log, compared with the plainest statement of what must survive. */
class BatchFilterTest {
    private static final long NOW = 1_000_000;
    private static final long DELETE_RETENTION = 500;
    private static final long MAX_BYTES = 1 << 20;
    private static final int RECORDS = 4;

    @Test
    void everySmallLogKeepsWhatTheModelKeeps() {
        Exhaustive all = new Exhaustive();
        long rounds = 0;
        while (all.next()) {
            rounds++;
            int[] keys = new int[RECORDS];
            boolean[] tombstone = new boolean[RECORDS];
            for (int i = 0; i < RECORDS; i++) {
                keys[i] = all.upTo(2); // 0 and 1 are keys, 2 is none
                tombstone[i] = all.flag();
            }
            int indexed = all.upTo(RECORDS);
            List<ByteBuffer> log = batches(all, keys, tombstone);
            OffsetMap map = new OffsetMap(4096, 0.9);
            for (int i = 0; i < indexed; i++) {
                if (keys[i] < 2) {
                    assertThat(map.put(key(keys[i]), i)).isTrue();
                }
                map.seenUpTo(i);
            }

            List<ByteBuffer> once = filterAll(log, map, List.of(), Map.of(), NOW);
            List<Long> expected = new ArrayList<>();
            List<Long> expectedLater = new ArrayList<>();
            for (int i = 0; i < RECORDS; i++) {
                boolean above = i >= indexed;
                boolean last = keys[i] < 2;
                for (int j = i + 1; j < indexed; j++) {
                    last &= keys[j] != keys[i];
                }
                if (above || last) {
                    expected.add((long) i);
                    if (above || !tombstone[i]) {
                        expectedLater.add((long) i);
                    }
                }
            }
            assertThat(offsets(once)).isEqualTo(expected);
            // Before the horizon a second pass changes nothing, at it the tombstones go.
            long horizon = NOW + DELETE_RETENTION;
            List<ByteBuffer> twice = filterAll(once, map, List.of(), Map.of(), horizon - 1);
            assertThat(offsets(twice)).isEqualTo(expected);
            List<ByteBuffer> later = filterAll(once, map, List.of(), Map.of(), horizon);
            assertThat(offsets(later)).isEqualTo(expectedLater);
        }
        assertThat(rounds).isGreaterThan(10_000);
    }

    /** Two producers, each with one batch and its end, in every order, decided every way. */
    @Test
    void everySmallHistoryOfTransactionsReadsTheSame() {
        Exhaustive all = new Exhaustive();
        while (all.next()) {
            boolean[] aborts = {all.flag(), all.flag()};
            boolean[] hasData = {all.flag(), all.flag()};
            List<ByteBuffer> log = new ArrayList<>();
            List<AbortedTransactionEntry> aborted = new ArrayList<>();
            long[] firstOffset = {-1, -1};
            int[] step = {hasData[0] ? 0 : 1, hasData[1] ? 0 : 1};
            long offset = 0;
            while (step[0] < 2 || step[1] < 2) {
                int producer = step[0] == 2 ? 1 : step[1] == 2 ? 0 : all.upTo(1);
                if (step[producer]++ == 0) {
                    firstOffset[producer] = offset;
                    log.add(transactional(producer, offset++));
                } else {
                    log.add(marker(producer, offset, aborts[producer]));
                    if (aborts[producer] && hasData[producer]) {
                        aborted.add(
                                new AbortedTransactionEntry(
                                        producer, firstOffset[producer], offset, offset));
                    }
                    offset++;
                }
            }
            OffsetMap map = indexCommitted(log, aborted);
            List<AbortedTransactionEntry> needed = new ArrayList<>();
            List<ByteBuffer> once = filterAll(log, map, aborted, Map.of(), NOW, needed);
            assertThat(committed(once, needed)).isEqualTo(committed(log, aborted));
            for (int producer = 0; producer < 2; producer++) {
                // A marker may go only when nothing of its transaction is left to depend on it.
                boolean emptyTransaction = !hasData[producer];
                assertThat(hasHorizon(once, producer)).isEqualTo(emptyTransaction);
            }

            long horizon = NOW + DELETE_RETENTION;
            List<ByteBuffer> twice = filterAll(once, map, needed, Map.of(), horizon, needed);
            List<ByteBuffer> thrice =
                    filterAll(twice, map, needed, Map.of(), horizon + DELETE_RETENTION, needed);
            assertThat(committed(thrice, needed)).isEqualTo(committed(log, aborted));
            for (int producer = 0; producer < 2; producer++) {
                boolean dataStays = hasData[producer] && !aborts[producer];
                assertThat(hasMarker(thrice, producer)).isEqualTo(dataStays);
            }
        }
    }

    @Test
    void theLastBatchOfAProducerAndOfASegmentStayEmpty() {
        List<ByteBuffer> log = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            log.add(
                    BatchBuilder.growing()
                            .codec(CompressionCodec.ZSTD)
                            .baseOffset(i)
                            .producer(i, (short) 0, 10 + i, false)
                            .append(NOW, key(0), key(1), List.of())
                            .build());
        }
        OffsetMap map = new OffsetMap(4096, 0.9);
        map.put(key(0), 99);
        Map<Long, LastWritten> producers = Map.of(1L, new LastWritten(1, (short) 0));
        BatchFilter filter = filter(map, List.of(), producers, NOW, new ArrayList<>());
        assertThat(filter.filter(log.get(0), 0, false)).isNull();
        ByteBuffer ofProducer = requireNonNull(filter.filter(log.get(1), 0, false));
        assertThat(BatchView.recordCount(ofProducer, 0)).isZero();
        assertThat(BatchView.baseSequence(ofProducer, 0)).isEqualTo(11);
        assertThat(BatchView.isCrcValid(ofProducer, 0)).isTrue();
        ByteBuffer ofSegment = requireNonNull(filter.filter(log.get(2), 0, true));
        assertThat(BatchView.lastOffset(ofSegment, 0)).isEqualTo(2);
    }

    private static List<ByteBuffer> batches(Exhaustive all, int[] keys, boolean[] tombstone) {
        List<ByteBuffer> batches = new ArrayList<>();
        BatchBuilder builder = BatchBuilder.growing();
        for (int i = 0; i < RECORDS; i++) {
            builder.append(
                    NOW,
                    keys[i] < 2 ? key(keys[i]) : null,
                    tombstone[i] ? null : key(i),
                    List.of());
            if (i == RECORDS - 1 || (i == 1 && all.flag())) {
                batches.add(builder.build());
                builder = BatchBuilder.growing().baseOffset(i + 1);
            }
        }
        return batches;
    }

    private static ByteBuffer transactional(long producer, long offset) {
        return BatchBuilder.growing()
                .baseOffset(offset)
                .producer(producer, (short) 0, 0, true)
                .append(NOW, key((int) offset), key(1), List.of())
                .build();
    }

    private static ByteBuffer marker(long producer, long offset, boolean abort) {
        ByteBuffer batch =
                BatchBuilder.endOfTransaction(
                        new ControlMarker(
                                abort ? ControlMarker.Type.ABORT : ControlMarker.Type.COMMIT, 0),
                        producer,
                        (short) 0,
                        NOW);
        BatchView.setBaseOffset(batch, 0, offset);
        return batch;
    }

    private static OffsetMap indexCommitted(
            List<ByteBuffer> log, List<AbortedTransactionEntry> aborted) {
        OffsetMap map = new OffsetMap(4096, 0.9);
        for (StoredRecord record : committed(log, aborted)) {
            ByteBuffer key = record.key();
            if (key != null) {
                map.put(key, record.offset());
            }
        }
        map.seenUpTo(100);
        return map;
    }

    private static List<ByteBuffer> filterAll(
            List<ByteBuffer> log,
            OffsetMap map,
            List<AbortedTransactionEntry> aborted,
            Map<Long, LastWritten> producers,
            long nowMs) {
        return filterAll(log, map, aborted, producers, nowMs, new ArrayList<>());
    }

    private static List<ByteBuffer> filterAll(
            List<ByteBuffer> log,
            OffsetMap map,
            List<AbortedTransactionEntry> aborted,
            Map<Long, LastWritten> producers,
            long nowMs,
            List<AbortedTransactionEntry> needed) {
        List<AbortedTransactionEntry> found = new ArrayList<>();
        BatchFilter filter = filter(map, aborted, producers, nowMs, found);
        List<ByteBuffer> kept = new ArrayList<>();
        for (ByteBuffer batch : log) {
            ByteBuffer remaining = filter.filter(batch, 0, false);
            if (remaining != null) {
                assertThat(BatchView.isCrcValid(remaining, 0)).isTrue();
                kept.add(remaining);
            }
        }
        needed.clear();
        needed.addAll(found);
        return kept;
    }

    private static BatchFilter filter(
            OffsetMap map,
            List<AbortedTransactionEntry> aborted,
            Map<Long, LastWritten> producers,
            long nowMs,
            List<AbortedTransactionEntry> needed) {
        return new BatchFilter(
                map,
                new TransactionTracker(aborted, needed::add),
                producers,
                DELETE_RETENTION,
                nowMs,
                MAX_BYTES);
    }

    private static List<StoredRecord> committed(
            List<ByteBuffer> log, List<AbortedTransactionEntry> aborted) {
        BatchVisibility visibility =
                BatchVisibility.readCommitted(
                        aborted.stream()
                                .map(e -> new AbortedTransaction(e.producerId(), e.firstOffset()))
                                .toList());
        List<StoredRecord> records = new ArrayList<>();
        for (ByteBuffer batch : log) {
            if (visibility.isVisible(batch, 0)) {
                records.addAll(read(batch));
            }
        }
        return records;
    }

    private static boolean hasHorizon(List<ByteBuffer> log, long producer) {
        return log.stream()
                .anyMatch(
                        batch ->
                                BatchView.isControl(batch, 0)
                                        && BatchView.producerId(batch, 0) == producer
                                        && BatchView.hasDeleteHorizon(batch, 0));
    }

    private static boolean hasMarker(List<ByteBuffer> log, long producer) {
        return log.stream()
                .anyMatch(
                        batch ->
                                BatchView.isControl(batch, 0)
                                        && BatchView.producerId(batch, 0) == producer);
    }

    private static List<Long> offsets(List<ByteBuffer> log) {
        List<Long> offsets = new ArrayList<>();
        log.forEach(batch -> read(batch).forEach(record -> offsets.add(record.offset())));
        return offsets;
    }

    private static List<StoredRecord> read(ByteBuffer batch) {
        List<StoredRecord> records = new ArrayList<>();
        try (RecordReader reader = RecordReader.open(batch, 0, MAX_BYTES)) {
            reader.forEachRemaining(records::add);
        }
        return records;
    }

    private static ByteBuffer key(int key) {
        return ByteBuffer.wrap(new byte[] {(byte) key});
    }
}
