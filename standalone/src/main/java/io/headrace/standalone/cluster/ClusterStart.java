package io.headrace.standalone.cluster;

import org.jspecify.annotations.Nullable;

import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Starts a cluster or some of its nodes, and tells a person how it goes. */
final class ClusterStart {
    private final ClusterDirectory directory;
    private final PrintWriter out;
    private final long begunNanos = System.nanoTime();

    ClusterStart(ClusterDirectory directory, PrintWriter out) {
        this.directory = directory;
        this.out = out;
    }

    /**
     * Starts a whole cluster, the one that is in the directory if there is one. When a node cannot
     * start, all are stopped again.
     */
    void up(ClusterPlanner.Wish wish) throws InterruptedException {
        @Nullable ClusterPlan before = directory.plan().orElse(null);
        if (before != null) {
            refuseIfRunning(before);
        }
        ClusterPlan plan = ClusterPlanner.plan(before, wish);
        LocalCluster cluster = LocalCluster.create(directory, plan, node -> LaunchOptions.NONE);
        say("Starting " + summary(plan) + " in " + directory.path());
        Thread onInterrupt = new Thread(() -> stopAll(cluster), "stop-cluster");
        Runtime.getRuntime().addShutdownHook(onInterrupt);
        try {
            start(cluster, plan.nodes());
            Runtime.getRuntime().removeShutdownHook(onInterrupt);
        } catch (ClusterFailureException | InterruptedException failure) {
            Runtime.getRuntime().removeShutdownHook(onInterrupt);
            stopAll(cluster);
            throw failure;
        }
        say(
                String.format(
                        Locale.ROOT,
                        "Headrace is up: Kafka %s, HTTP %s (%.1f s)",
                        plan.bootstrap(),
                        plan.nodes(Role.GATEWAY).stream()
                                .map(node -> "http://" + node.address())
                                .collect(Collectors.joining(",")),
                        seconds()));
    }

    private void refuseIfRunning(ClusterPlan plan) {
        List<String> running =
                plan.nodes().stream()
                        .filter(node -> directory.process(node).isPresent())
                        .map(NodePlan::name)
                        .toList();
        if (!running.isEmpty()) {
            throw new ClusterFailureException(
                    "The cluster in "
                            + directory.path()
                            + " runs ("
                            + String.join(", ", running)
                            + "): see 'headrace cluster status', start what is down with 'headrace"
                            + " cluster start', or stop it with 'headrace cluster down'");
        }
    }

    private static String summary(ClusterPlan plan) {
        int coordinators = plan.nodes(Role.COORDINATOR).size();
        return plan.nodes(Role.STORAGE).size()
                + " storage, "
                + coordinators
                + (coordinators == 1 ? " coordinator, " : " coordinators, ")
                + (plan.nodes(Role.POSTGRES).isEmpty() ? "" : "PostgreSQL and ")
                + "a gateway";
    }

    private static void stopAll(LocalCluster cluster) {
        try {
            ClusterStop.down(cluster, progress -> {});
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Starts nodes, databases first, and waits until all serve. */
    void start(LocalCluster cluster, List<NodePlan> nodes) throws InterruptedException {
        List<NodePlan> databases =
                nodes.stream().filter(node -> node.role() == Role.POSTGRES).toList();
        List<NodePlan> others =
                nodes.stream().filter(node -> node.role() != Role.POSTGRES).toList();
        for (List<NodePlan> together : List.of(databases, others)) {
            for (NodePlan node : together) {
                cluster.start(node);
            }
            cluster.awaitReady(together, node -> ready(cluster, node));
        }
    }

    private void ready(LocalCluster cluster, NodePlan node) {
        say(
                String.format(
                        Locale.ROOT,
                        "  %-15s %-21s pid %-8d %5.1f s",
                        node.name(),
                        node.address(),
                        cluster.process(node).map(NodeProcess::pid).orElse(0L),
                        seconds()));
    }

    private double seconds() {
        return (System.nanoTime() - begunNanos) / 1e9;
    }

    private void say(String line) {
        out.println(line);
        out.flush();
    }
}
