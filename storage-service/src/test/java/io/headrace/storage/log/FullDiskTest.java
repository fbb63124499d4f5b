package io.headrace.storage.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.headrace.testkit.disk.SimulatedDisk;
import io.headrace.testkit.random.Seed;
import io.headrace.testkit.random.Seeded;

import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.KafkaStorageException;
import org.junit.jupiter.api.Test;

import java.util.Map;
import java.util.random.RandomGenerator;

/**
 * Goal: clients are refused before a disk is full and served again when there is room; a disk that
 * is full all the same, at any byte of any write, leaves a log that recovers with all it promised.
 */
class FullDiskTest {
    private static final long ROOM = 20 << 20;
    private static final Map<String, String> CONFIGS = Map.of("segment.ms", "20");

    private static void append(LogFixture fixture, PartitionLog log, AppendOrigin origin) {
        log.append(LogFixture.batch(1, 50_000, fixture.nowMs), 0, origin, fixture.nowMs);
        log.requestFlush();
    }

    @Test
    void recordsAreRefusedBeforeTheDiskIsFullAndTakenAgainWhenThereIsRoom() throws Exception {
        SimulatedDisk disk = SimulatedDisk.withSeed(1);
        LogFixture fixture = new LogFixture(disk.path("/data"), CONFIGS);
        PartitionLog log = fixture.log();
        disk.limitBytes(ROOM);
        assertThatThrownBy(
                        () -> {
                            while (true) {
                                append(fixture, log, AppendOrigin.CLIENT);
                                fixture.nowMs += 1_000;
                                fixture.store().tick(fixture.nowMs);
                            }
                        })
                .isInstanceOf(KafkaStorageException.class)
                .hasMessageContaining("nearly full");
        fixture.commit();
        assertThat(log.logEndOffset()).isGreaterThan(300); // of 400 that there is room for
        append(fixture, log, AppendOrigin.COORDINATOR); // offsets and transactions go on for now
        assertThat(LogFixture.readOffsets(log)).hasSize((int) log.logEndOffset());

        disk.limitBytes(2 * ROOM);
        fixture.nowMs += 1_000;
        fixture.store().tick(fixture.nowMs);
        append(fixture, log, AppendOrigin.CLIENT);
        assertThat(LogFixture.readOffsets(fixture.restart())).hasSize((int) log.logEndOffset());
    }

    @Seeded(runs = 10)
    void whereverTheSpaceEndsTheLogRecovers(RandomGenerator random, Seed seed) throws Exception {
        SimulatedDisk disk = SimulatedDisk.withSeed(seed.value());
        long promised = 0;
        for (int life = 0; life < 6; life++) {
            LogFixture fixture =
                    new LogFixture(disk.path("/data"), CONFIGS, "boot-" + seed.value());
            PartitionLog log = fixture.log();
            assertThat(log.unclean()).isEmpty();
            assertThat(log.logEndOffset()).isGreaterThanOrEqualTo(promised);
            assertThat(LogFixture.readOffsets(log)).hasSize((int) log.logEndOffset());
            disk.limitBytes(used(disk) + random.nextLong(200_000));
            promised = Math.max(promised, fillUp(fixture, log, random));
            disk.limitBytes(Long.MAX_VALUE);
            fixture.letGo();
            disk = random.nextBoolean() ? disk.crash() : disk.kill();
        }
    }

    private static long used(SimulatedDisk disk) throws Exception {
        var store = java.nio.file.Files.getFileStore(disk.path("/data"));
        return store.getTotalSpace() - store.getUsableSpace();
    }

    /** Appends until something fails; answers what was promised to be durable. */
    private static long fillUp(LogFixture fixture, PartitionLog log, RandomGenerator random) {
        long promised = log.flushedOffset();
        try {
            for (int i = 0; i < 200; i++) {
                fixture.append(log, 1 + random.nextInt(5), random.nextInt(2_000));
                log.requestFlush();
                if (random.nextBoolean()) {
                    fixture.commit();
                }
                promised = log.flushedOffset();
                fixture.nowMs += random.nextInt(6_000);
                if (random.nextInt(5) == 0) {
                    fixture.store().tick(fixture.nowMs);
                }
            }
        } catch (ApiException full) {
            assertThat(full).isInstanceOf(KafkaStorageException.class);
        }
        return promised;
    }
}
