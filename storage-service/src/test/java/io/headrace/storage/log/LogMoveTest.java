package io.headrace.storage.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.headrace.protocol.batch.BatchView;
import io.headrace.protocol.batch.ControlMarker;
import io.headrace.testkit.disk.SimulatedDisk;
import io.headrace.testkit.random.Seed;
import io.headrace.testkit.random.Seeded;

import org.apache.kafka.common.TopicIdPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.KafkaStorageException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.random.RandomGenerator;

/** Goal: a log moves between directories whole, and is one log after a crash at any step. */
final class LogMoveTest {
    private static final TopicIdPartition ID = LogFixture.ID;

    private SimulatedDisk disk;
    private Path first;
    private Path second;
    private LogFixture fixture;
    private PartitionLog log;

    @BeforeEach
    void start() throws IOException {
        disk = SimulatedDisk.withSeed(1);
        first = disk.path("/first");
        second = disk.path("/second");
        fixture = new LogFixture(List.of(first, second), LogFixture.SMALL_SEGMENTS, "boot-1");
        log = fixture.log();
    }

    private Path elsewhere() {
        return log.directory().path().equals(first) ? second : first;
    }

    private void append(int count) {
        for (int i = 0; i < count; i++) {
            log.append(
                    LogFixture.batch(2, 30_000, fixture.nowMs),
                    Math.max(0, log.latestLeaderEpoch()),
                    AppendOrigin.CLIENT,
                    fixture.nowMs);
        }
        log.requestFlush();
        fixture.commit();
        log.updateHighWatermark(log.flushedOffset());
    }

    private void run() {
        for (int i = 0; i < 5; i++) {
            fixture.commit();
            fixture.nowMs += 1_000;
            fixture.store().tick(fixture.nowMs);
        }
    }

    private LogDirDescription describe(Path directory) {
        return fixture.store().describe().stream()
                .filter(each -> each.path().equals(directory))
                .findFirst()
                .orElseThrow();
    }

    private static List<Integer> crcs(PartitionLog log) throws IOException {
        List<Integer> crcs = new ArrayList<>();
        long next = log.logStartOffset();
        while (next < log.logEndOffset()) {
            ByteBuffer read = LogFixture.readBytes(log, next, 1);
            crcs.add((int) BatchView.crc(read, 0));
            next = BatchView.nextOffset(read, 0);
        }
        return crcs;
    }

    @Test
    void aLogMovesWithAllItHas() throws Exception {
        append(60);
        log.append(LogFixture.batch(5, 0, 0, true, 2), 0, AppendOrigin.CLIENT, fixture.nowMs);
        log.append(
                LogFixture.marker(ControlMarker.Type.ABORT, 5, 0, 0),
                0,
                AppendOrigin.COORDINATOR,
                fixture.nowMs);
        log.startLeaderEpoch(3);
        append(1);
        Path source = log.directory().path();
        Path target = elsewhere();
        List<Integer> before = crcs(log);
        var aborted = log.abortedTransactions(0, log.logEndOffset());
        fixture.store().moveTo(ID, target).join();
        run();

        PartitionLog moved = Objects.requireNonNull(fixture.store().find(ID));
        assertThat(moved).isNotSameAs(log);
        assertThat(moved.directory().path()).isEqualTo(target);
        assertThat(crcs(moved)).isEqualTo(before);
        assertThat(moved.abortedTransactions(0, moved.logEndOffset())).isEqualTo(aborted);
        assertThat(moved.latestLeaderEpoch()).isEqualTo(3);
        assertThat(moved.endOffsetFor(0)).isEqualTo(log.endOffsetFor(0));
        assertThat(moved.highWatermark()).isEqualTo(log.highWatermark());
        assertThat(moved.flushedOffset()).isEqualTo(moved.logEndOffset());
        assertThat(moved.producers()).hasSameSizeAs(List.of(1));
        assertThat(describe(source).partitionBytes()).doesNotContainKey(ID);
        assertThat(describe(target).partitionBytes()).containsKey(ID);
        assertThat(Files.exists(source.resolve("orders-0"))).isFalse();
        assertThatThrownBy(() -> fixture.append(log, 1, 1))
                .isInstanceOf(KafkaStorageException.class);
        log = moved;
        append(1);
        PartitionLog again = fixture.restart();
        assertThat(again.directory().path()).isEqualTo(target);
        assertThat(again.unclean()).isEmpty();
        assertThat(crcs(again)).hasSize(before.size() + 1);
    }

    @Test
    void aCopyOnItsWayIsShownAndStaysWithinItsRate() throws Exception {
        append(80);
        fixture.store().limitMovesTo(() -> 1 << 20);
        fixture.store().moveTo(ID, elsewhere()).join();
        fixture.nowMs += 1_000;
        fixture.store().tick(fixture.nowMs);
        fixture.commit();
        FutureCopy copy = Objects.requireNonNull(describe(elsewhere()).copies().get(ID));
        assertThat(copy.offsetLag()).isPositive();
        assertThat(copy.sizeInBytes()).isBetween(1L, (2L << 20) + 100_000);
        assertThat(describe(log.directory().path()).copies()).isEmpty();
        run();
        run();
        assertThat(Objects.requireNonNull(fixture.store().find(ID)).directory().path())
                .isEqualTo(elsewhere());
        assertThat(describe(elsewhere()).copies()).isEmpty();
    }

    @Test
    void theLogsOwnDirectoryEndsAMove() throws Exception {
        append(80);
        fixture.store().limitMovesTo(() -> 1);
        fixture.store().moveTo(ID, elsewhere()).join();
        run();
        assertThat(describe(elsewhere()).copies()).containsKey(ID);
        fixture.store().moveTo(ID, log.directory().path()).join();
        run();
        assertThat(describe(elsewhere()).copies()).isEmpty();
        assertThat(fixture.store().find(ID)).isSameAs(log);
        try (var left = Files.list(elsewhere())) {
            assertThat(left.map(path -> path.getFileName().toString()))
                    .noneMatch(name -> name.contains("future"));
        }
        append(1);
    }

    @Test
    void aCopyFollowsWhenTheLogIsCut() throws Exception {
        append(40);
        fixture.store().limitMovesTo(() -> 1);
        fixture.store().moveTo(ID, elsewhere()).join();
        run();
        log.truncateTo(6).join();
        log.startLeaderEpoch(1);
        for (int i = 0; i < 70; i++) {
            log.append(
                    LogFixture.batch(1, 20_000 + i, fixture.nowMs),
                    1,
                    AppendOrigin.CLIENT,
                    fixture.nowMs);
        }
        List<Integer> expected = crcs(log);
        fixture.store().limitMovesTo(() -> Long.MAX_VALUE);
        run();
        PartitionLog moved = Objects.requireNonNull(fixture.store().find(ID));
        assertThat(moved).isNotSameAs(log);
        assertThat(crcs(moved)).isEqualTo(expected);
        assertThat(moved.endOffsetFor(0).endOffset()).isEqualTo(6);
    }

    @Test
    void aDeletedLogTakesItsCopyAlong() throws Exception {
        append(80);
        fixture.store().limitMovesTo(() -> 1);
        fixture.store().moveTo(ID, elsewhere()).join();
        run();
        fixture.store().delete(ID).join();
        run();
        assertThat(fixture.store().find(ID)).isNull();
        assertThat(describe(elsewhere()).copies()).isEmpty();
        assertThat(describe(elsewhere()).partitionBytes()).isEmpty();
    }

    @Test
    void aPartitionWithoutALogIsMadeWhereItIsWanted() {
        for (Path wanted : List.of(second, second, second, first)) {
            TopicIdPartition id =
                    new TopicIdPartition(new Uuid(9, fixture.nowMs++), 0, "t" + fixture.nowMs);
            fixture.store().moveTo(id, wanted).join();
            assertThat(fixture.log(id).directory().path()).isEqualTo(wanted);
        }
    }

    @Seeded(runs = 15)
    void aCrashAtAnyStepLeavesOneWholeLog(RandomGenerator random, Seed seed) throws Exception {
        disk = SimulatedDisk.withSeed(seed.value());
        first = disk.path("/first");
        second = disk.path("/second");
        fixture = new LogFixture(List.of(first, second), LogFixture.SMALL_SEGMENTS, "boot-0");
        log = fixture.log();
        append(random.nextInt(1, 60));
        long acknowledged = log.logEndOffset();
        List<Integer> expected = crcs(log);
        int boot = 0;
        for (int life = 0; life < 4; life++) {
            Path target = elsewhere();
            disk.cutPowerAfterChanges(random.nextInt(1, 160));
            try {
                fixture.store().moveTo(ID, target).join();
                run();
            } catch (Exception e) {
                if (!disk.isPoweredOff()) {
                    throw e;
                }
            }
            boolean powerLoss = random.nextBoolean();
            disk = powerLoss ? disk.crash() : disk.kill();
            boot += powerLoss ? 1 : 0;
            first = disk.path("/first");
            second = disk.path("/second");
            fixture =
                    new LogFixture(
                            List.of(first, second), LogFixture.SMALL_SEGMENTS, "boot-" + boot);
            log = Objects.requireNonNull(fixture.store().find(ID));
            assertThat(log.unclean()).isEmpty();
            assertThat(log.logEndOffset()).isEqualTo(acknowledged);
            assertThat(crcs(log)).isEqualTo(expected);
            log.updateHighWatermark(acknowledged);
        }
        run();
        log = Objects.requireNonNull(fixture.store().find(ID));
        assertThat(crcs(log)).isEqualTo(expected);
        append(1);
        long sizes = 0;
        for (LogDirDescription directory : fixture.store().describe()) {
            assertThat(directory.online()).isTrue();
            sizes += directory.partitionBytes().size() + directory.copies().size();
        }
        assertThat(sizes).isEqualTo(1);
    }
}
