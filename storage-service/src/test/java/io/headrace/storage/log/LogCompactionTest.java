package io.headrace.storage.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.protocol.batch.BatchBuilder;
import io.headrace.protocol.batch.BatchSet;
import io.headrace.protocol.batch.BatchView;
import io.headrace.protocol.batch.RecordReader;
import io.headrace.protocol.batch.StoredRecord;
import io.headrace.protocol.batch.read.TimestampedOffset;
import io.headrace.storage.compaction.CompactionProperties;
import io.headrace.storage.compaction.Compactor;
import io.headrace.storage.file.Directories;
import io.headrace.storage.partition.ShardFence;
import io.headrace.testkit.disk.SimulatedDisk;
import io.headrace.testkit.random.Seed;
import io.headrace.testkit.random.Seeded;
import io.headrace.transport.loop.Loop;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/** Compaction on the real log: readers, restarts, retention and power losses around it. */
class LogCompactionTest {
    private static final Map<String, String> COMPACT =
            Map.of(
                    "cleanup.policy", "compact",
                    "segment.bytes", "1048576",
                    "min.cleanable.dirty.ratio", "0.01");
    private static final int KEYS = 4;

    @TempDir Path directory;

    @Test
    void aCompactedLogServesTheLastValuesNowAndAfterRestarts() throws Exception {
        LogFixture fixture = new LogFixture(directory, COMPACT);
        PartitionLog log = fixture.log();
        fill(fixture, log, 40);
        Map<Integer, Long> before = lastOffsets(log, log.logStartOffset());
        long sizeBefore = log.sizeInBytes();
        long timestamp = fixture.nowMs;
        LogSlice.Cold readBefore = (LogSlice.Cold) log.read(0, 100_000, true, log.logEndOffset());

        assertThat(compact(fixture)).isPositive();

        assertThat(log.sizeInBytes()).isLessThan(sizeBefore / 2);
        assertThat(lastOffsets(log, 0)).isEqualTo(before);
        // A read that was begun on a replaced segment goes on with the new one.
        ByteBuffer bytes = readBefore.load(ByteBuffer::allocate);
        assertThat(bytes.hasRemaining()).isTrue();
        assertThat(BatchView.isCrcValid(bytes, 0)).isTrue();
        TimestampedOffset found = log.offsetForTimestamp(timestamp).join().orElseThrow();
        assertThat(found.timestampMs()).isGreaterThanOrEqualTo(timestamp);
        assertThat(leftovers()).isEmpty();

        PartitionLog restarted = fixture.restart();
        assertThat(restarted.unclean()).isEmpty();
        assertThat(lastOffsets(restarted, 0)).isEqualTo(before);
        PartitionLog killed = fixture.reopenAfterKill(directory);
        assertThat(killed.unclean()).isEmpty();
        assertThat(lastOffsets(killed, 0)).isEqualTo(before);

        fill(fixture, killed, 30);
        Map<Integer, Long> then = lastOffsets(killed, 0);
        assertThat(compact(fixture)).isPositive();
        assertThat(lastOffsets(killed, 0)).isEqualTo(then);
        fixture.letGo();
    }

    @Test
    void whatIsNotCommittedOrNotCompactedIsLeftAlone() throws Exception {
        LogFixture fixture = new LogFixture(directory, COMPACT);
        PartitionLog log = fixture.log();
        for (int i = 0; i < 40; i++) {
            log.append(batch(fixture.nowMs), 0, AppendOrigin.CLIENT, fixture.nowMs);
        }
        assertThat(compact(fixture)).isZero();
        log.requestFlush();
        fixture.commit();
        log.updateHighWatermark(log.logEndOffset());
        log.updateConfig(LogConfig.of(Map.of("segment.bytes", "1048576")));
        assertThat(compact(fixture)).isZero();
        log.updateConfig(LogConfig.of(COMPACT));
        assertThat(compact(fixture)).isPositive();
        fixture.letGo();
    }

    @Test
    void aTopicThatIsCompactedNoMoreStillHasItsHoles() throws Exception {
        Map<String, String> configs = new HashMap<>(COMPACT);
        LogFixture fixture = new LogFixture(directory, configs);
        PartitionLog log = fixture.log();
        fill(fixture, log, 40);
        Map<Integer, Long> before = lastOffsets(log, log.logStartOffset());
        assertThat(compact(fixture)).isPositive();

        configs.put("cleanup.policy", "delete");
        fixture.bootId = "another boot";
        for (Path file : Directories.list(fixture.logPath())) {
            if (file.toString().endsWith(".snapshot")) {
                Files.delete(file); // so that everything is read again
            }
        }
        PartitionLog restarted = fixture.reopenAfterKill(directory);

        assertThat(restarted.unclean()).isEmpty();
        assertThat(lastOffsets(restarted, 0)).isEqualTo(before);
        fixture.letGo();
    }

    @Test
    void theFenceOfAShardOutlivesTheRecordsThatCarriedIt() throws Exception {
        LogFixture fixture = new LogFixture(directory, COMPACT);
        PartitionLog log = fixture.log();
        for (int shardEpoch = 1; shardEpoch <= 40; shardEpoch++) {
            ByteBuffer batch = batch(fixture.nowMs);
            ShardFence.stamp(batch, shardEpoch);
            log.append(batch, 0, AppendOrigin.COORDINATOR, fixture.nowMs);
            fixture.nowMs += 1000;
        }
        log.requestFlush();
        fixture.commit();
        log.updateHighWatermark(log.logEndOffset());
        assertThat(fenceOf(log)).isEqualTo(40);

        assertThat(compact(fixture)).isPositive();
        Map<Long, Integer> kept = epochsByOffset(log);
        assertThat(kept).hasSizeLessThan(40);
        // What was rewritten still carries the epoch it was appended in.
        kept.forEach((offset, epoch) -> assertThat(epoch).isEqualTo(offset / KEYS + 1));
        assertThat(fenceOf(log)).isEqualTo(40);
        assertThat(fenceOf(fixture.restart())).isEqualTo(40);
        fixture.letGo();
    }

    private static final class CallersThread implements Loop {
        @Override
        public boolean inLoop() {
            return true;
        }

        @Override
        public void execute(Runnable task) {
            task.run();
        }

        @Override
        public ScheduledTask schedule(Runnable task, long delayMs) {
            throw new UnsupportedOperationException("Nothing waits in this test");
        }
    }

    private static int fenceOf(PartitionLog log) {
        ShardFence fence = new ShardFence(new CallersThread(), Runnable::run);
        fence.rebuild(log).join();
        return fence.shardEpoch();
    }

    /** The base sequence of each batch, where shard appends keep their epoch. */
    private static Map<Long, Integer> epochsByOffset(PartitionLog log) throws IOException {
        Map<Long, Integer> epochs = new HashMap<>();
        long next = 0;
        while (next < log.logEndOffset()) {
            ByteBuffer bytes = LogFixture.readBytes(log, next, 1 << 20);
            BatchSet batches = BatchSet.of(bytes);
            while (batches.next()) {
                epochs.put(
                        BatchView.baseOffset(bytes, batches.index()),
                        BatchView.baseSequence(bytes, batches.index()));
                next = BatchView.nextOffset(bytes, batches.index());
            }
        }
        return epochs;
    }

    @Test
    void youngRecordsAreLeftAloneAlsoAfterARestart() throws Exception {
        Map<String, String> lagging = new HashMap<>(COMPACT);
        lagging.put("min.compaction.lag.ms", "3600000");
        LogFixture fixture = new LogFixture(directory, lagging);
        fill(fixture, fixture.log(), 40);
        assertThat(compact(fixture)).isZero();
        fixture.restart();
        assertThat(compact(fixture)).isZero();
        fixture.nowMs += 3_600_000;
        assertThat(compact(fixture)).isPositive();
        fixture.letGo();
    }

    @Test
    void aLogMayBeCompactedAndCutOff() throws Exception {
        Map<String, String> both = new HashMap<>(COMPACT);
        both.put("cleanup.policy", "compact,delete");
        both.put("retention.ms", "600000");
        LogFixture fixture = new LogFixture(directory, both);
        PartitionLog log = fixture.log();
        fill(fixture, log, 40);
        assertThat(compact(fixture)).isPositive();
        Map<Integer, Long> last = lastOffsets(log, 0);
        fixture.nowMs += 3_600_000;
        fill(fixture, log, 10);
        long firstYoung = log.logEndOffset() - 10 * KEYS;
        fixture.store().tick(fixture.nowMs);
        assertThat(log.logStartOffset()).isPositive().isLessThanOrEqualTo(firstYoung);
        assertThat(lastOffsets(log, log.logStartOffset())).hasSameSizeAs(last);
        assertThat(fixture.restart().logStartOffset()).isPositive();
        assertThat(compact(fixture)).isNotNegative();
        fixture.letGo();
    }

    @Seeded(runs = 12)
    void powerMayGoWhileSegmentsAreSwapped(RandomGenerator random, Seed seed) throws Exception {
        SimulatedDisk disk = SimulatedDisk.withSeed(seed.value());
        Files.createDirectories(disk.path("/data"));
        Directories.flush(disk.path("/"));
        LogFixture fixture = new LogFixture(disk.path("/data"), COMPACT);
        PartitionLog log = fixture.log();
        fill(fixture, log, 14);
        Map<Integer, Long> before = lastOffsets(log, 0);
        disk.cutPowerAfterChanges(random.nextInt(60));
        compact(fixture);

        SimulatedDisk after = disk.crash();
        LogFixture recovered = new LogFixture(after.path("/data"), COMPACT);
        PartitionLog again = recovered.log();
        assertThat(again.unclean()).isEmpty();
        again.updateHighWatermark(again.logEndOffset());
        assertThat(lastOffsets(again, 0)).isEqualTo(before);
        compact(recovered);
        assertThat(lastOffsets(again, 0)).isEqualTo(before);
    }

    @Seeded(runs = 3)
    void theJournalDoesNotUndoACompaction(Seed seed) throws Exception {
        SimulatedDisk disk = SimulatedDisk.withSeed(seed.value());
        LogFixture fixture =
                new LogFixture(List.of(disk.path("/data")), COMPACT, "boot-1", 4 << 20);
        fixture.settlesAtCommit = false;
        PartitionLog log = fixture.log();
        for (int i = 0; i < 14; i++) {
            fill(fixture, log, 1);
        }
        assertThat(log.directory().groupCommit().journaledRounds()).isGreaterThan(5);
        Map<Integer, Long> before = lastOffsets(log, 0);
        assertThat(compact(fixture)).isPositive();
        fill(fixture, log, 1);
        fill(fixture, log, 1);
        before.replaceAll((key, offset) -> offset + 2 * KEYS);

        SimulatedDisk after = disk.crash();
        PartitionLog again = new LogFixture(after.path("/data"), COMPACT).log();
        assertThat(again.unclean()).isEmpty();
        again.updateHighWatermark(again.logEndOffset());
        assertThat(lastOffsets(again, 0)).isEqualTo(before);
    }

    private List<Path> leftovers() throws IOException {
        try (var files = Files.list(directory.resolve("orders-0"))) {
            return files.filter(
                            file ->
                                    file.toString().endsWith(".swap")
                                            || file.toString().endsWith(".cleaned"))
                    .toList();
        }
    }

    private static int compact(LogFixture fixture) throws InterruptedException {
        CompactionProperties properties =
                new CompactionProperties(
                        1 << 20, 0.9, Long.MAX_VALUE, 1 << 24, Duration.ofSeconds(1));
        try (Compactor compactor =
                new Compactor(
                        properties,
                        () ->
                                fixture.store().logs().stream()
                                        .map(PartitionLog::compactable)
                                        .toList(),
                        () -> fixture.nowMs)) {
            int passes = 0;
            while (compactor.cleanDirtiest()) {
                assertThat(++passes).isLessThan(100);
            }
            return (int) compactor.counters().passes();
        }
    }

    private static void fill(LogFixture fixture, PartitionLog log, int batches) {
        for (int i = 0; i < batches; i++) {
            fixture.nowMs += 1000;
            log.append(batch(fixture.nowMs), 0, AppendOrigin.CLIENT, fixture.nowMs);
        }
        log.requestFlush();
        fixture.commit();
        log.updateHighWatermark(log.logEndOffset());
    }

    private static ByteBuffer batch(long timestampMs) {
        BatchBuilder builder = BatchBuilder.growing(200_000, 1 << 20);
        for (int key = 0; key < KEYS; key++) {
            builder.append(
                    timestampMs,
                    ByteBuffer.allocate(4).putInt(0, key),
                    ByteBuffer.allocate(40_000),
                    List.of());
        }
        return builder.build();
    }

    /** Key to its last offset, read as a consumer does; offsets must rise. */
    private static Map<Integer, Long> lastOffsets(PartitionLog log, long from) throws IOException {
        Map<Integer, Long> last = new HashMap<>();
        long next = from;
        while (next < log.logEndOffset()) {
            ByteBuffer bytes = LogFixture.readBytes(log, next, 300_000);
            BatchSet batches = BatchSet.of(bytes);
            long before = next;
            while (batches.next()) {
                assertThat(BatchView.isCrcValid(bytes, batches.index())).isTrue();
                try (RecordReader records = RecordReader.open(bytes, batches.index(), 1 << 20)) {
                    while (records.hasNext()) {
                        StoredRecord record = records.next();
                        ByteBuffer key = record.key();
                        if (key != null) {
                            last.put(key.getInt(0), record.offset());
                        }
                    }
                }
                next = BatchView.nextOffset(bytes, batches.index());
            }
            assertThat(next).isGreaterThan(before);
        }
        return last;
    }
}
