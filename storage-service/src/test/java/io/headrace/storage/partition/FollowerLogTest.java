package io.headrace.storage.partition;

import static io.headrace.storage.partition.OnePartition.ID;
import static io.headrace.storage.partition.OnePartition.led;
import static io.headrace.storage.partition.OnePartition.open;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.protocol.batch.BatchBuilder;
import io.headrace.protocol.batch.BatchView;
import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.storage.log.PartitionLog;
import io.headrace.testkit.disk.SimulatedDisk;

import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Goal: a replica whose machine lost its page cache counts again once it has copied everything,
 * though its leader, alone in sync, commits nothing until then and has nothing new to bring.
 * Method: a power loss leaves of an unflushed log what a seed decides; the same records are brought
 * again.
 */
class FollowerLogTest {
    private static final int SEEDS = 60;
    private static final int BATCHES = 5;

    @Test
    void whatAPowerLossTookIsCopiedAndCounts() throws IOException {
        int emptied = 0;
        int shortened = 0;
        for (long seed = 1; seed <= SEEDS; seed++) {
            SimulatedDisk disk = SimulatedDisk.withSeed(seed);
            PartitionLog log = open(disk, "boot-1");
            copyAll(OnePartition.following(log), log);
            log = open(disk.crash(), "boot-2");
            assertThat(log.unclean()).as("seed %d", seed).isPresent();
            emptied += log.logEndOffset() == 0 ? 1 : 0;
            shortened += log.logEndOffset() > 0 ? 1 : 0;
            Partition partition = OnePartition.following(log);
            copyAll(partition, log);
            FollowPoint point = Objects.requireNonNull(partition.follower().point());
            assertThat(point.flushedOffset()).as("seed %d", seed).isEqualTo(BATCHES);
            assertThat(log.unclean()).as("seed %d", seed).isEmpty();
        }
        assertThat(emptied).isPositive();
        assertThat(shortened).isPositive();
    }

    /**
     * A database restored from a backup has epochs anew; records of two logs must not share one.
     */
    @Test
    void aLogWithRecordsOfLaterEpochsIsNotLed() throws IOException {
        PartitionLog log = open(SimulatedDisk.withSeed(1), "boot-1");
        Partition partition = OnePartition.following(log);
        copyAll(partition, log);
        log.startLeaderEpoch(7).join();
        partition.onMetadata(led(2, 20, 3), 20);
        assertThat(partition.checkLeader(-1)).isEqualTo(Errors.NOT_LEADER_OR_FOLLOWER);
        assertThat(log.logEndOffset()).isEqualTo(BATCHES);
        assertThat(log.latestLeaderEpoch()).isEqualTo(7);
        partition.onMetadata(led(2, 20, 8), 20);
        assertThat(partition.checkLeader(-1)).isEqualTo(Errors.NONE);
    }

    @Test
    void whereItsLogEndsIsSaidOnceNobodyLeads() throws IOException {
        PartitionLog log = open(SimulatedDisk.withSeed(1), "boot-1");
        Partition partition = OnePartition.following(log);
        copyAll(partition, log);
        List<@Nullable RestingLog> said = new ArrayList<>();
        partition.follower().rest(said::add);
        assertThat(said).containsOnlyNulls();
        partition.onMetadata(
                new PartitionImage(
                        0,
                        List.of(1, 2),
                        List.of(),
                        List.of(),
                        -1,
                        -1,
                        1,
                        2,
                        2,
                        List.of(),
                        List.of(1),
                        List.of(),
                        List.of()),
                20);
        partition.follower().rest(said::add);
        assertThat(said.getLast()).isEqualTo(new RestingLog(ID, 1, 0, BATCHES));
    }

    /**
     * A process that died before it had written where an epoch begins finds it in the log, and
     * knows it still after another start that does not read these records again.
     */
    @Test
    void anEpochThatOnlyTheLogKnowsIsKnownFromThenOn() throws IOException {
        SimulatedDisk disk = SimulatedDisk.withSeed(1);
        PartitionLog log = open(disk, "boot-1");
        copyAll(OnePartition.following(log), log);
        Path file = disk.path("/data/orders-0/leader-epoch-checkpoint");
        assertThat(Files.readAllLines(file)).containsExactly("0", "1", "0 0");
        SimulatedDisk after = disk.kill();
        Files.write(after.path(file.toString()), List.of("0", "0"));
        assertThat(open(after, "boot-1").latestLeaderEpoch()).isZero();
        assertThat(Files.readAllLines(after.path(file.toString())))
                .containsExactly("0", "1", "0 0");
    }

    /** As an incremental fetch session does: who has everything hears nothing more. */
    private static void copyAll(Partition partition, PartitionLog log) {
        boolean isFirst = true;
        while (isFirst || log.logEndOffset() < BATCHES) {
            FollowPoint point = Objects.requireNonNull(partition.follower().point());
            ByteBuffer records = batchesFrom(point.fetchOffset());
            assertThat(partition.follower().take(new FetchedData(0, records, 0, 0, -1))).isTrue();
            isFirst = false;
        }
    }

    private static ByteBuffer batchesFrom(long offset) {
        List<ByteBuffer> batches = new ArrayList<>();
        for (long at = offset; at < BATCHES; at++) {
            ByteBuffer batch =
                    BatchBuilder.growing()
                            .append(
                                    1_700_000_000_000L + at,
                                    null,
                                    new byte[] {(byte) at},
                                    List.of())
                            .build();
            BatchView.setBaseOffset(batch, 0, at);
            BatchView.setLeaderEpoch(batch, 0, 0);
            batches.add(batch);
        }
        ByteBuffer all =
                ByteBuffer.allocate(batches.stream().mapToInt(ByteBuffer::remaining).sum());
        batches.forEach(all::put);
        return all.flip();
    }
}
