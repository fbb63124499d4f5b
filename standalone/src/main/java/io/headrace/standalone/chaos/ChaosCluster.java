package io.headrace.standalone.chaos;

import io.headrace.standalone.cluster.ClusterDirectory;
import io.headrace.standalone.cluster.ClusterPlan;
import io.headrace.standalone.cluster.ClusterPlanner;
import io.headrace.standalone.cluster.ClusterStop;
import io.headrace.standalone.cluster.LaunchOptions;
import io.headrace.standalone.cluster.LocalCluster;
import io.headrace.standalone.cluster.NodePlan;
import io.headrace.standalone.cluster.Role;
import io.headrace.standalone.fault.ClockFault;
import io.headrace.standalone.fault.DiskFault;
import io.headrace.standalone.fault.Fault;
import io.headrace.standalone.fault.NetworkFault;
import io.headrace.standalone.fault.NodeNetworks;
import io.headrace.standalone.fault.PartitionFault;
import io.headrace.standalone.fault.PowerLossFault;
import io.headrace.standalone.fault.RestartFault;
import io.headrace.standalone.fault.SignalFault;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** The cluster of a chaos run, with what its faults need, and the faults that are possible here. */
final class ChaosCluster implements AutoCloseable {
    /** The scrub hurries, so that damage is mended before the replicas are compared. */
    private static final Map<String, String> SETTINGS =
            Map.of(
                    "headrace.storage.scrub.pause",
                    "5s",
                    "headrace.storage.scrub.max-bytes-per-second",
                    "8388608");

    private final LocalCluster cluster;
    private final Map<FaultKind, Fault> faults;
    private final List<String> notes;
    private final @Nullable NodeNetworks networks;
    private final @Nullable DiskFault disk;

    private ChaosCluster(
            LocalCluster cluster,
            Map<FaultKind, Fault> faults,
            List<String> notes,
            @Nullable NodeNetworks networks,
            @Nullable DiskFault disk) {
        this.cluster = cluster;
        this.faults = new EnumMap<>(faults);
        this.notes = List.copyOf(notes);
        this.networks = networks;
        this.disk = disk;
    }

    /**
     * Prepares a cluster in an empty directory; nothing runs yet.
     *
     * @param seed draws which nodes are watched
     */
    static ChaosCluster prepare(
            ClusterDirectory directory,
            int storage,
            int coordinators,
            Map<String, String> settings,
            List<FaultKind> kinds,
            long seed)
            throws IOException, InterruptedException {
        List<String> notes = new ArrayList<>();
        Map<FaultKind, Fault> faults = new EnumMap<>(FaultKind.class);
        NodeNetworks networks = networks(names(storage, coordinators), kinds, notes);
        try {
            Map<String, String> all = new HashMap<>(SETTINGS);
            all.putAll(settings);
            ClusterPlan plan =
                    ClusterPlanner.plan(
                            null,
                            ClusterPlanner.Wish.onAnyPorts(
                                    storage,
                                    coordinators,
                                    all,
                                    networks == null ? Map.of() : networks.hosts()));
            Watched watched = Watched.draw(seed, plan.nodes(), settings);
            notes.add(watched.note());
            return prepare(directory, plan, kinds, watched, networks, faults, notes);
        } catch (IOException | InterruptedException | RuntimeException e) {
            if (networks != null) {
                networks.close();
            }
            throw e;
        }
    }

    /** Networks of their own for the nodes, when a fault asks for them and they are possible. */
    private static @Nullable NodeNetworks networks(
            List<String> nodes, List<FaultKind> kinds, List<String> notes)
            throws IOException, InterruptedException {
        List<String> asking =
                Stream.of(FaultKind.PARTITION, FaultKind.NETWORK)
                        .filter(kinds::contains)
                        .map(kind -> kind.name().toLowerCase(Locale.ROOT))
                        .toList();
        if (asking.isEmpty()) {
            return null;
        }
        if (!NodeNetworks.areAvailable()) {
            notes.add(
                    "Without "
                            + String.join(", ", asking)
                            + ": this user cannot make network namespaces here; that needs root"
                            + " and iproute2.");
            return null;
        }
        return NodeNetworks.create(nodes);
    }

    private static ChaosCluster prepare(
            ClusterDirectory directory,
            ClusterPlan plan,
            List<FaultKind> kinds,
            Watched watched,
            @Nullable NodeNetworks networks,
            Map<FaultKind, Fault> faults,
            List<String> notes)
            throws IOException, InterruptedException {
        if (networks != null && kinds.contains(FaultKind.PARTITION)) {
            faults.put(FaultKind.PARTITION, new PartitionFault(networks));
        }
        if (networks != null && kinds.contains(FaultKind.NETWORK)) {
            put(faults, FaultKind.NETWORK, NetworkFault.find(networks, notes::add).orElse(null));
        }
        PowerLossFault power =
                kinds.contains(FaultKind.POWERLOSS) ? new PowerLossFault(directory) : null;
        ClockFault clock =
                kinds.contains(FaultKind.CLOCK) ? ClockFault.find(directory).orElse(null) : null;
        if (kinds.contains(FaultKind.CLOCK) && clock == null) {
            notes.add("No clock jumps: libfaketime is not installed.");
        }
        LocalCluster cluster =
                LocalCluster.create(
                        directory,
                        plan,
                        node -> options(node, networks, power, clock).and(watched.optionsOf(node)));
        DiskFault disk = kinds.contains(FaultKind.DISK) ? DiskFault.prepare(cluster) : null;
        put(faults, FaultKind.POWERLOSS, power);
        put(faults, FaultKind.CLOCK, clock);
        put(faults, FaultKind.DISK, disk);
        put(faults, FaultKind.KILL, kinds.contains(FaultKind.KILL) ? SignalFault.kill() : null);
        put(faults, FaultKind.PAUSE, kinds.contains(FaultKind.PAUSE) ? SignalFault.pause() : null);
        put(
                faults,
                FaultKind.CONTROLLER,
                kinds.contains(FaultKind.CONTROLLER) ? SignalFault.controller() : null);
        put(
                faults,
                FaultKind.RESTART,
                kinds.contains(FaultKind.RESTART) ? new RestartFault() : null);
        return new ChaosCluster(cluster, faults, notes, networks, disk);
    }

    private static void put(Map<FaultKind, Fault> faults, FaultKind kind, @Nullable Fault fault) {
        if (fault != null) {
            faults.put(kind, fault);
        }
    }

    private static LaunchOptions options(
            NodePlan node,
            @Nullable NodeNetworks networks,
            @Nullable PowerLossFault power,
            @Nullable ClockFault clock) {
        LaunchOptions options =
                networks == null ? LaunchOptions.NONE : networks.optionsOf(node.name());
        if (power != null && node.role() == Role.STORAGE) {
            options = options.and(power.optionsOf(node));
        }
        boolean hasClock = node.role() == Role.STORAGE || node.role() == Role.COORDINATOR;
        return clock != null && hasClock ? options.and(clock.optionsOf(node)) : options;
    }

    private static List<String> names(int storage, int coordinators) {
        List<String> names = new ArrayList<>();
        for (int i = 1; i <= storage; i++) {
            names.add("storage-" + i);
        }
        for (int i = 1; i <= coordinators; i++) {
            names.add("coordinator-" + i);
        }
        names.add("gateway");
        names.add("postgres");
        return names;
    }

    LocalCluster cluster() {
        return cluster;
    }

    /** The faults that were asked for and are possible here. */
    List<FaultKind> kinds() {
        return List.copyOf(faults.keySet());
    }

    Fault fault(FaultKind kind) {
        Fault fault = faults.get(kind);
        if (fault == null) {
            throw new IllegalArgumentException(kind + " is not possible here");
        }
        return fault;
    }

    /** What was asked for and is not possible here. */
    List<String> notes() {
        return notes;
    }

    /** Starts everything and waits until it serves. */
    void start(Consumer<String> progress) throws InterruptedException {
        for (Role role : Role.values()) {
            List<NodePlan> nodes = cluster.plan().nodes(role);
            for (NodePlan node : nodes) {
                cluster.start(node);
            }
            cluster.awaitReady(nodes, node -> progress.accept(node.name() + " is up"));
        }
    }

    /** Stops all nodes in order. */
    void stop() throws InterruptedException {
        ClusterStop.down(cluster, progress -> {});
    }

    /** Stops what runs and gives back networks and mounts. */
    @Override
    public void close() {
        try {
            stop();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (disk != null) {
            disk.close();
        }
        if (networks != null) {
            networks.close();
        }
    }
}
