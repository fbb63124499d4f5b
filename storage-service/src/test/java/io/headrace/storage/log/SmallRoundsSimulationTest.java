package io.headrace.storage.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.headrace.protocol.batch.BatchView;
import io.headrace.storage.recovery.VerifiedPoint;
import io.headrace.testkit.disk.SimulatedDisk;
import io.headrace.testkit.random.Seed;
import io.headrace.testkit.random.Seeded;

import org.apache.kafka.common.TopicIdPartition;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.KafkaStorageException;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.random.RandomGenerator;

/**
 * Goal: with small rounds in the journal, whatever becomes of their logs afterwards, a loss of
 * power loses nothing that was reported and brings back nothing that was cut. Method: a few logs in
 * two directories are appended to, flushed, rolled, cut, deleted, made anew, set aside and moved,
 * over lives that end by a kill or a power loss at any change of the disk, against a model of what
 * each was told.
 */
final class SmallRoundsSimulationTest {
    private static final int LOGS = 3;
    private static final int JOURNAL_BYTES = 64 << 10;

    /** What must hold for one partition. */
    private static final class Model {
        final TopicIdPartition id;
        final WrittenBatches written = new WrittenBatches();
        boolean mayBeGone;

        Model(int partition) {
            id = new TopicIdPartition(LogFixture.TOPIC_ID, new TopicPartition("orders", partition));
        }

        void isGone() {
            written.clear();
            mayBeGone = false;
        }
    }

    /** Over all lives. */
    static final class World {
        private final List<Model> models = new ArrayList<>();
        long journaledRounds;
        long cuts;
        long cutsAboveCheckpoint;
        long batches;

        World() {
            for (int i = 0; i < LOGS; i++) {
                models.add(new Model(i));
            }
        }
    }

    /** One life of the process. */
    private static final class Life implements LogListener {
        final SimulatedDisk disk;
        final World world;
        final RandomGenerator random;
        final List<Path> directories;
        final LogFixture fixture;

        Life(SimulatedDisk disk, World world, RandomGenerator random, String bootId)
                throws IOException {
            this.disk = disk;
            this.world = world;
            this.random = random;
            this.directories = List.of(disk.path("/first"), disk.path("/second"));
            this.fixture =
                    new LogFixture(directories, LogFixture.SMALL_SEGMENTS, bootId, JOURNAL_BYTES);
            fixture.settlesAtCommit = false;
            requireOnline();
            for (Model model : world.models) {
                verify(model);
            }
        }

        void requireOnline() {
            if (!disk.isPoweredOff()) {
                assertThat(fixture.store().failedDirectories()).isEmpty();
                for (LogDirectory each : fixture.store().directories()) {
                    assertThat(each.offlineCause()).isNull();
                }
            }
        }

        private PartitionLog log(Model model) {
            PartitionLog log = fixture.log(model.id);
            log.listen(this);
            return log;
        }

        private Model modelOf(PartitionLog log) {
            return world.models.get(log.id().partition());
        }

        @Override
        public void onFlushed(PartitionLog log, long flushedOffset) {
            if (!log.isTruncating()) { // else what is to be cut still counts
                modelOf(log).written.onReported(flushedOffset);
            }
        }

        @Override
        public void onOffline(PartitionLog log, Throwable cause) {}

        void run(int steps) throws IOException {
            for (int step = 0; step < steps && !disk.isPoweredOff(); step++) {
                step(world.models.get(random.nextInt(LOGS)));
                requireOnline();
            }
            for (LogDirectory each : fixture.store().directories()) {
                world.journaledRounds += each.groupCommit().journaledRounds();
            }
        }

        private void step(Model model) throws IOException {
            PartitionLog log = log(model);
            switch (random.nextInt(30)) {
                case 0, 1, 2, 3, 4, 5 -> flush();
                case 6 -> fixture.settleSealed();
                case 7 -> tick();
                case 8 -> log.updateHighWatermark(log.flushedOffset());
                case 9 -> roll(log);
                case 10, 11 -> cut(model, log);
                case 12 -> {
                    if (random.nextInt(3) == 0) {
                        delete(model);
                    }
                }
                case 13 -> {
                    if (random.nextInt(3) == 0) {
                        move(log);
                    }
                }
                case 14 -> append(model, log, random.nextInt(1, 60_000));
                case 15 -> startEpoch(log);
                default -> append(model, log, random.nextInt(1, 1_500));
            }
        }

        private void append(Model model, PartitionLog log, int valueBytes) {
            ByteBuffer batch =
                    LogFixture.batch(
                            1 + random.nextInt(3), valueBytes, fixture.nowMs + world.batches++);
            int epoch = Math.max(0, log.latestLeaderEpoch());
            try {
                AppendResult result = log.append(batch, epoch, AppendOrigin.CLIENT, fixture.nowMs);
                int crc = (int) BatchView.crc(batch, 0);
                model.written.add(result.baseOffset(), result.lastOffset(), crc);
            } catch (KafkaStorageException e) {
                assertThat(disk.isPoweredOff() || log.isFrozen() || log.isTruncating()).isTrue();
                if (disk.isPoweredOff()) { // in the write's last moment, perhaps
                    model.written.addUncertain(batch, (int) BatchView.crc(batch, 0));
                }
            }
        }

        /** Each directory's rounds, with whatever was asked for. */
        private void flush() {
            for (Model model : world.models) {
                if (random.nextInt(3) > 0) {
                    log(model).requestFlush();
                }
            }
            fixture.commit();
        }

        private void tick() {
            fixture.nowMs += 6_000;
            fixture.store().tick(fixture.nowMs);
        }

        private void roll(PartitionLog log) throws IOException {
            if (!log.isTruncating() && !log.isFrozen()) {
                log.segments().roll(fixture.nowMs);
            }
        }

        private void startEpoch(PartitionLog log) {
            if (!log.isTruncating() && !log.isFrozen()) {
                log.startLeaderEpoch(log.latestLeaderEpoch() + 1);
            }
        }

        /** As a follower that diverged: also what it has reported. */
        private void cut(Model model, PartitionLog log) {
            if (log.isTruncating()
                    || log.isFrozen()
                    || model.written.end() <= log.highWatermark()) {
                return;
            }
            long target = random.nextLong(log.highWatermark(), model.written.end());
            long end = model.written.startOfBatchAt(target);
            VerifiedPoint point = log.upkeep().published().verified();
            world.cutsAboveCheckpoint += point != null && point.offset() <= target ? 1 : 0;
            CompletableFuture<Void> cut = log.truncateTo(target);
            fixture.commit(); // a flush on its way ends first, and reports
            model.written.onGivenUp(end);
            if (cut.isDone() && !cut.isCompletedExceptionally()) {
                model.written.endsAt(log.logEndOffset());
                assertThat(log.logEndOffset()).isEqualTo(end);
                world.cuts++;
            }
        }

        private void delete(Model model) {
            fixture.commit();
            model.mayBeGone = true;
            CompletableFuture<Void> gone =
                    random.nextBoolean()
                            ? fixture.store().delete(model.id)
                            : fixture.store().setAsideStrays(id -> !id.equals(model.id));
            fixture.commit();
            boolean isOver = gone.isDone() && !gone.isCompletedExceptionally();
            if (isOver && !disk.isPoweredOff()) { // else a directory that is offline has no logs
                model.isGone();
            }
        }

        private void move(PartitionLog log) {
            Path from = log.directory().path();
            Path target = directories.get(from.equals(directories.getFirst()) ? 1 : 0);
            fixture.store().moveTo(log.id(), target);
            for (int i = random.nextInt(6); i > 0; i--) {
                fixture.commit();
                tick();
            }
        }

        private void verify(Model model) throws IOException {
            PartitionLog log = log(model);
            if (disk.isPoweredOff()) {
                return;
            }
            if (model.mayBeGone && log.logEndOffset() == 0) {
                model.isGone();
            }
            model.mayBeGone = false;
            model.written.verify(log);
        }
    }

    private static void live(
            SimulatedDisk disk, World world, RandomGenerator random, String bootId) {
        try {
            Life life = new Life(disk, world, random, bootId);
            life.run(100);
            if (random.nextInt(5) == 0 && !disk.isPoweredOff()) {
                life.fixture.commit(); // a close waits for it
                life.fixture.store().close();
            }
        } catch (Exception | AssertionError e) {
            if (!disk.isPoweredOff()) {
                throw new IllegalStateException("Failed though the power was on", e);
            }
        }
    }

    static World simulate(RandomGenerator random, long seed) throws IOException {
        SimulatedDisk disk = SimulatedDisk.withSeed(seed);
        World world = new World();
        int boot = 0;
        for (int life = 0; life < 6; life++) {
            if (random.nextInt(5) > 0) {
                disk.cutPowerAfterChanges(random.nextInt(1, random.nextBoolean() ? 60 : 500));
            }
            live(disk, world, random, "boot-" + boot);
            boolean powerLoss = disk.isPoweredOff() || random.nextBoolean();
            disk = powerLoss ? disk.crash() : disk.kill();
            boot += powerLoss ? 1 : 0;
        }
        Life last = new Life(disk.crash(), world, random, "boot-last");
        Objects.requireNonNull(last);
        return world;
    }

    @Seeded(runs = 20)
    void nothingReportedIsLostAndNothingCutComesBack(RandomGenerator random, Seed seed)
            throws IOException {
        simulate(random, seed.value());
    }

    @Seeded(runs = 60)
    void aRefusedWriteDoesNotComeBackBehindASmallRound(Seed seed) throws IOException {
        SimulatedDisk disk = SimulatedDisk.withSeed(seed.value());
        LogFixture fixture =
                new LogFixture(
                        List.of(disk.path("/first")),
                        LogFixture.SMALL_SEGMENTS,
                        "boot-0",
                        JOURNAL_BYTES);
        fixture.settlesAtCommit = false;
        PartitionLog log = fixture.log();
        for (int i = 0; i < 2; i++) {
            fixture.append(log, 1, 500);
            log.requestFlush();
            fixture.commit();
        }
        ByteBuffer one = LogFixture.batch(1, 500, fixture.nowMs);
        ByteBuffer three = ByteBuffer.allocate(3 * one.remaining());
        three.put(one.duplicate()).put(one.duplicate()).put(one.duplicate()).flip();
        disk.limitBytes(disk.usedBytes() + 2L * one.remaining() + 100);
        assertThatThrownBy(() -> log.append(three, 0, AppendOrigin.CLIENT, fixture.nowMs))
                .isInstanceOf(KafkaStorageException.class);
        disk.limitBytes(Long.MAX_VALUE);
        fixture.append(log, 1, 500);
        log.requestFlush();
        fixture.commit();
        assertThat(log.flushedOffset()).isEqualTo(3);
        PartitionLog found =
                new LogFixture(
                                List.of(disk.crash().path("/first")),
                                LogFixture.SMALL_SEGMENTS,
                                "boot-1",
                                JOURNAL_BYTES)
                        .log();
        assertThat(found.unclean()).isEmpty();
        assertThat(found.logEndOffset()).isEqualTo(3);
    }

    @Test
    void theSimulationReachesWhatItIsFor() throws IOException {
        long journaled = 0;
        long cuts = 0;
        long cutsAbove = 0;
        for (long seed = 1; seed <= 10; seed++) {
            World world = simulate(new Seed(seed).generator(), seed);
            journaled += world.journaledRounds;
            cuts += world.cuts;
            cutsAbove += world.cutsAboveCheckpoint;
        }
        assertThat(journaled).isGreaterThan(100);
        assertThat(cutsAbove).isGreaterThan(5);
        assertThat(cuts).isGreaterThan(cutsAbove + 5);
    }
}
