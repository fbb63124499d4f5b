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
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/**
 * Goal: after a power loss at any moment, everything reported flushed is readable, offsets are
 * contiguous and the log is valid. Method: random operations on a simulated disk whose power goes
 * at a random change, over and over, against a model of what was reported.
 */
final class LogPowerLossSimulationTest {
    private static final Map<String, String> CONFIGS =
            Map.of("segment.bytes", "1048576", "file.delete.delay.ms", "0");

    /** What must hold: the value size of each batch by its base offset, and what was reported. */
    private static final class Model {
        private final List<Long> baseOffsets = new ArrayList<>();
        private final List<Integer> crcs = new ArrayList<>();
        private long reported;
        private long end;

        void onAppended(long baseOffset, long lastOffset, int crc) {
            baseOffsets.add(baseOffset);
            crcs.add(crc);
            end = lastOffset + 1;
        }

        long startOfBatchAt(long offset) {
            long start = 0;
            for (long baseOffset : baseOffsets) {
                start = baseOffset <= offset ? baseOffset : start;
            }
            return start;
        }

        void onRecovered(long logEndOffset) {
            while (!baseOffsets.isEmpty() && baseOffsets.getLast() >= logEndOffset) {
                baseOffsets.removeLast();
                crcs.removeLast();
            }
            end = logEndOffset;
        }
    }

    @Seeded(runs = 10)
    void whatWasReportedFlushedSurvives(RandomGenerator random, Seed seed) throws Exception {
        SimulatedDisk disk = SimulatedDisk.withSeed(seed.value());
        Model model = new Model();
        for (int life = 0; life < 8; life++) {
            boolean cutsPower = random.nextInt(3) > 0;
            if (cutsPower) {
                disk.cutPowerAfterChanges(random.nextInt(1, 400));
            }
            live(disk, model, random, "boot-" + seed.value() + "-" + life);
            disk = cutsPower || random.nextBoolean() ? disk.crash() : disk.kill();
        }
        disk = disk.crash();
        verify(new LogFixture(disk.path("/data"), CONFIGS, "boot-last"), model, disk);
    }

    @Seeded(runs = 10)
    void aLogWhoseDeletionLosesPowerIsWholeOrMadeAnew(Seed seed) throws Exception {
        for (int changes = 1; changes < 30; changes++) {
            SimulatedDisk disk = SimulatedDisk.withSeed(seed.value() + changes);
            LogFixture fixture = new LogFixture(disk.path("/data"), CONFIGS, "boot-0");
            fixture.append(fixture.log(), 3, 10);
            fixture.log().requestFlush();
            fixture.commit();
            disk.cutPowerAfterChanges(changes);
            fixture.store().delete(LogFixture.ID);
            fixture.store().openOrCreate(LogFixture.ID, LogConfig.of(CONFIGS));
            for (int boot = 1; boot < 3; boot++) {
                disk = disk.crash();
                fixture = new LogFixture(disk.path("/data"), CONFIGS, "boot-" + boot);
                assertThat(fixture.log().unclean()).as("after %d", changes).isEmpty();
                assertThat(fixture.log().logEndOffset()).isIn(0L, 3L);
            }
        }
    }

    private static void live(
            SimulatedDisk disk, Model model, RandomGenerator random, String bootId) {
        try {
            LogFixture fixture =
                    new LogFixture(List.of(disk.path("/data")), CONFIGS, bootId, 256 << 10);
            fixture.settlesAtCommit = random.nextBoolean();
            verify(fixture, model, disk);
            if (disk.isPoweredOff()) {
                return;
            }
            PartitionLog log = fixture.log();
            log.listen(
                    new LogListener() {
                        @Override
                        public void onFlushed(PartitionLog flushed, long flushedOffset) {
                            model.reported = Math.max(model.reported, flushedOffset);
                        }

                        @Override
                        public void onOffline(PartitionLog offline, Throwable cause) {}
                    });
            for (int step = 0; step < 120 && !disk.isPoweredOff(); step++) {
                step(fixture, log, model, random);
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
            LogFixture fixture, PartitionLog log, Model model, RandomGenerator random)
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
            case 3 -> maybeCut(log, model, random);
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
                append(fixture, log, model, batch, crc);
            }
        }
    }

    /** As a follower that diverged: also what it has reported. */
    private static void maybeCut(PartitionLog log, Model model, RandomGenerator random) {
        if (log.highWatermark() >= model.end || random.nextInt(3) > 0) {
            return;
        }
        long target = random.nextLong(log.highWatermark(), model.end);
        long end = model.startOfBatchAt(target);
        model.reported = Math.min(model.reported, end);
        log.truncateTo(target).join();
        model.onRecovered(end);
        assertThat(log.logEndOffset()).isEqualTo(end);
    }

    private static void append(
            LogFixture fixture, PartitionLog log, Model model, ByteBuffer batch, int crc) {
        AppendResult result;
        try {
            result = log.append(batch, 0, AppendOrigin.CLIENT, fixture.nowMs);
        } catch (OutOfOrderSequenceException e) {
            return;
        } catch (KafkaStorageException e) {
            // The power went in the write, perhaps in its last moment.
            long last = model.end + BatchView.lastOffsetDelta(batch, 0);
            model.onAppended(model.end, last, crc);
            throw e;
        }
        if (!result.duplicate()) {
            model.onAppended(result.baseOffset(), result.lastOffset(), crc);
        }
    }

    private static void verify(LogFixture fixture, Model model, SimulatedDisk disk)
            throws Exception {
        PartitionLog log = fixture.log();
        if (disk.isPoweredOff()) {
            return;
        }
        assertThat(log.unclean()).isEmpty();
        assertThat(log.logStartOffset()).isZero();
        assertThat(log.logEndOffset()).isBetween(model.reported, model.end);
        model.onRecovered(log.logEndOffset());
        long next = 0;
        int index = 0;
        while (next < log.logEndOffset()) {
            ByteBuffer read = LogFixture.readBytes(log, next, 1);
            assertThat(BatchView.isCrcValid(read, 0)).isTrue();
            assertThat(BatchView.baseOffset(read, 0)).isEqualTo(next);
            assertThat(next).isEqualTo(model.baseOffsets.get(index));
            assertThat((int) BatchView.crc(read, 0)).isEqualTo(model.crcs.get(index));
            next = BatchView.nextOffset(read, 0);
            index++;
        }
        assertThat(index).isEqualTo(model.baseOffsets.size());
    }
}
