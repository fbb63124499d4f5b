package io.headrace.simulation;

import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.protocol.metadata.TopicImage;
import io.headrace.simulation.Cluster.Machine;
import io.headrace.simulation.Cluster.Place;
import io.headrace.simulation.client.Administrator;
import io.headrace.simulation.invariant.CommittedRecordsAgree;
import io.headrace.simulation.invariant.HighWatermarkOnlyRises;
import io.headrace.simulation.invariant.InSyncReplicasHaveAll;
import io.headrace.simulation.invariant.Invariant;
import io.headrace.simulation.invariant.OneLeaderAnEpoch;
import io.headrace.simulation.invariant.ShardEpochsOnlyRise;
import io.headrace.simulation.network.Wire;
import io.headrace.simulation.network.World;
import io.headrace.simulation.planted.Bug;
import io.headrace.simulation.planted.Truth;
import io.headrace.storage.SimulatedStorageNode;
import io.headrace.storage.log.LogStore;
import io.headrace.storage.log.PartitionLog;
import io.headrace.storage.partition.Partition;
import io.headrace.storage.partition.Partitions;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.logging.LogManager;

/** One run of a whole cluster from one seed. */
final class Simulation {
    /** How a run complains that comes to a standstill. */
    static final String NO_PROGRESS = "no progress: ";

    private static final long LOOK_MS = 80;
    private static final long PATIENCE_MS = 90_000;
    private static final String WHOLE =
            "every node is unfenced and knows all, every replica is in sync";
    private static final Comparator<Partition> BY_NAME =
            Comparator.comparing((Partition each) -> each.id().topic())
                    .thenComparingInt(each -> each.id().partition());

    static {
        LogManager.getLogManager().reset(); // what the log engine says of failing disks
    }

    private final World world;
    private final Wire wire;
    private final Cluster cluster;
    private final Plan plan;
    private final Workload workload;
    private final Health health;
    private final OneLeaderAnEpoch epochs = new OneLeaderAnEpoch();
    private final ShardEpochsOnlyRise owners = new ShardEpochsOnlyRise();
    private final CommittedRecordsAgree agreement = new CommittedRecordsAgree();
    private final List<Invariant> invariants =
            List.of(
                    epochs,
                    agreement,
                    new InSyncReplicasHaveAll(),
                    new HighWatermarkOnlyRises(),
                    owners);
    private final Map<PartitionLog, Long> ends = new HashMap<>();
    private MetadataImage truth = MetadataImage.EMPTY;
    private int truncations;
    private long longestWaitMs;

    Simulation(long seed, Bug bug, boolean keepsLines) {
        this.world = new World(seed, keepsLines);
        this.wire = new Wire(world);
        Plan drawn = Plan.draw(world);
        this.plan = bug.needsLostDisk() ? drawn.losingDisk() : drawn;
        this.workload = new Workload(world, wire, plan, () -> truth);
        wire.watch(owners);
        wire.plant(bug.onWire().apply(new Known()));
        this.cluster =
                new Cluster(world, wire, this::onCommit, this::look, bug, plan.journalBytes());
        this.health = new Health(cluster, () -> truth);
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
        Administrator administrator =
                new Administrator(workload.host("admin"), wire, Cluster.NODES);
        workload.createTopics(administrator);
        await("the cluster serves", administrator::isDone);
        workload.start();
        Faults faults = new Faults(world, wire, cluster, plan, administrator, health);
        faults.start();
        Rot rot = new Rot(world, cluster);
        if (plan.rots()) {
            agreement.rots(true);
            rot.start();
        }
        world.after(plan.faultsForMs(), faults::stop);
        await("the faults end", faults::isStopped);
        rot.stop();
        workload.finish(this::await);
        await(WHOLE, health::isWhole);
        Machine one = cluster.machines().get(world.random().nextInt(Cluster.NODES.size()));
        if (plan.restartsInTheEnd()) {
            one.kill();
            world.after(world.between(1, 300), one::start);
            await("a node started anew takes part, and " + WHOLE, health::isWhole);
        }
        await("everything written is committed", this::isCommitted);
        workload.check(this::await);
        if (plan.rots()) {
            await("every damaged segment is repaired", rot::isScrubbed);
            agreement.rots(false);
            cluster.machines().forEach(this::look);
        }
        world.requireSound();
        return new Report(
                world.seed(),
                world.events(),
                epochs.elections(),
                truncations,
                cluster.crashes(),
                workload.acknowledged(),
                workload.read(),
                workload.sequenceRefusals(),
                world.elapsedMs(),
                longestWaitMs,
                world.traceHash(),
                checks(rot));
    }

    private Map<String, Long> checks(Rot rot) {
        Map<String, Long> counts = new TreeMap<>();
        invariants.forEach(each -> counts.put(each.getClass().getSimpleName(), each.checks()));
        counts.putAll(workload.checks());
        counts.put("orderly stops", (long) cluster.stops());
        counts.put("flipped bits", (long) rot.flips());
        counts.put("repaired segments", rot.repairs());
        return counts;
    }

    private void await(String what, BooleanSupplier condition) {
        long beganMs = world.elapsedMs();
        long deadlineMs = beganMs + PATIENCE_MS;
        while (!condition.getAsBoolean()) {
            if (world.elapsedMs() > deadlineMs) {
                throw new AssertionError(
                        NO_PROGRESS + what + " not within 90 s; " + workload.open() + state());
            }
            world.time().advance(Duration.ofMillis(20));
            world.requireSound();
        }
        long waitedMs = world.elapsedMs() - beganMs;
        longestWaitMs = Math.max(longestWaitMs, waitedMs);
        if (world.keepsLines()) {
            world.note("* waited " + waitedMs + " ms until " + what);
        }
    }

    /** What planted bugs are told. */
    private final class Known implements Truth {
        @Override
        public MetadataImage image() {
            return truth;
        }

        @Override
        public boolean takesItselfForActive(String coordinator) {
            return cluster.coordinators().stream()
                    .anyMatch(place -> place.name().equals(coordinator) && place.isActive());
        }
    }

    private String state() {
        StringBuilder text = new StringBuilder();
        for (Place place : cluster.coordinators()) {
            text.append(place.name())
                    .append(place.host() == null ? " down; " : place.isActive() ? " acts; " : "; ");
        }
        for (Machine machine : cluster.machines()) {
            SimulatedStorageNode node = machine.node();
            text.append(machine.name())
                    .append(node == null ? " down" : node.isServing() ? " serves" : " starts");
            if (node != null && node.failure() != null) {
                text.append(' ').append(node.failure());
            }
            if (node != null) {
                text.append(" as ")
                        .append(truth.nodes().get(node.nodeId()))
                        .append(" knows up to ")
                        .append(node.view().image().nextOffset())
                        .append(" of ")
                        .append(truth.nextOffset());
            }
            text.append(node == null ? "" : replicasOf(node)).append("; ");
        }
        for (TopicImage topic : truth.topicsById().values()) {
            topic.partitions().values().forEach(each -> text.append(topic.name()).append(each));
        }
        return text.toString();
    }

    private static String replicasOf(SimulatedStorageNode node) {
        LogStore logs = node.logs();
        StringBuilder text = new StringBuilder();
        if (logs != null) {
            for (PartitionLog log : logs.logs()) {
                text.append(
                        " %s ends at %d, flushed %d, committed %d%s,"
                                .formatted(
                                        log.id().topicPartition(),
                                        log.logEndOffset(),
                                        log.flushedOffset(),
                                        log.highWatermark(),
                                        log.unclean().map(why -> " " + why).orElse("")));
            }
        }
        return text.toString();
    }

    /** Whether every leader has committed all of what clients wrote: readers see no less later. */
    private boolean isCommitted() {
        for (Machine machine : cluster.machines()) {
            SimulatedStorageNode node = machine.node();
            Partitions known = node == null ? null : node.partitions();
            LogStore logs = node == null ? null : node.logs();
            if (known == null || logs == null) {
                return false;
            }
            for (Partition partition : known.all()) {
                PartitionLog log = logs.find(partition.id());
                boolean counts =
                        partition.leaderEpoch() >= 0 && !partition.id().topic().startsWith("__");
                if (counts && (log == null || log.highWatermark() < log.logEndOffset())) {
                    return false;
                }
            }
        }
        return health.isLed();
    }

    // Looking.

    private void onCommit(MetadataImage after) {
        MetadataImage before = truth;
        truth = after;
        if (world.keepsLines()) {
            traceChanges(before, after);
        }
        invariants.forEach(each -> each.onMetadata(before, after));
        cluster.machines().forEach(this::look); // whoever is in sync by now must have all
    }

    private void traceChanges(MetadataImage before, MetadataImage after) {
        for (TopicImage topic : after.topicsById().values()) {
            for (PartitionImage now : topic.partitions().values()) {
                if (!now.equals(before.partition(topic.topicId(), now.partition()))) {
                    world.note("= " + topic.name() + " " + now);
                }
            }
        }
    }

    private void lookAgain() {
        cluster.machines().forEach(this::look);
        world.after(LOOK_MS, this::lookAgain);
    }

    private void look(Machine machine) {
        SimulatedStorageNode node = machine.node();
        if (node != null) {
            look(node);
        }
    }

    private void look(SimulatedStorageNode node) {
        Partitions known = node.partitions();
        LogStore logs = node.logs();
        if (known == null || logs == null || !node.host().isAlive()) {
            return;
        }
        List<Partition> all = new ArrayList<>(known.all());
        all.sort(BY_NAME);
        for (Partition partition : all) {
            PartitionLog log = logs.find(partition.id());
            if (log != null) {
                Long before = ends.put(log, log.logEndOffset());
                if (before != null && before > log.logEndOffset()) {
                    truncations++;
                }
                try {
                    invariants.forEach(each -> each.onReplica(node, partition, log, truth));
                } catch (RuntimeException e) {
                    throw new AssertionError(
                            "a replica cannot be read: node %d, %s, epoch %d, ends at %d, committed %d"
                                    .formatted(
                                            node.nodeId(),
                                            partition.id().topicPartition(),
                                            log.latestLeaderEpoch(),
                                            log.logEndOffset(),
                                            log.highWatermark()),
                            e);
                }
            }
        }
    }
}
