package io.headrace.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.protocol.batch.BatchBuilder;
import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.protocol.codec.RecordsField;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.protocol.metadata.TopicImage;
import io.headrace.simulation.Cluster.Machine;
import io.headrace.simulation.client.Administrator;
import io.headrace.simulation.network.Host;
import io.headrace.simulation.network.Wire;
import io.headrace.simulation.network.World;
import io.headrace.simulation.planted.Bug;
import io.headrace.storage.SimulatedStorageNode;
import io.headrace.storage.log.LogStore;
import io.headrace.storage.log.PartitionLog;
import io.headrace.storage.partition.Partition;
import io.headrace.storage.partition.Partitions;
import io.headrace.transport.channel.ChannelOptions;
import io.headrace.transport.channel.ClientChannel;
import io.headrace.transport.channel.Connector;
import io.headrace.transport.loop.Loop;
import io.headrace.transport.loop.Loops;

import org.apache.kafka.common.message.ProduceRequestData;
import org.apache.kafka.common.message.ProduceRequestData.PartitionProduceData;
import org.apache.kafka.common.message.ProduceRequestData.TopicProduceData;
import org.apache.kafka.common.message.ProduceResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;

/**
 * Goal: how long records wait while the storage nodes are restarted one after the other, by the
 * protocols' own waits alone: in simulated time nothing is slow. And that nobody has anything to
 * cut then, which takes long where devices are slow.
 */
class RollingRestartTest {
    private static final int RUNS = 8;
    private static final int WRITERS = 8;
    private static final long LIMIT_MS = 60_000;

    /** Some journeys and flushes, a follower's pause of 20 ms, and the writer's own. */
    private static final long LONGEST_GAP_MS = 80;

    @Test
    void recordsHardlyWaitForANodeThatIsRestarted() {
        int nodes = Cluster.NODES.size();
        long[] gaps = new long[RUNS * nodes];
        for (int run = 0; run < RUNS; run++) {
            Restarts restarts = new Restarts(run, 1);
            for (int i = 0; i < nodes; i++) {
                gaps[run * nodes + i] = restarts.restart(i);
            }
        }
        Arrays.sort(gaps);
        System.out.println("Longest waits, in ms of simulated time: " + Arrays.toString(gaps));
        assertThat(gaps[gaps.length - 1]).isLessThan(LONGEST_GAP_MS);
    }

    @Test
    void noReplicaHasToCutWhatALeavingLeaderWrote() {
        int cuts = 0;
        for (int run = 0; run < RUNS; run++) {
            Restarts restarts = new Restarts(run, WRITERS);
            for (int i = 0; i < Cluster.NODES.size(); i++) {
                restarts.restart(i);
            }
            cuts += restarts.cuts;
        }
        assertThat(cuts).isZero();
    }

    /** A cluster under load. */
    private static final class Restarts {
        private final World world;
        private final Cluster cluster;
        private final List<Writer> writers = new ArrayList<>();
        private final IdentityHashMap<PartitionLog, Long> ends = new IdentityHashMap<>();
        private MetadataImage truth = MetadataImage.EMPTY;
        private int cuts;

        Restarts(long seed, int writerCount) {
            world = new World(seed, false);
            Wire wire = new Wire(world);
            cluster = new Cluster(world, wire, image -> truth = image, node -> {}, Bug.NONE, 0);
            cluster.start();
            Administrator administrator =
                    new Administrator(host(wire, "admin"), wire, Cluster.NODES);
            // Most partitions of a cluster are quiet: replicas' fetches of them wait at leaders.
            administrator.create("quiet", 12, Map.of());
            administrator.create(Writer.TOPIC, 1, Map.of("min.insync.replicas", "2"));
            await(administrator::isDone);
            await(this::isWhole);
            for (int i = 0; i < writerCount; i++) {
                Writer writer = new Writer(world, wire, host(wire, "writer-" + i));
                writers.add(writer);
                writer.start();
            }
            await(() -> writers.stream().allMatch(writer -> writer.acknowledged() > 100));
        }

        private Host host(Wire wire, String name) {
            Host host = new Host(world, name, () -> true);
            wire.attach(host);
            return host;
        }

        private void await(BooleanSupplier condition) {
            long deadlineMs = world.elapsedMs() + LIMIT_MS;
            while (!condition.getAsBoolean()) {
                assertThat(world.elapsedMs()).as("seed " + world.seed()).isLessThan(deadlineMs);
                world.time().advance(Duration.ofMillis(1));
                world.requireSound();
                cluster.machines().forEach(this::countCuts);
            }
        }

        private void countCuts(Machine machine) {
            SimulatedStorageNode node = machine.node();
            Partitions partitions = node == null ? null : node.partitions();
            LogStore logs = node == null ? null : node.logs();
            if (partitions == null || logs == null) {
                return;
            }
            for (Partition partition : partitions.all()) {
                PartitionLog log = logs.find(partition.id());
                Long before = log == null ? null : ends.put(log, log.logEndOffset());
                if (log != null && before != null && before > log.logEndOffset()) {
                    cuts++;
                }
            }
        }

        private boolean isWhole() {
            for (TopicImage topic : truth.topicsById().values()) {
                for (PartitionImage partition : topic.partitions().values()) {
                    if (partition.leaderId() < 0 || partition.isr().size() < 3) {
                        return false;
                    }
                }
            }
            return !truth.topicsById().isEmpty();
        }

        /** Restarts a node in order and answers the longest time without an acknowledgement. */
        long restart(int index) {
            Machine machine = cluster.machines().get(index);
            writers.forEach(Writer::forgetGaps);
            boolean[] stopped = new boolean[1];
            machine.stop(() -> stopped[0] = true);
            await(() -> stopped[0]);
            machine.kill();
            pass(500);
            machine.start();
            await(() -> machine.node() != null && isWhole());
            pass(500);
            return writers.stream().mapToLong(Writer::longestGapMs).max().orElseThrow();
        }

        private void pass(long ms) {
            long untilMs = world.elapsedMs() + ms;
            await(() -> world.elapsedMs() >= untilMs);
        }
    }

    /**
     * Writes one record after the other with acks=all, and tries the next node when one refuses or
     * is gone.
     */
    private static final class Writer {
        static final String TOPIC = "busy";
        private static final short ACKS_ALL = -1;
        private static final short VERSION = 12;
        private static final long PAUSE_MS = 2;

        private final World world;
        private final Loop loop;
        private final Connector connector;
        private final ChannelOptions options;
        private final Map<String, CompletableFuture<ClientChannel>> channels = new HashMap<>();
        private int node;
        private int acknowledged;
        private long lastMs;
        private long longestGapMs;

        Writer(World world, Wire wire, Host host) {
            Loops loops = host.loops(1);
            this.world = world;
            this.loop = loops.at(0);
            this.connector = wire.connectorOf(host, loops);
            this.options = ChannelOptions.of("writer");
        }

        void start() {
            loop.execute(this::write);
        }

        int acknowledged() {
            return acknowledged;
        }

        void forgetGaps() {
            longestGapMs = 0;
        }

        long longestGapMs() {
            return Math.max(longestGapMs, world.elapsedMs() - lastMs);
        }

        private void write() {
            PartitionProduceData records =
                    new PartitionProduceData()
                            .setIndex(0)
                            .setRecords(
                                    RecordsField.of(
                                            BatchBuilder.growing()
                                                    .append(
                                                            world.nowMs(),
                                                            null,
                                                            new byte[] {1},
                                                            List.of())
                                                    .build()));
            ProduceRequestData request =
                    new ProduceRequestData().setAcks(ACKS_ALL).setTimeoutMs((int) LIMIT_MS);
            request.topicData()
                    .add(new TopicProduceData().setName(TOPIC).setPartitionData(List.of(records)));
            String to = Cluster.NODES.get(node);
            channels.computeIfAbsent(
                            to,
                            name ->
                                    connector.connect(
                                            InetSocketAddress.createUnresolved(name, 9092),
                                            options))
                    .thenCompose(
                            channel ->
                                    channel.call(
                                            ApiCatalog.get(ApiKeys.PRODUCE),
                                            VERSION,
                                            request,
                                            ProduceResponseData.class))
                    .whenComplete(
                            (answer, failure) -> loop.run(() -> onAnswer(to, answer, failure)));
        }

        private void onAnswer(
                String from, @Nullable ProduceResponseData answer, @Nullable Throwable failure) {
            boolean good =
                    answer != null
                            && answer.responses()
                                            .iterator()
                                            .next()
                                            .partitionResponses()
                                            .getFirst()
                                            .errorCode()
                                    == Errors.NONE.code();
            if (good) {
                acknowledged++;
                longestGapMs = Math.max(longestGapMs, world.elapsedMs() - lastMs);
                lastMs = world.elapsedMs();
            } else {
                node = (node + 1) % Cluster.NODES.size();
            }
            if (failure != null) {
                channels.remove(from);
            }
            loop.schedule(this::write, PAUSE_MS);
        }
    }
}
