package io.headrace.storage.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.headrace.protocol.batch.BatchSet;
import io.headrace.protocol.batch.BatchView;
import io.headrace.storage.repair.LogRepairer;
import io.headrace.storage.repair.Peers;
import io.headrace.storage.repair.RepairOutcome;
import io.headrace.storage.repair.Scrubber;
import io.headrace.testkit.random.Seeded;
import io.headrace.testkit.wait.Eventually;
import io.headrace.transport.loop.LoopGroup;

import org.apache.kafka.common.TopicIdPartition;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.random.RandomGenerator;

/**
 * Goal: whatever is damaged in a closed segment is found by whoever reads it, never served, and put
 * right from a replica that has it; a replica that is damaged too makes nothing worse.
 */
class LogRepairTest {
    private static final Duration SOON = Duration.ofSeconds(20);

    @TempDir Path directory;
    private LogFixture damaged;
    private LogFixture peer;
    private PartitionLog log;
    private PartitionLog good;
    private final ExecutorService thread = Executors.newSingleThreadExecutor();
    private final LoopGroup loops = LoopGroup.start("repair-test", 1);
    private LogRepairer repairer;
    private boolean hasPeer = true;

    @BeforeEach
    void open() throws IOException {
        Map<String, String> configs = Map.of("segment.ms", "40", "index.interval.bytes", "1500");
        damaged = new LogFixture(directory.resolve("damaged"), configs);
        peer = new LogFixture(directory.resolve("peer"), configs);
        log = damaged.log();
        good = peer.log();
        repairer =
                new LogRepairer(
                        id -> damaged.store().repairable(id),
                        new OtherLog(),
                        thread,
                        loops.at(0),
                        () -> System.nanoTime() / 1_000_000);
    }

    @AfterEach
    void close() {
        repairer.close();
        thread.close();
        loops.close();
        damaged.store().close();
        peer.store().close();
    }

    private final class OtherLog implements Peers {
        @Override
        public boolean hasOthers(TopicIdPartition id) {
            return hasPeer;
        }

        @Override
        public CompletableFuture<ByteBuffer> read(TopicIdPartition id, long offset) {
            try {
                return CompletableFuture.completedFuture(
                        LogFixture.readBytes(good, offset, 5_000, good.highWatermark()));
            } catch (IOException | RuntimeException e) {
                return CompletableFuture.failedFuture(e);
            }
        }
    }

    /** The same batches in both logs: as many segments as 20,000 bytes each make of them. */
    private void fill(RandomGenerator random, int batches) {
        for (int i = 0; i < batches; i++) {
            int records = 1 + random.nextInt(5);
            int bytes = 10 + random.nextInt(700);
            int epoch = i < batches / 3 ? 1 : 4;
            for (PartitionLog each : List.of(log, good)) {
                each.append(
                        LogFixture.batch(records, bytes, damaged.nowMs + 2L * i),
                        epoch,
                        AppendOrigin.CLIENT,
                        damaged.nowMs);
                each.requestFlush();
            }
        }
        damaged.commit();
        peer.commit();
        log.updateHighWatermark(log.logEndOffset());
        good.updateHighWatermark(good.logEndOffset());
    }

    private List<Path> closedFiles(LogFixture fixture) throws IOException {
        try (var files = Files.list(fixture.logPath())) {
            List<Path> all =
                    files.filter(file -> file.toString().endsWith(".log")).sorted().toList();
            return all.subList(0, all.size() - 1);
        }
    }

    private static void damage(Path file, RandomGenerator random) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        int at = random.nextInt(bytes.length);
        switch (random.nextInt(4)) {
            case 0 -> {
                try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                    channel.truncate(at);
                }
                return;
            }
            case 1 -> {
                int end = Math.min(bytes.length, at + 4096);
                for (int i = at; i < end; i++) {
                    bytes[i] = 0;
                }
            }
            case 2 -> {
                for (int i = 0; i < 3; i++) {
                    bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
                }
            }
            default -> bytes[at] ^= (byte) (1 << random.nextInt(8));
        }
        Files.write(file, bytes);
    }

    private RepairOutcome repair(long offset) throws Exception {
        return repairer.repair(LogFixture.ID, offset).get(20, TimeUnit.SECONDS);
    }

    /** As the fetch path does it: what a reader meets is repaired, then read again. */
    private void readAllRepairing() throws Exception {
        long next = log.logStartOffset();
        int repairs = 0;
        while (next < log.logEndOffset()) {
            ByteBuffer mine;
            try {
                mine = LogFixture.readBytes(log, next, 10_000, log.highWatermark());
            } catch (CorruptRangeException e) {
                assertThat(++repairs).isLessThan(50);
                assertThat(repair(e.fromOffset())).isEqualTo(RepairOutcome.WHOLE);
                continue;
            }
            ByteBuffer theirs = LogFixture.readBytes(good, next, 10_000, good.highWatermark());
            int size = Math.min(mine.remaining(), theirs.remaining());
            assertThat(size).isPositive();
            assertThat(mine.slice(0, size).mismatch(theirs.slice(0, size)))
                    .as(
                            "first byte that differs from offset %d: %d..%d there, %d..%d here",
                            next,
                            theirs.getLong(0),
                            BatchView.lastOffset(theirs, 0),
                            mine.getLong(0),
                            BatchView.lastOffset(mine, 0))
                    .isNegative();
            next = nextOffset(mine);
        }
    }

    private static long nextOffset(ByteBuffer batches) {
        BatchSet set = BatchSet.of(batches);
        long next = -1;
        while (set.next()) {
            next = BatchView.nextOffset(batches, set.index());
        }
        return next;
    }

    @Seeded(runs = 20)
    void whatIsDamagedIsNeverReadAndIsPutRight(RandomGenerator random) throws Exception {
        fill(random, 150);
        List<Path> files = closedFiles(damaged);
        Path file = files.get(random.nextInt(files.size()));
        damage(file, random);
        readAllRepairing();
        Path theirs = peer.logPath().resolve(file.getFileName());
        if (repairer.counters().repairedSegments() > 0) {
            assertThat(file).hasSameBinaryContentAs(theirs);
        }
        PartitionLog again = damaged.restart();
        assertThat(LogFixture.readOffsets(again)).hasSize((int) again.logEndOffset());
    }

    @Seeded(runs = 20)
    void everySingleBitIsFoundByTheAudit(RandomGenerator random) throws Exception {
        fill(random, 60);
        Path file = closedFiles(damaged).getFirst();
        byte[] bytes = Files.readAllBytes(file);
        int at = random.nextInt(bytes.length);
        bytes[at] ^= (byte) (1 << random.nextInt(8));
        Files.write(file, bytes);
        assertThat(repair(0)).isEqualTo(RepairOutcome.WHOLE);
        assertThat(repairer.counters().repairedSegments()).isEqualTo(1);
        assertThat(file).hasSameBinaryContentAs(peer.logPath().resolve(file.getFileName()));
    }

    @Seeded(runs = 5)
    void aPeerThatIsDamagedThereTooMakesNothingWorse(RandomGenerator random) throws Exception {
        fill(random, 60);
        Path file = closedFiles(damaged).getFirst();
        Path theirs = peer.logPath().resolve(file.getFileName());
        for (Path each : List.of(file, theirs)) {
            byte[] bytes = Files.readAllBytes(each);
            bytes[100] ^= 1;
            Files.write(each, bytes);
        }
        byte[] before = Files.readAllBytes(file);
        assertThat(repair(0)).isEqualTo(RepairOutcome.NOT_NOW);
        assertThat(Files.readAllBytes(file)).isEqualTo(before);
        try (var left = Files.list(damaged.logPath())) {
            assertThat(left).noneMatch(each -> each.toString().endsWith(".cleaned"));
        }
        assertThatThrownBy(() -> LogFixture.readOffsets(log))
                .isInstanceOf(CorruptRangeException.class);
    }

    /** A replica of another history has the offsets, but of other epochs. */
    @Test
    void recordsOfAnotherHistoryAreRefused() throws Exception {
        for (int i = 0; i < 60; i++) {
            log.append(LogFixture.batch(2, 500, i), 3, AppendOrigin.CLIENT, damaged.nowMs);
            good.append(LogFixture.batch(2, 500, i), 2, AppendOrigin.CLIENT, damaged.nowMs);
        }
        log.requestFlush();
        damaged.commit();
        log.updateHighWatermark(log.logEndOffset());
        good.updateHighWatermark(good.logEndOffset());
        Path file = closedFiles(damaged).getFirst();
        byte[] bytes = Files.readAllBytes(file);
        bytes[200] ^= 1;
        Files.write(file, bytes);
        assertThat(repair(0)).isEqualTo(RepairOutcome.NOT_NOW);
        assertThat(Files.readAllBytes(file)).isEqualTo(bytes);
    }

    @Test
    void theActiveSegmentIsClosedAndRepaired() throws Exception {
        fill(new java.util.SplittableRandom(1), 10);
        damaged.restart();
        log = damaged.log();
        log.updateHighWatermark(log.logEndOffset());
        try (var files = Files.list(damaged.logPath())) {
            Path file =
                    files.filter(each -> each.toString().endsWith(".log"))
                            .findFirst()
                            .orElseThrow();
            byte[] bytes = Files.readAllBytes(file);
            bytes[80] ^= 1;
            Files.write(file, bytes);
        }
        readAllRepairing();
        assertThat(repairer.counters().repairedSegments()).isEqualTo(1);
    }

    /** What a follower is to forget begins with a segment: nothing before it is touched. */
    @Seeded(runs = 8)
    void aCutBehindADamagedSegmentLeavesItToRepair(RandomGenerator random) throws Exception {
        fill(random, 80);
        List<Path> files = closedFiles(damaged);
        Path file = files.getLast();
        damage(file, random);
        long end = log.activeSegment().baseOffset();
        log.truncateTo(end).join();
        assertThat(log.logEndOffset()).isEqualTo(end);
        assertThat(log.unclean()).isEmpty();
        readAllRepairing();
        assertThat(file).hasSameBinaryContentAs(peer.logPath().resolve(file.getFileName()));
    }

    /** The segment that is cut is read again: what is damaged in it is neither cut nor served. */
    @Test
    void aCutInADamagedSegmentKeepsWhatIsBelow() throws Exception {
        fill(new java.util.SplittableRandom(1), 80);
        Path file = closedFiles(damaged).getLast();
        byte[] bytes = Files.readAllBytes(file);
        int second = sizeAt(bytes, 0);
        long from = ByteBuffer.wrap(bytes).getLong(second);
        bytes[second + 70] ^= 1;
        Files.write(file, bytes);
        long end = log.activeSegment().baseOffset() - 1;
        log.truncateTo(end).join();
        assertThat(log.logEndOffset()).isGreaterThan(from).isLessThanOrEqualTo(end);
        assertThat(log.highWatermark()).isEqualTo(log.logEndOffset());
        assertThat(log.unclean())
                .hasValueSatisfying(why -> assertThat(why.fromOffset()).isEqualTo(from));
        assertThatThrownBy(() -> LogFixture.readOffsets(log))
                .isInstanceOf(CorruptRangeException.class);
        PartitionLog again = damaged.reopenAfterKill(directory.resolve("damaged"));
        assertThat(again.logEndOffset()).isEqualTo(log.logEndOffset());
        assertThat(again.unclean()).isPresent();
        again.truncateTo(from).join();
        assertThat(again.unclean()).isEmpty();
        assertThat(again.logEndOffset()).isEqualTo(from);
    }

    /** Nor is its leader epoch: what is read again at a start is held against all around it. */
    @Seeded(runs = 6)
    void aWrongEpochIsFoundAtAStart(RandomGenerator random) throws Exception {
        fill(random, 60);
        Path file = closedFiles(damaged).get(random.nextInt(2));
        byte[] bytes = Files.readAllBytes(file);
        int at = 0;
        int skipped = random.nextInt(30); // often up to the last one
        while (skipped > 0 && at + sizeAt(bytes, at) < bytes.length) {
            at += sizeAt(bytes, at);
            skipped--;
        }
        bytes[at + 12 + random.nextInt(4)] ^= (byte) (1 << random.nextInt(7));
        Files.write(file, bytes);
        long end = log.logEndOffset();
        PartitionLog again = damaged.reopenAfterKill(directory.resolve("damaged"));
        assertThat(again.unclean()).isPresent();
        assertThat(again.latestLeaderEpoch()).isEqualTo(4);
        assertThat(again.logEndOffset()).isEqualTo(end);
    }

    @Test
    void aWrongEpochBeforeADamagedSegmentIsFound() throws Exception {
        fill(new SplittableRandom(5), 90);
        List<Path> files = closedFiles(damaged);
        byte[] bytes = Files.readAllBytes(files.get(0));
        int last = 0;
        while (last + sizeAt(bytes, last) < bytes.length) {
            last += sizeAt(bytes, last);
        }
        bytes[last + 12] ^= 1 << 5;
        Files.write(files.get(0), bytes);
        byte[] next = Files.readAllBytes(files.get(1));
        next[16] ^= 1; // no header that could deny the epoch
        Files.write(files.get(1), next);

        PartitionLog again = damaged.reopenAfterKill(directory.resolve("damaged"));

        assertThat(again.unclean()).isPresent();
        assertThat(again.latestLeaderEpoch()).isEqualTo(4);
    }

    /** A batch's offset is not in its CRC: behind a damage nothing but the next one confirms it. */
    @Seeded(runs = 8)
    void aWrongOffsetBehindADamageIsFound(RandomGenerator random) throws Exception {
        fill(random, 60);
        Path file = closedFiles(damaged).getFirst();
        byte[] bytes = Files.readAllBytes(file);
        int second = sizeAt(bytes, 0);
        bytes[second - 1] ^= 1;
        bytes[second + 7] ^= (byte) (1 << random.nextInt(3));
        Files.write(file, bytes);
        assertThat(repair(0)).isEqualTo(RepairOutcome.WHOLE);
        assertThat(file).hasSameBinaryContentAs(peer.logPath().resolve(file.getFileName()));
    }

    @Test
    void offsetsThatAreDamagedAlikeAreFoundAlsoAfterARepair() throws Exception {
        fill(new SplittableRandom(3), 60);
        Path file = closedFiles(damaged).getFirst();
        for (int round = 0; round < 2; round++) {
            byte[] bytes = Files.readAllBytes(file);
            int second = sizeAt(bytes, 0);
            bytes[7] ^= 1 << 3;
            bytes[second + 7] ^= 1 << 3;
            Files.write(file, bytes);
            assertThat(repair(0)).isEqualTo(RepairOutcome.WHOLE);
            assertThat(file).hasSameBinaryContentAs(peer.logPath().resolve(file.getFileName()));
        }
        assertThat(log.segments().hasHoles()).isFalse();
    }

    private static int sizeAt(byte[] bytes, int position) {
        return 12 + ByteBuffer.wrap(bytes).getInt(position + 8);
    }

    /** After a kill -9 nobody waits for a page-cache log to be flushed, but its repair does. */
    @Test
    void aLogThatNobodyFlushesIsRepaired() throws Exception {
        LogFixture cached =
                new LogFixture(
                        directory.resolve("cached"),
                        Map.of("segment.ms", "40", "flush.policy", "page-cache"));
        for (int i = 0; i < 60; i++) {
            for (LogFixture each : List.of(cached, peer)) {
                each.log()
                        .append(
                                LogFixture.batch(2, 500, each.nowMs + 2L * i),
                                1,
                                AppendOrigin.CLIENT,
                                each.nowMs);
            }
        }
        good.requestFlush();
        peer.commit();
        good.updateHighWatermark(good.logEndOffset());
        log = cached.reopenAfterKill(directory.resolve("cached"));
        log.updateHighWatermark(log.logEndOffset());
        Path file = closedFiles(cached).getFirst();
        byte[] bytes = Files.readAllBytes(file);
        bytes[200] ^= 1;
        Files.write(file, bytes);
        try (LogRepairer its =
                new LogRepairer(
                        id -> cached.store().repairable(id),
                        new OtherLog(),
                        thread,
                        loops.at(0),
                        () -> System.nanoTime() / 1_000_000)) {
            var outcome = its.repair(LogFixture.ID, 0);
            Eventually.until(
                    SOON,
                    () -> {
                        cached.commit();
                        return outcome.isDone();
                    },
                    "the repair to end");
            assertThat(outcome.get()).isEqualTo(RepairOutcome.WHOLE);
            assertThat(its.counters().repairedSegments()).isEqualTo(1);
        }
        cached.store().close();
    }

    @Test
    void withoutAnotherReplicaItIsSaid() throws Exception {
        fill(new java.util.SplittableRandom(1), 60);
        hasPeer = false;
        assertThat(repair(0)).isEqualTo(RepairOutcome.IMPOSSIBLE);
    }

    @Test
    void theScrubFindsWhatNobodyReads() throws Exception {
        fill(new java.util.SplittableRandom(1), 150);
        Path file = closedFiles(damaged).get(1);
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length / 2] ^= 4;
        Files.write(file, bytes);
        AtomicLong rate = new AtomicLong();
        try (Scrubber scrubber =
                new Scrubber(
                        () -> List.of(LogFixture.ID),
                        id -> damaged.store().repairable(id),
                        repairer,
                        rate::get,
                        Duration.ofMillis(1))) {
            scrubber.start();
            rate.set(10 << 20);
            Eventually.until(
                    SOON,
                    () -> repairer.counters().repairedSegments() == 1,
                    "the scrub to have it repaired");
            Eventually.until(
                    SOON, () -> repairer.counters().scrubRounds() > 1, "the scrub to go round");
        }
        assertThat(file).hasSameBinaryContentAs(peer.logPath().resolve(file.getFileName()));
        assertThat(repairer.counters().damagedSegments()).isEqualTo(1);
    }
}
