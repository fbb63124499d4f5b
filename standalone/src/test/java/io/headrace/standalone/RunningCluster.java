package io.headrace.standalone;

import io.headrace.standalone.cluster.ClusterDirectory;
import io.headrace.standalone.cluster.ClusterPlan;
import io.headrace.standalone.cluster.ClusterPlanner;
import io.headrace.standalone.cluster.ClusterStop;
import io.headrace.standalone.cluster.LocalCluster;
import io.headrace.standalone.cluster.NodePlan;
import io.headrace.standalone.cluster.NodeProcess.Signal;
import io.headrace.standalone.cluster.Role;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What {@code headrace cluster up} starts, three storage nodes and two coordinators in processes of
 * their own, on free ports; nodes can be killed and started again.
 */
public final class RunningCluster implements AutoCloseable {
    private final LocalCluster cluster;
    private final Thread onExit = new Thread(this::stop, "stop-cluster");

    private RunningCluster(LocalCluster cluster) {
        this.cluster = cluster;
    }

    /**
     * Starts a cluster in an empty directory and waits until it serves.
     *
     * @param settings as {@code --set} takes them
     */
    public static RunningCluster start(Path directory, Map<String, String> settings)
            throws InterruptedException {
        ClusterPlan plan =
                ClusterPlanner.plan(null, ClusterPlanner.Wish.onAnyPorts(3, 2, settings, Map.of()));
        RunningCluster running =
                new RunningCluster(
                        LocalCluster.create(
                                new ClusterDirectory(directory),
                                plan,
                                node -> Program.launchOptions()));
        Runtime.getRuntime().addShutdownHook(running.onExit);
        try {
            running.startAll();
        } catch (RuntimeException | InterruptedException failure) {
            running.close();
            throw failure;
        }
        return running;
    }

    private void startAll() throws InterruptedException {
        List<NodePlan> databases = cluster.plan().nodes(Role.POSTGRES);
        List<NodePlan> others =
                cluster.plan().nodes().stream()
                        .filter(node -> node.role() != Role.POSTGRES)
                        .toList();
        for (List<NodePlan> together : List.of(databases, others)) {
            for (NodePlan node : together) {
                cluster.start(node);
            }
            cluster.awaitReady(together, node -> {});
        }
    }

    /** The storage nodes' addresses, with commas. */
    public String bootstrap() {
        return cluster.plan().bootstrap();
    }

    /** The names of the nodes in some roles, in the order of the roles. */
    public List<String> names(Role... roles) {
        List<String> names = new ArrayList<>();
        for (Role role : roles) {
            cluster.plan().nodes(role).forEach(node -> names.add(node.name()));
        }
        return names;
    }

    /** Kills a node where it stands, by its name or the id that clients see. */
    public void kill(String name) throws InterruptedException {
        cluster.signal(cluster.plan().node(name), Signal.KILL);
    }

    /** Stops a node in order, as an operator does, and waits until it has ended. */
    public void stop(String name) throws InterruptedException {
        cluster.stop(
                List.of(cluster.plan().node(name)),
                (node, killed) -> {
                    if (killed) {
                        throw new IllegalStateException(node.name() + " did not end in order");
                    }
                });
    }

    /** Starts a killed node again and waits until it serves. */
    public void start(String name) throws InterruptedException {
        NodePlan node = cluster.plan().node(name);
        cluster.start(node);
        cluster.awaitReady(List.of(node), ready -> {});
    }

    /** Starts killed nodes in that order, none of them waited for, and waits until all serve. */
    public void startInOrder(List<String> names) throws InterruptedException {
        List<NodePlan> nodes = names.stream().map(cluster.plan()::node).toList();
        for (NodePlan node : nodes) {
            cluster.start(node);
        }
        cluster.awaitReady(nodes, ready -> {});
    }

    private void stop() {
        try {
            ClusterStop.down(cluster, progress -> {});
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        stop();
        Runtime.getRuntime().removeShutdownHook(onExit);
    }
}
