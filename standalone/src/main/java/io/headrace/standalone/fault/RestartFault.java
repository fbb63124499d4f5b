package io.headrace.standalone.fault;

import io.headrace.standalone.cluster.LocalCluster;
import io.headrace.standalone.cluster.NodePlan;
import io.headrace.standalone.cluster.Role;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;

/**
 * Nodes are stopped in order, as for an upgrade, or all at once, and started again: one of any
 * kind, two of the storage nodes, or all processes there are, in any order.
 */
public final class RestartFault implements Fault {
    @Override
    public Injected inject(LocalCluster cluster, RandomGenerator random)
            throws InterruptedException {
        List<NodePlan> nodes = new ArrayList<>();
        for (NodePlan node : cluster.plan().nodes()) {
            if (cluster.process(node).filter(process -> !process.isPaused()).isPresent()) {
                nodes.add(node);
            }
        }
        Collections.shuffle(nodes, Random.from(random));
        int which = random.nextInt(5);
        if (which == 0) {
            return restart(cluster, nodes, "all processes", true);
        }
        if (which == 1) {
            List<NodePlan> storage =
                    nodes.stream().filter(node -> node.role() == Role.STORAGE).limit(2).toList();
            return restart(cluster, storage, "two storage nodes", true);
        }
        List<NodePlan> one =
                nodes.stream().filter(node -> node.role() != Role.POSTGRES).limit(1).toList();
        return restart(cluster, one, "one", false);
    }

    /** Stops them together, and starts them in the order that they have here. */
    private static Injected restart(
            LocalCluster cluster, List<NodePlan> nodes, String which, boolean stopsAll)
            throws InterruptedException {
        cluster.stop(nodes, (node, killed) -> {});
        String names = nodes.stream().map(NodePlan::name).collect(Collectors.joining(", "));
        return new Injected() {
            @Override
            public String what() {
                return "restart of " + which + ": " + names;
            }

            @Override
            public boolean stopsAll() {
                return stopsAll;
            }

            @Override
            public void heal() throws InterruptedException {
                Nodes.startAll(cluster, nodes);
            }
        };
    }
}
