package io.headrace.simulation;

import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.protocol.metadata.TopicImage;
import io.headrace.simulation.Cluster.Machine;
import io.headrace.simulation.client.Administrator;
import io.headrace.simulation.client.Ledger;
import io.headrace.simulation.client.OffsetCommitter;
import io.headrace.simulation.client.SimulatedProducer;
import io.headrace.simulation.client.SimulatedReader;
import io.headrace.simulation.invariant.CommittedRecordsAgree;
import io.headrace.simulation.invariant.HighWatermarkOnlyRises;
import io.headrace.simulation.invariant.InSyncReplicasHaveAll;
import io.headrace.simulation.invariant.Invariant;
import io.headrace.simulation.invariant.OneLeaderAnEpoch;
import io.headrace.simulation.invariant.ShardEpochsOnlyRise;
import io.headrace.simulation.network.Host;
import io.headrace.simulation.network.Wire;
import io.headrace.simulation.network.World;
import io.headrace.simulation.planted.Bug;
import io.headrace.storage.SimulatedStorageNode;
import io.headrace.storage.log.LogStore;
import io.headrace.storage.log.PartitionLog;
import io.headrace.storage.partition.Partition;
import io.headrace.storage.partition.Partitions;
import io.headrace.testkit.history.History;
import io.headrace.testkit.history.HistoryChecker;
import io.headrace.testkit.history.ReadRecord;
import io.headrace.testkit.history.Violation;

import org.apache.kafka.common.TopicPartition;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;

/** One run of a whole cluster from one seed. */
final class Simulation {
    private static final long LOOK_MS = 40;
    private static final long PATIENCE_MS = 90_000;

    private final World world;
    private final Wire wire;
    private final Cluster cluster;
    private final Plan plan;
    private final Ledger ledger = new Ledger();
    private final OneLeaderAnEpoch epochs = new OneLeaderAnEpoch();
    private final List<Invariant> invariants =
            List.of(
                    epochs,
                    new CommittedRecordsAgree(),
                    new InSyncReplicasHaveAll(),
                    new HighWatermarkOnlyRises(),
                    new ShardEpochsOnlyRise());
    private final List<TopicPartition> partitions = new ArrayList<>();
    private final Map<PartitionLog, Long> ends = new HashMap<>();
    private MetadataImage truth = MetadataImage.EMPTY;
    private int truncations;

    Simulation(long seed, Bug bug, boolean keepsLines) {
        this.world = new World(seed, keepsLines);
        this.wire = new Wire(world);
        this.plan = Plan.draw(world);
        wire.plant(bug.onWire().apply(() -> truth));
        this.cluster = new Cluster(world, wire, this::onCommit, this::look, bug);
    }

    /** Runs it without a bug. */
    static Report run(long seed) {
        return new Simulation(seed, Bug.NONE, false).run();
    }

    World world() {
        return world;
    }

    /**
     * Runs it.
     *
     * @throws AssertionError if an invariant does not hold
     */
    Report run() {
        try {
            return runUnnamed();
        } catch (AssertionError | RuntimeException e) {
            throw new AssertionError(
                    "seed " + world.seed() + " after " + world.elapsedMs() + " ms: " + e, e);
        }
    }

    private Report runUnnamed() {
        cluster.start();
        world.after(LOOK_MS, this::lookAgain);
        Administrator administrator = new Administrator(host("admin"), wire, Cluster.NODES);
        create(administrator, "durable", 2, Map.of("min.insync.replicas", "2"));
        if (plan.isPowerStable()) {
            create(
                    administrator,
                    "cached",
                    1,
                    Map.of("min.insync.replicas", "2", "flush.policy", "page-cache"));
        }
        await("the cluster serves", administrator::isDone);
        List<SimulatedProducer> producers = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            SimulatedProducer producer =
                    new SimulatedProducer(
                            host("p" + i),
                            wire,
                            Cluster.NODES,
                            ledger,
                            partitions,
                            plan.thinkMaxMs());
            producers.add(producer);
            producer.start();
        }
        List<OffsetCommitter> committers = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            OffsetCommitter committer =
                    new OffsetCommitter(
                            host("g" + i), wire, Cluster.NODES, "durable", 2 * plan.thinkMaxMs());
            committers.add(committer);
            committer.start();
        }
        List<SimulatedReader> followers = new ArrayList<>();
        for (TopicPartition partition : partitions) {
            SimulatedReader reader = reader("f-" + partition, partition, new ArrayList<>());
            followers.add(reader);
            reader.start();
        }
        Faults faults = new Faults(world, wire, cluster, plan, administrator);
        faults.start();
        world.time().advance(Duration.ofMillis(plan.faultsForMs()));
        producers.forEach(SimulatedProducer::stop);
        faults.stop();
        await(
                "every producer hears of its last batch",
                () -> producers.stream().allMatch(SimulatedProducer::isIdle));
        await("every replica is in sync again", this::isWhole);
        committers.forEach(OffsetCommitter::stop);
        await(
                "every group reads its offset",
                () -> committers.stream().allMatch(OffsetCommitter::isDone));
        followers.forEach(SimulatedReader::stop);
        List<ReadRecord> read = readAll();
        check(read);
        return new Report(
                world.seed(),
                world.events(),
                epochs.elections(),
                truncations,
                cluster.crashes(),
                ledger.acknowledged().size(),
                read.size(),
                ledger.sequenceRefusals(),
                world.elapsedMs(),
                world.traceHash());
    }

    private Host host(String name) {
        Host host = new Host(world, name, () -> true);
        wire.attach(host);
        return host;
    }

    private void create(
            Administrator administrator, String topic, int count, Map<String, String> configs) {
        administrator.create(topic, count, configs);
        for (int i = 0; i < count; i++) {
            partitions.add(new TopicPartition(topic, i));
        }
    }

    private void await(String what, BooleanSupplier condition) {
        long deadlineMs = world.elapsedMs() + PATIENCE_MS;
        while (!condition.getAsBoolean()) {
            if (world.elapsedMs() > deadlineMs) {
                throw new AssertionError("no progress: " + what + " not within 90 s; " + state());
            }
            world.time().advance(Duration.ofMillis(20));
        }
    }

    private String state() {
        StringBuilder text = new StringBuilder();
        for (Machine machine : cluster.machines()) {
            SimulatedStorageNode node = machine.node();
            text.append(machine.name())
                    .append(node == null ? " down" : node.isServing() ? " serves" : " starts");
            if (node != null && node.failure() != null) {
                text.append(' ').append(node.failure());
            }
            text.append("; ");
        }
        for (TopicImage topic : truth.topicsById().values()) {
            topic.partitions().values().forEach(each -> text.append(topic.name()).append(each));
        }
        return text.toString();
    }

    private boolean isWhole() {
        for (TopicImage topic : truth.topicsById().values()) {
            for (PartitionImage partition : topic.partitions().values()) {
                boolean whole =
                        partition.isr().size() == partition.assignedReplicas().size()
                                && truth.isActive(partition.leaderId(), partition.leaderNodeEpoch())
                                && partition.isr().stream()
                                        .allMatch(
                                                member ->
                                                        truth.isActive(
                                                                member.nodeId(),
                                                                member.nodeEpoch()));
                if (!whole) {
                    return false;
                }
            }
        }
        return true;
    }

    private SimulatedReader reader(String name, TopicPartition partition, List<ReadRecord> into) {
        return new SimulatedReader(
                host(name),
                wire,
                Cluster.NODES,
                ledger,
                partition,
                (offset, code) ->
                        into.add(
                                new ReadRecord(
                                        name,
                                        partition.topic(),
                                        partition.partition(),
                                        offset,
                                        ledger.recordOf(code))));
    }

    private List<ReadRecord> readAll() {
        List<ReadRecord> read = new ArrayList<>();
        for (TopicPartition partition : partitions) {
            SimulatedReader reader = reader("last-" + partition, partition, read);
            reader.start();
            await("a reader comes to the end of " + partition, reader::isAtEnd);
            reader.stop();
        }
        return read;
    }

    private void check(List<ReadRecord> read) {
        Map<TopicPartition, List<ReadRecord>> byPartition = new HashMap<>();
        read.forEach(
                each ->
                        byPartition
                                .computeIfAbsent(
                                        new TopicPartition(each.topic(), each.partition()),
                                        key -> new ArrayList<>())
                                .add(each));
        for (TopicPartition partition : partitions) {
            List<Violation> violations =
                    HistoryChecker.check(
                            new History(
                                    ledger.sent(),
                                    ledger.acknowledged().stream()
                                            .filter(
                                                    each ->
                                                            each.sent()
                                                                            .topic()
                                                                            .equals(
                                                                                    partition
                                                                                            .topic())
                                                                    && each.sent().partition()
                                                                            == partition
                                                                                    .partition())
                                            .toList(),
                                    byPartition.getOrDefault(partition, List.of())));
            if (!violations.isEmpty()) {
                throw new AssertionError("a broken promise: " + violations.getFirst());
            }
        }
    }

    // Looking.

    private void onCommit(MetadataImage after) {
        MetadataImage before = truth;
        truth = after;
        invariants.forEach(each -> each.onMetadata(before, after));
    }

    private void lookAgain() {
        for (Machine machine : cluster.machines()) {
            SimulatedStorageNode node = machine.node();
            if (node != null) {
                look(node);
            }
        }
        world.after(LOOK_MS, this::lookAgain);
    }

    private void look(SimulatedStorageNode node) {
        Partitions known = node.partitions();
        LogStore logs = node.logs();
        if (known == null || logs == null || !node.host().isAlive()) {
            return;
        }
        List<Partition> all = new ArrayList<>(known.all());
        all.sort(Comparator.comparing(each -> each.id().toString()));
        for (Partition partition : all) {
            PartitionLog log = logs.find(partition.id());
            if (log != null) {
                Long before = ends.put(log, log.logEndOffset());
                if (before != null && before > log.logEndOffset()) {
                    truncations++;
                }
                invariants.forEach(each -> each.onReplica(node, partition, log, truth));
            }
        }
    }
}
