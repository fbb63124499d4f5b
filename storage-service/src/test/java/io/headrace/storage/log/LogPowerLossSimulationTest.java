package io.headrace.storage.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.protocol.batch.BatchView;
import io.headrace.testkit.disk.SimulatedDisk;
import io.headrace.testkit.random.Seed;
import io.headrace.testkit.random.Seeded;

import org.apache.kafka.common.errors.KafkaStorageException;
import org.apache.kafka.common.errors.OutOfOrderSequenceException;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Goal: after a power loss at any moment, everything reported flushed is readable, offsets are
 * contiguous and the log is valid. Method: random operations on a simulated disk whose power goes
 * at a random change, over and over, against a model of what was reported.
 */
final class LogPowerLossSimulationTest {
    @Seeded(runs = 10)
    void whatWasReportedFlushedSurvives(RandomGenerator random, Seed seed) throws Exception {
        SimulatedDisk disk = SimulatedDisk.withSeed(seed.value());
        WrittenBatches written = new WrittenBatches();
        for (int life = 0; life < 8; life++) {
            boolean cutsPower = random.nextInt(3) > 0;
            if (cutsPower) {
                disk.cutPowerAfterChanges(random.nextInt(1, 400));
            }
            live(disk, written, random, "boot-" + seed.value() + "-" + life);
            disk = cutsPower || random.nextBoolean() ? disk.crash() : disk.kill();
        }
        disk = disk.crash();
        verify(
                new LogFixture(disk.path("/data"), LogFixture.SMALL_SEGMENTS, "boot-last"),
                written,
                disk);
    }

    @Seeded(runs = 10)
    void aLogWhoseDeletionLosesPowerIsWholeOrMadeAnew(Seed seed) throws Exception {
        for (int changes = 1; changes < 30; changes++) {
            SimulatedDisk disk = SimulatedDisk.withSeed(seed.value() + changes);
            LogFixture fixture =
                    new LogFixture(disk.path("/data"), LogFixture.SMALL_SEGMENTS, "boot-0");
            fixture.append(fixture.log(), 3, 10);
            fixture.log().requestFlush();
            fixture.commit();
            disk.cutPowerAfterChanges(changes);
            fixture.store().delete(LogFixture.ID);
            fixture.store().openOrCreate(LogFixture.ID, LogConfig.of(LogFixture.SMALL_SEGMENTS));
            for (int boot = 1; boot < 3; boot++) {
                disk = disk.crash();
                fixture =
                        new LogFixture(
                                disk.path("/data"), LogFixture.SMALL_SEGMENTS, "boot-" + boot);
                assertThat(fixture.log().unclean()).as("after %d", changes).isEmpty();
                assertThat(fixture.log().logEndOffset()).isIn(0L, 3L);
            }
        }
    }

    private static void live(
            SimulatedDisk disk, WrittenBatches written, RandomGenerator random, String bootId) {
        try {
            LogFixture fixture =
                    new LogFixture(
                            List.of(disk.path("/data")),
                            LogFixture.SMALL_SEGMENTS,
                            bootId,
                            256 << 10);
            fixture.settlesAtCommit = random.nextBoolean();
            verify(fixture, written, disk);
            if (disk.isPoweredOff()) {
                return;
            }
            PartitionLog log = fixture.log();
            log.listen(
                    new LogListener() {
                        @Override
                        public void onFlushed(PartitionLog flushed, long flushedOffset) {
                            written.onReported(flushedOffset);
                        }

                        @Override
                        public void onOffline(PartitionLog offline, Throwable cause) {}
                    });
            for (int step = 0; step < 120 && !disk.isPoweredOff(); step++) {
                step(fixture, log, written, random);
            }
            if (random.nextInt(4) == 0 && !disk.isPoweredOff()) {
                fixture.store().close();
            }
        } catch (Exception e) {
            if (!disk.isPoweredOff()) {
                throw new IllegalStateException("Failed though the power was on", e);
            }
        }
    }

    private static void step(
            LogFixture fixture, PartitionLog log, WrittenBatches written, RandomGenerator random)
            throws IOException {
        switch (random.nextInt(11)) {
            case 0 -> {
                log.requestFlush();
                fixture.commit();
            }
            case 1 -> log.updateHighWatermark(log.flushedOffset());
            case 2 -> {
                fixture.nowMs += 6000;
                fixture.store().tick(fixture.nowMs);
            }
            case 3 -> maybeCut(log, written, random);
            case 4 -> {
                if (random.nextInt(3) == 0) {
                    log.segments().roll(fixture.nowMs);
                }
            }
            case 5 -> fixture.settleSealed();
            default -> {
                ByteBuffer batch =
                        random.nextBoolean()
                                ? LogFixture.batch(
                                        1 + random.nextInt(3),
                                        random.nextInt(1, 60_000),
                                        fixture.nowMs)
                                : LogFixture.batch(
                                        random.nextLong(1, 4), 0, random.nextInt(3), false, 1);
                int crc = (int) BatchView.crc(batch, batch.position());
                append(fixture, log, written, batch, crc);
            }
        }
    }

    /** As a follower that diverged: also what it has reported. */
    private static void maybeCut(PartitionLog log, WrittenBatches written, RandomGenerator random) {
        if (log.highWatermark() >= written.end() || random.nextInt(3) > 0) {
            return;
        }
        long target = random.nextLong(log.highWatermark(), written.end());
        long end = written.startOfBatchAt(target);
        written.onGivenUp(end);
        log.truncateTo(target).join();
        written.endsAt(end);
        assertThat(log.logEndOffset()).isEqualTo(end);
    }

    private static void append(
            LogFixture fixture,
            PartitionLog log,
            WrittenBatches written,
            ByteBuffer batch,
            int crc) {
        AppendResult result;
        try {
            result = log.append(batch, 0, AppendOrigin.CLIENT, fixture.nowMs);
        } catch (OutOfOrderSequenceException e) {
            return;
        } catch (KafkaStorageException e) {
            // The power went in the write, perhaps in its last moment.
            written.addUncertain(batch, crc);
            throw e;
        }
        if (!result.duplicate()) {
            written.add(result.baseOffset(), result.lastOffset(), crc);
        }
    }

    private static void verify(LogFixture fixture, WrittenBatches written, SimulatedDisk disk)
            throws Exception {
        PartitionLog log = fixture.log();
        if (disk.isPoweredOff()) {
            return;
        }
        written.verify(log);
    }
}
