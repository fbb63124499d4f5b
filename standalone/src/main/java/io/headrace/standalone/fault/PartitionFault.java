package io.headrace.standalone.fault;

import io.headrace.standalone.cluster.LocalCluster;
import io.headrace.standalone.cluster.NodePlan;
import io.headrace.standalone.cluster.Role;

import java.io.IOException;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Packets are dropped between nodes: a storage node cut off from all others, or from the other
 * storage nodes only, or heard and not hearing; a coordinator cut off from storage or from SQL.
 */
public final class PartitionFault implements Fault {
    private final NodeNetworks networks;

    public PartitionFault(NodeNetworks networks) {
        this.networks = networks;
    }

    @Override
    public Injected inject(LocalCluster cluster, RandomGenerator random)
            throws IOException, InterruptedException {
        String what =
                switch (random.nextInt(5)) {
                    case 0 -> {
                        NodePlan node = Nodes.storage(cluster, random);
                        cut(node, others(cluster, node, Role.values()), true, true);
                        yield node.name() + " cut off from all other nodes";
                    }
                    case 1 -> {
                        NodePlan node = Nodes.storage(cluster, random);
                        cut(node, others(cluster, node, Role.STORAGE), true, true);
                        yield node.name() + " cut off from the other storage nodes";
                    }
                    case 2 -> {
                        NodePlan node = Nodes.storage(cluster, random);
                        cut(node, others(cluster, node, Role.values()), true, false);
                        yield node.name() + " hears the other nodes and is not heard";
                    }
                    case 3 -> {
                        NodePlan node = Nodes.controller(cluster, random);
                        cut(node, others(cluster, node, Role.STORAGE), true, true);
                        yield node.name() + " cut off from storage, not from SQL";
                    }
                    default -> {
                        NodePlan node = Nodes.controller(cluster, random);
                        cut(node, others(cluster, node, Role.POSTGRES), true, true);
                        yield node.name() + " cut off from SQL";
                    }
                };
        return new Injected() {
            @Override
            public String what() {
                return what;
            }

            @Override
            public void heal() throws IOException, InterruptedException {
                networks.healAll();
            }
        };
    }

    private static List<NodePlan> others(LocalCluster cluster, NodePlan node, Role... roles) {
        return cluster.plan().nodes().stream()
                .filter(other -> !other.equals(node) && List.of(roles).contains(other.role()))
                .toList();
    }

    private void cut(NodePlan node, List<NodePlan> others, boolean out, boolean in)
            throws IOException, InterruptedException {
        for (NodePlan other : others) {
            if (out) {
                networks.cut(node.name(), other.name());
            }
            if (in) {
                networks.cut(other.name(), node.name());
            }
        }
    }
}
