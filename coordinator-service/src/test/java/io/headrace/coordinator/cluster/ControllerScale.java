package io.headrace.coordinator.cluster;

import io.headrace.coordinator.cluster.node.RegisterNode;
import io.headrace.coordinator.cluster.node.ReviewNodes;
import io.headrace.coordinator.cluster.replica.ElectDueLeaders;
import io.headrace.coordinator.cluster.topic.CreateTopics;
import io.headrace.protocol.message.RegisterNodeRequestData;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.MetadataRecords;
import io.headrace.protocol.metadata.NodeImage;
import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.protocol.metadata.SnapshotRecords;
import io.headrace.protocol.metadata.TopicImage;
import io.headrace.protocol.metadata.record.ClusterRecord;

import org.apache.kafka.common.message.CreateTopicsRequestData;
import org.apache.kafka.common.protocol.ApiMessage;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/**
 * Measures the controller's production core at a size that no test machine has: memory of the
 * image, and the time that decisions take when a node, a zone and the controller itself die. SQL
 * and the network are not part of it. Arguments: nodes, topics, partitions of each.
 */
final class ControllerScale {
    private static final int SESSION_MS = 9_000;
    private static final int ZONES = 3;

    private final ClusterRules rules =
            new ClusterRules(SESSION_MS, 1, 3, 50, 50, 50, 1_000_000, 100_000_000);
    private ControllerState state;
    private long nowMs;

    private ControllerScale() {
        MetadataImage founded =
                MetadataImage.EMPTY.apply(0, new ClusterRecord().setClusterId("scale"));
        state = new ControllerState(founded, rules, new Random(1), 0);
    }

    public static void main(String[] args) {
        int nodes = args.length > 0 ? Integer.parseInt(args[0]) : 1_000;
        int topics = args.length > 1 ? Integer.parseInt(args[1]) : 10_000;
        int partitions = args.length > 2 ? Integer.parseInt(args[2]) : 100;
        new ControllerScale().run(nodes, topics, partitions);
    }

    private void run(int nodes, int topics, int partitions) {
        long empty = usedBytes();
        Clock start = new Clock();
        for (int nodeId = 1; nodeId <= nodes; nodeId++) {
            RegisterNodeRequestData request =
                    Nodes.request(nodeId, 1, nodeId).setRack("zone-" + nodeId % ZONES);
            submit(new RegisterNode(request));
        }
        pollAllBut(Set.of());
        submit(new ReviewNodes());
        report("%,d nodes registered and unfenced", start, nodes);
        start = new Clock();
        for (int i = 0; i < topics; i++) {
            CreateTopicsRequestData request = new CreateTopicsRequestData();
            request.topics().add(Nodes.topic("topic-" + i, partitions, 3, Map.of()));
            submit(new CreateTopics(request));
        }
        report("%,d topics of %,d partitions created, RF 3", start, topics, partitions);
        long used = usedBytes() - empty;
        say(
                "image and index: %,d MB, %,d bytes a partition",
                used >> 20, used / (topics * (long) partitions));

        snapshot();
        killOne();
        killZone(nodes);
        takeOver();
    }

    private void snapshot() {
        Clock start = new Clock();
        List<ApiMessage> records = SnapshotRecords.of(state.image());
        long bytes = 0;
        for (ApiMessage record : records) {
            bytes += MetadataRecords.encode(record).remaining();
        }
        report("snapshot: %,d records, %,d MB", start, records.size(), bytes >> 20);
        start = new Clock();
        MetadataImage copy = MetadataImage.EMPTY.applyAll(records, state.image().nextOffset());
        report("image of a new node from it, %,d topics", start, copy.topicIds().size());
    }

    private void killOne() {
        MetadataImage before = state.image();
        for (int round = 1; round <= 3; round++) {
            List<ApiMessage> changes = kill(Set.of(round), "node");
            if (round == 3) {
                propagate(before, changes);
            }
            before = state.image();
        }
    }

    private void killZone(int nodes) {
        Set<Integer> zone = new HashSet<>();
        for (int nodeId = 1; nodeId <= nodes; nodeId++) {
            if (nodeId % ZONES == 1) {
                zone.add(nodeId);
            }
        }
        MetadataImage before = state.image();
        propagate(before, kill(zone, "zone"));
    }

    private List<ApiMessage> kill(Set<Integer> dead, String what) {
        nowMs += SESSION_MS - 1;
        pollAllBut(dead);
        nowMs++;
        List<ApiMessage> all = new ArrayList<>();
        Clock start = new Clock();
        state.expireSessions(nowMs);
        List<ApiMessage> fences = decide(new ReviewNodes()).records();
        all.addAll(fences);
        state.apply(fences, nowMs);
        long firstBatchMs = 0;
        int batches = 0;
        boolean done = false;
        while (state.electionsDue() && !done) {
            Decision<Boolean> decision = decide(new ElectDueLeaders());
            state.apply(decision.records(), nowMs);
            all.addAll(decision.records());
            done = decision.response();
            if (batches++ == 0) {
                firstBatchMs = start.busyMs();
            }
        }
        state.electionsDone();
        report(
                "death of a %s (%,d nodes): %,d records in %,d transactions, the first after %,d"
                        + " ms",
                start, what, dead.size(), all.size(), batches, firstBatchMs);
        int leaderless = 0;
        for (TopicImage topic : state.image().topicsById().values()) {
            for (PartitionImage partition : topic.partitions().values()) {
                leaderless +=
                        partition.leaderId() < 0 || dead.contains(partition.leaderId()) ? 1 : 0;
            }
        }
        say("  partitions without a live leader afterwards: %,d", leaderless);
        return all;
    }

    /** What every node has to fetch and apply. */
    private static void propagate(MetadataImage before, List<ApiMessage> changes) {
        long bytes = 0;
        Clock start = new Clock();
        for (ApiMessage record : changes) {
            bytes += MetadataRecords.encode(record).remaining();
        }
        report("  encoded: %,d KB", start, bytes >> 10);
        start = new Clock();
        MetadataImage after = before.applyAll(changes, before.nextOffset() + changes.size());
        report("  applied by a node, up to offset %,d", start, after.nextOffset());
    }

    private void takeOver() {
        Clock start = new Clock();
        state = new ControllerState(state.image(), rules, new Random(2), nowMs);
        report("another controller takes over with the image loaded", start);
    }

    private void pollAllBut(Set<Integer> silent) {
        long offset = state.image().nextOffset();
        for (NodeImage node : state.image().nodes().values()) {
            if (!silent.contains(node.nodeId())) {
                state.onPoll(node.nodeId(), node.nodeEpoch(), offset, nowMs);
            }
        }
    }

    private <R> Decision<R> decide(Command<R> command) {
        return state.decide(command, nowMs);
    }

    private <R> R submit(Command<R> command) {
        Decision<R> decision = decide(command);
        state.apply(decision.records(), nowMs);
        return decision.response();
    }

    private static long usedBytes() {
        Runtime runtime = Runtime.getRuntime();
        for (int i = 0; i < 3; i++) {
            System.gc();
        }
        return runtime.totalMemory() - runtime.freeMemory();
    }

    private static void report(String format, Clock start, Object... args) {
        say(format + ": " + start.sinceThen(), args);
    }

    /** Time on the wall and on a processor: the machine may be shared. */
    private static final class Clock {
        private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
        private final long wallNanos = System.nanoTime();
        private final long busyNanos = THREADS.getCurrentThreadCpuTime();

        long busyMs() {
            return (THREADS.getCurrentThreadCpuTime() - busyNanos) / 1_000_000;
        }

        String sinceThen() {
            long wallMs = (System.nanoTime() - wallNanos) / 1_000_000;
            return busyMs() + " ms of processor time, " + wallMs + " ms in all";
        }
    }

    private static void say(String format, Object... args) {
        System.out.printf(Locale.ROOT, format + "%n", args);
    }
}
