package io.headrace.storage.partition;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.protocol.batch.BatchBuilder;
import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.protocol.metadata.PartitionImage.IsrMember;
import io.headrace.storage.log.AppendOrigin;
import io.headrace.storage.log.LogConfig;
import io.headrace.storage.log.LogRuntime;
import io.headrace.storage.log.LogStore;
import io.headrace.storage.log.LogStoreProperties;
import io.headrace.storage.log.PartitionLog;
import io.headrace.testkit.disk.DiskOperation;
import io.headrace.testkit.disk.SimulatedDisk;
import io.headrace.transport.loop.Loop;

import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** Goal: a read is answered, also between the failure of a disk and the news of it. */
class PartitionReaderTest {
    private static final LogConfig CONFIG = LogConfig.of(Map.of());

    private final Deque<Runnable> tasks = new ArrayDeque<>();
    private final Loop loop =
            new Loop() {
                @Override
                public boolean inLoop() {
                    return true;
                }

                @Override
                public void execute(Runnable task) {
                    tasks.add(task);
                }

                @Override
                public ScheduledTask schedule(Runnable task, long delayMs) {
                    return () -> {};
                }
            };

    private void runAll() {
        while (!tasks.isEmpty()) {
            tasks.remove().run();
        }
    }

    @Test
    void aDiskThatFailsAMomentAgoIsAnAnswer() throws IOException {
        SimulatedDisk disk = SimulatedDisk.withSeed(1);
        Partition partition = leading(open(disk));
        FetchQuery query = new FetchQuery(0, 0, -1, 1000, true, FetchQuery.Bound.LOG_END, false);
        disk.fail(DiskOperation.FORCE, path -> true);
        partition.append(
                BatchBuilder.growing().append(1L, null, new byte[] {1}, List.of()).build(),
                AppendOrigin.CLIENT);
        assertThat(partition.checkLeader(0)).isEqualTo(Errors.NONE); // it has not heard of it
        assertThat(partition.reader().read(query).error()).isEqualTo(Errors.KAFKA_STORAGE_ERROR);
        runAll();
        assertThat(partition.reader().read(query).error()).isEqualTo(Errors.KAFKA_STORAGE_ERROR);
    }

    private PartitionLog open(SimulatedDisk disk) throws IOException {
        LogStore store =
                LogStore.open(
                        LogStoreProperties.of(List.of(disk.path("/data")), "cluster-a", 2),
                        new LogRuntime(
                                Runnable::run,
                                id -> loop,
                                () -> 1_700_000_000_000L,
                                new SplittableRandom(1),
                                () -> "boot-1",
                                Runnable::run),
                        topic -> CONFIG,
                        (done, total, read) -> {});
        var opening = store.openOrCreate(OnePartition.ID, CONFIG);
        runAll();
        return opening.join();
    }

    private Partition leading(PartitionLog log) {
        Partition partition = OnePartition.of(log, loop);
        partition.onMetadata(
                new PartitionImage(
                        0,
                        List.of(2),
                        List.of(),
                        List.of(new IsrMember(2, 20)),
                        2,
                        20,
                        0,
                        1,
                        1,
                        List.of(),
                        List.of(),
                        List.of(),
                        List.of()),
                20);
        runAll();
        return partition;
    }
}
