package io.headrace.standalone.fault;

import io.headrace.standalone.cluster.ClusterFailureException;
import io.headrace.standalone.cluster.LocalCluster;
import io.headrace.standalone.cluster.NodePlan;
import io.headrace.standalone.cluster.NodeProcess.Signal;
import io.headrace.standalone.cluster.Role;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;

/** Choosing nodes, and starting them again. */
final class Nodes {
    private static final int ATTEMPTS = 3;
    private static final Duration STARTS_WITHIN = Duration.ofMinutes(3);
    private static final Duration LOOK = Duration.ofMillis(50);

    private Nodes() {}

    /** Some storage node that runs. */
    static NodePlan storage(LocalCluster cluster, RandomGenerator random)
            throws InterruptedException {
        return any(cluster, cluster.plan().nodes(Role.STORAGE), random);
    }

    private static NodePlan any(LocalCluster cluster, List<NodePlan> nodes, RandomGenerator random)
            throws InterruptedException {
        long deadlineNanos = System.nanoTime() + STARTS_WITHIN.toNanos();
        while (true) {
            List<NodePlan> running =
                    nodes.stream().filter(node -> isRunning(cluster, node)).toList();
            if (!running.isEmpty()) {
                return running.get(random.nextInt(running.size()));
            }
            // Another fault has all of them down, and will start them again.
            if (System.nanoTime() > deadlineNanos) {
                List<String> names = nodes.stream().map(NodePlan::name).toList();
                throw new ClusterFailureException("None of " + names + " runs");
            }
            Thread.sleep(LOOK);
        }
    }

    private static boolean isRunning(LocalCluster cluster, NodePlan node) {
        return cluster.process(node).filter(process -> !process.isPaused()).isPresent();
    }

    /** The coordinator that is the active controller, or any when none says so. */
    static NodePlan controller(LocalCluster cluster, RandomGenerator random)
            throws InterruptedException {
        Optional<NodePlan> active = cluster.activeController();
        return active.isPresent()
                ? active.get()
                : any(cluster, cluster.plan().nodes(Role.COORDINATOR), random);
    }

    /** Starts nodes that are down and waits until they serve. */
    static void startAll(LocalCluster cluster, List<NodePlan> nodes) throws InterruptedException {
        for (int attempt = 1; ; attempt++) {
            synchronized (cluster) {
                for (NodePlan node : nodes) {
                    if (cluster.process(node).isEmpty()) {
                        cluster.start(node);
                    }
                }
            }
            try {
                cluster.awaitReady(nodes, ready -> {});
                return;
            } catch (ClusterFailureException e) {
                if (attempt == ATTEMPTS) {
                    throw e;
                }
                // Another fault may have befallen the node while it started.
            }
        }
    }

    /** Lets a node that hangs go on, if it is still there. */
    static void goOn(LocalCluster cluster, NodePlan node) throws InterruptedException {
        send(cluster, node, Signal.CONT);
    }

    /** False when the node does not run, or ended before the signal came. */
    static boolean send(LocalCluster cluster, NodePlan node, Signal signal)
            throws InterruptedException {
        synchronized (cluster) {
            if (cluster.process(node).isEmpty()) {
                return false;
            }
            try {
                cluster.signal(node, signal);
                return true;
            } catch (ClusterFailureException failure) {
                if (cluster.process(node).isEmpty()) {
                    return false;
                }
                throw failure;
            }
        }
    }
}
