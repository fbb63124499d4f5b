package io.headrace.storage.partition;

import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.protocol.metadata.PartitionImage.IsrMember;
import io.headrace.storage.log.LogConfig;
import io.headrace.storage.log.LogRuntime;
import io.headrace.storage.log.LogStore;
import io.headrace.storage.log.LogStoreProperties;
import io.headrace.storage.log.PartitionLog;
import io.headrace.testkit.disk.SimulatedDisk;
import io.headrace.transport.loop.Loop;
import io.headrace.transport.loop.Roster;

import org.apache.kafka.common.TopicIdPartition;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * A partition on node 2, with a replica on node 1, whose tasks run at once on the caller's thread.
 */
final class OnePartition {
    static final TopicIdPartition ID =
            new TopicIdPartition(new Uuid(7, 11), new TopicPartition("orders", 0));
    static final long NOW_MS = 1_700_000_000_000L;

    private static final LogConfig PAGE_CACHE = LogConfig.of(Map.of("flush.policy", "page-cache"));

    /** Time passes when a test says so. */
    static final class ManualLoop implements Loop {
        private final List<Runnable> scheduled = new ArrayList<>();

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
            scheduled.add(task);
            return () -> scheduled.remove(task);
        }

        /** All that was scheduled becomes due. */
        void passTime() {
            List<Runnable> due = List.copyOf(scheduled);
            scheduled.clear();
            due.forEach(Runnable::run);
        }
    }

    private OnePartition() {}

    static PartitionLog open(SimulatedDisk disk, String bootId) throws IOException {
        LogStore store =
                LogStore.open(
                        LogStoreProperties.of(List.of(disk.path("/data")), "cluster-a", 2),
                        new LogRuntime(
                                Runnable::run,
                                id -> Runnable::run,
                                () -> NOW_MS,
                                new SplittableRandom(1),
                                () -> bootId,
                                Runnable::run),
                        topic -> PAGE_CACHE,
                        (done, total, read) -> {});
        return store.openOrCreate(ID, PAGE_CACHE).join();
    }

    /** One that node 1 leads. */
    static Partition following(PartitionLog log) {
        Partition partition = of(log, new ManualLoop());
        partition.onMetadata(led(1, 10, 0), 20);
        return partition;
    }

    /** One that has heard nothing yet. */
    static Partition of(PartitionLog log, Loop loop) {
        return of(log, loop, new Roster<>());
    }

    /** One that asks for its ticks there. */
    static Partition of(PartitionLog log, Loop loop, Roster<Partition> visited) {
        Partition partition =
                new Partition(
                        ID,
                        loop,
                        new PartitionSurroundings(
                                2,
                                10_000,
                                Runnable::run,
                                () -> NOW_MS,
                                () -> NOW_MS,
                                LeaderFeed.NONE,
                                (asker, proposal) -> {}),
                        visited);
        visited.add(partition);
        partition.onOpened(log);
        return partition;
    }

    /** The leader is alone in sync. */
    static PartitionImage led(int leader, long leaderNodeEpoch, int leaderEpoch) {
        return led(
                leader,
                leaderNodeEpoch,
                leaderEpoch,
                List.of(new IsrMember(leader, leaderNodeEpoch)));
    }

    static PartitionImage led(
            int leader, long leaderNodeEpoch, int leaderEpoch, List<IsrMember> isr) {
        return new PartitionImage(
                0,
                List.of(1, 2),
                List.of(),
                isr,
                leader,
                leaderNodeEpoch,
                leaderEpoch,
                1 + leaderEpoch,
                2,
                List.of(),
                List.of(),
                List.of(),
                List.of());
    }
}
