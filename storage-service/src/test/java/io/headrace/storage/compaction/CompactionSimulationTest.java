package io.headrace.storage.compaction;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.protocol.batch.BatchBuilder;
import io.headrace.protocol.batch.BatchView;
import io.headrace.protocol.batch.CompressionCodec;
import io.headrace.protocol.batch.ControlMarker;
import io.headrace.protocol.batch.StoredRecord;
import io.headrace.storage.segment.AbortedTransactionEntry;
import io.headrace.storage.segment.SegmentFiles;
import io.headrace.testkit.disk.DiskOperation;
import io.headrace.testkit.disk.SimulatedDisk;
import io.headrace.testkit.random.Seed;
import io.headrace.testkit.random.Seeded;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;

/** Whole passes over random logs on a simulated disk, with and without power. */
class CompactionSimulationTest {
    private static final List<CompressionCodec> CODECS = List.of(CompressionCodec.values());
    private static final long START = 1_000_000;
    private static final long DELETE_RETENTION = 10_000;
    private static final CompactionSettings SETTINGS =
            new CompactionSettings(0, 0, Long.MAX_VALUE, DELETE_RETENTION, 4000, 12_000, 100);

    private long nowMs = START;

    @Seeded(runs = 40)
    void whatIsReadStaysTrue(RandomGenerator random, Seed seed) throws Exception {
        SimulatedDisk disk = SimulatedDisk.withSeed(seed.value());
        DiskLog log = randomLog(disk, random);
        List<StoredRecord> before = log.committed();
        Map<Long, LastWritten> producers = log.producers();
        Map<Long, Integer> sequences = lastSequences(log);
        // So little memory that a log takes several passes, or enough for one.
        long memory = random.nextBoolean() ? 1024 : 1 << 20;
        compact(log, memory);
        checkSame(before, log);
        assertThat(log.producers()).isEqualTo(producers);
        assertThat(lastSequences(log)).isEqualTo(sequences);
        checkCleaned(log, false);

        // Again and again, each time beyond the horizons that the last pass set.
        for (int pass = 0; pass < 3; pass++) {
            nowMs += DELETE_RETENTION;
            Files.deleteIfExists(disk.path("/data", CleanerCheckpoint.FILE));
            compact(log, 1 << 20);
            checkSame(before, log);
        }
        assertThat(log.producers()).isEqualTo(producers);
        assertThat(lastSequences(log)).isEqualTo(sequences);
        checkCleaned(log, true);
    }

    @Seeded(runs = 3)
    void powerMayGoAtEveryChange(RandomGenerator random, Seed seed) throws Exception {
        long logSeed = random.nextLong();
        boolean survived = false;
        int crashes = 0;
        for (int changes = 0; !survived; changes++) {
            SimulatedDisk disk = SimulatedDisk.withSeed(seed.value() + changes);
            DiskLog log = randomLog(disk, new java.util.SplittableRandom(logSeed));
            List<StoredRecord> before = log.committed();
            Map<Long, LastWritten> producers = log.producers();
            disk.cutPowerAfterChanges(changes);
            compact(log, 1 << 20);
            survived = !disk.isPoweredOff();
            SimulatedDisk after = disk.crash();
            // The power may go again while the first loss is being mended.
            after.cutPowerAfterChanges(random.nextInt(12));
            DiskLog recovered;
            try {
                recovered = reopen(after, log.activeBaseOffset);
            } catch (IOException e) {
                assertThat(after.isPoweredOff()).isTrue();
                after = after.crash();
                recovered = reopen(after, log.activeBaseOffset);
            }
            after = after.isPoweredOff() ? after.crash() : after;
            after.cutPowerAfterChanges(Long.MAX_VALUE);
            recovered = reopen(after, log.activeBaseOffset);
            checkSame(before, recovered);
            assertThat(recovered.producers()).isEqualTo(producers);
            assertNoLeftovers(after);
            compact(recovered, 1 << 20);
            checkSame(before, recovered);
            checkCleaned(recovered, false);
            crashes++;
        }
        assertThat(crashes).isGreaterThan(20);
    }

    @Seeded
    void aDamagedLogIsLeftAloneAndOthersGoOn(RandomGenerator random, Seed seed) throws Exception {
        SimulatedDisk disk = SimulatedDisk.withSeed(seed.value());
        DiskLog log = randomLog(disk, random);
        Path file = SegmentFiles.path(log.directory(), 0, SegmentFiles.LOG);
        byte[] before = Files.readAllBytes(file);
        log.summaryAsOf = log.summarize().get();
        disk.flipBit(file, 100, 3);
        try (Compactor compactor = compactor(log, 1 << 20)) {
            assertThat(compactor.cleanDirtiest()).isTrue();
            assertThat(compactor.counters().uncleanableCount()).isEqualTo(1);
            assertThat(compactor.counters().failures()).isEqualTo(1);
            assertThat(compactor.cleanDirtiest()).isFalse();
        }
        disk.flipBit(file, 100, 3);
        assertThat(Files.readAllBytes(file)).isEqualTo(before);
        assertThat(log.summaries()).isEqualTo(log.summaryAsOf.closed());
    }

    @Seeded
    void aFailedWriteChangesNothing(RandomGenerator random, Seed seed) throws Exception {
        SimulatedDisk disk = SimulatedDisk.withSeed(seed.value());
        DiskLog log = randomLog(disk, random);
        List<StoredRecord> before = log.committed();
        disk.fail(DiskOperation.FORCE, path -> path.toString().endsWith(".cleaned"));
        compact(log, 1 << 20);
        disk.heal();
        assertThat(log.committed()).isEqualTo(before);
    }

    @Seeded
    void aLogThatChangedMeanwhileIsTriedLater(RandomGenerator random, Seed seed) throws Exception {
        SimulatedDisk disk = SimulatedDisk.withSeed(seed.value());
        DiskLog log = randomLog(disk, random);
        List<StoredRecord> before = log.committed();
        log.refuseReplacements = true;
        try (Compactor compactor = compactor(log, 1 << 20)) {
            assertThat(compactor.cleanDirtiest()).isFalse();
            assertThat(compactor.counters().failures()).isZero();
            assertThat(log.committed()).isEqualTo(before);
            log.refuseReplacements = false;
            assertThat(compactor.cleanDirtiest()).isTrue();
        }
        checkSame(before, log);
        assertNoLeftovers(disk);
    }

    private static DiskLog reopen(SimulatedDisk disk, long activeBaseOffset) throws IOException {
        return DiskLog.open(disk.path("/data/topic-0"), SETTINGS, activeBaseOffset);
    }

    private void compact(DiskLog log, long memoryBytes) throws InterruptedException {
        try (Compactor compactor = compactor(log, memoryBytes)) {
            int passes = 0;
            while (compactor.cleanDirtiest()) {
                assertThat(++passes).isLessThan(1000);
            }
        }
    }

    private Compactor compactor(DiskLog log, long memoryBytes) {
        return new Compactor(
                new CompactionProperties(
                        memoryBytes, 0.5, Long.MAX_VALUE, 1 << 20, Duration.ofSeconds(1)),
                () -> List.of(log),
                () -> nowMs);
    }

    /** What survives is a part of what was, in order; and every key has the last value it had. */
    private static void checkSame(List<StoredRecord> before, DiskLog log) throws IOException {
        List<StoredRecord> after = log.committed();
        assertThat(before).containsSubsequence(after);
        assertThat(lastValues(after)).isEqualTo(lastValues(before));
    }

    private static Map<ByteBuffer, StoredRecord> lastValues(List<StoredRecord> records) {
        Map<ByteBuffer, StoredRecord> last = new HashMap<>();
        for (StoredRecord record : records) {
            ByteBuffer key = record.key();
            if (key != null) {
                if (record.value() == null) {
                    last.remove(key);
                } else {
                    last.put(key, record);
                }
            }
        }
        return last;
    }

    /** All segments were clean: each key once, no aborted record, and in the end no tombstone. */
    private static void checkCleaned(DiskLog log, boolean horizonsPast) throws IOException {
        Set<ByteBuffer> keys = new HashSet<>();
        List<StoredRecord> committed = log.committed();
        int data = 0;
        for (ByteBuffer batch : log.batches()) {
            if (!BatchView.isControl(batch, 0)) {
                data += BatchView.recordCount(batch, 0);
            }
        }
        assertThat(data).isEqualTo(committed.size());
        for (StoredRecord record : committed) {
            assertThat(keys.add(record.key())).isTrue();
            assertThat(horizonsPast && record.value() == null).isFalse();
        }
    }

    private static Map<Long, Integer> lastSequences(DiskLog log) throws IOException {
        Map<Long, Integer> sequences = new HashMap<>();
        for (ByteBuffer batch : log.batches()) {
            if (BatchView.hasProducerId(batch, 0) && !BatchView.isControl(batch, 0)) {
                sequences.put(BatchView.producerId(batch, 0), BatchView.lastSequence(batch, 0));
            }
        }
        return sequences;
    }

    private static void assertNoLeftovers(SimulatedDisk disk) throws IOException {
        try (var files = Files.list(disk.path("/data/topic-0"))) {
            assertThat(files.map(String::valueOf))
                    .noneMatch(name -> name.endsWith(".swap") || name.endsWith(".cleaned"));
        }
    }

    /** Several closed segments of plain, idempotent and transactional batches in all codecs. */
    private static DiskLog randomLog(SimulatedDisk disk, RandomGenerator random)
            throws IOException {
        Path directory = disk.path("/data/topic-0");
        Files.createDirectories(directory);
        io.headrace.storage.file.Directories.flush(disk.path("/data"));
        io.headrace.storage.file.Directories.flush(disk.path("/"));
        DiskLog log = new DiskLog(directory, SETTINGS);
        long offset = 0;
        long timestamp = 1000;
        int[] sequences = new int[4];
        Map<Long, Long> open = new HashMap<>();
        int segments = 2 + random.nextInt(5);
        for (int segment = 0; segment < segments; segment++) {
            List<ByteBuffer> batches = new ArrayList<>();
            List<AbortedTransactionEntry> aborted = new ArrayList<>();
            long base = offset;
            int count = 1 + random.nextInt(12);
            boolean last = segment == segments - 1;
            for (int i = 0; i < count || (last && !open.isEmpty()); i++) {
                long producer = random.nextInt(4);
                boolean end = open.containsKey(producer) && (random.nextInt(3) == 0 || i >= count);
                if (i >= count && !end) {
                    continue;
                }
                if (end || (producer == 3 && random.nextInt(9) == 0)) {
                    boolean abort = random.nextBoolean();
                    ByteBuffer marker = marker(producer, abort, timestamp++);
                    BatchView.setBaseOffset(marker, 0, offset);
                    batches.add(marker);
                    Long first = open.remove(producer);
                    if (abort && first != null) {
                        aborted.add(
                                new AbortedTransactionEntry(producer, first, offset, offset + 1));
                    }
                    offset++;
                    continue;
                }
                boolean transactional = producer >= 2;
                int records = 1 + random.nextInt(6);
                BatchBuilder builder =
                        BatchBuilder.growing()
                                .codec(CODECS.get(random.nextInt(CODECS.size())))
                                .baseOffset(offset);
                if (producer > 0) {
                    builder.producer(producer, (short) 0, sequences[(int) producer], transactional);
                    sequences[(int) producer] += records;
                }
                for (int r = 0; r < records; r++) {
                    builder.append(
                            timestamp++, bytes(random.nextInt(12)), value(random), List.of());
                }
                if (transactional) {
                    open.putIfAbsent(producer, offset);
                }
                batches.add(builder.build());
                offset += records;
            }
            log.write(base, batches, aborted);
        }
        log.activeBaseOffset = offset;
        return log;
    }

    private static ByteBuffer marker(long producer, boolean abort, long timestamp) {
        return BatchBuilder.endOfTransaction(
                new ControlMarker(abort ? ControlMarker.Type.ABORT : ControlMarker.Type.COMMIT, 0),
                producer,
                (short) 0,
                timestamp);
    }

    private static ByteBuffer bytes(int key) {
        return ByteBuffer.allocate(4).putInt(0, key);
    }

    private static @Nullable ByteBuffer value(RandomGenerator random) {
        if (random.nextInt(4) == 0) {
            return null;
        }
        return ByteBuffer.allocate(random.nextInt(120));
    }
}
