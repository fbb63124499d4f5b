package io.headrace.standalone.fault;

import io.headrace.standalone.cluster.LocalCluster;
import io.headrace.standalone.cluster.NodePlan;
import io.headrace.standalone.cluster.NodeProcess.Signal;
import io.headrace.standalone.cluster.Role;

import java.util.List;
import java.util.random.RandomGenerator;

/** A node of any kind is stopped in order, as for an upgrade, and started again. */
public final class RestartFault implements Fault {
    @Override
    public Injected inject(LocalCluster cluster, RandomGenerator random)
            throws InterruptedException {
        List<NodePlan> nodes =
                cluster.plan().nodes().stream()
                        .filter(node -> node.role() != Role.POSTGRES)
                        .filter(node -> cluster.process(node).isPresent())
                        .toList();
        NodePlan node = nodes.get(random.nextInt(nodes.size()));
        cluster.signal(node, Signal.TERM);
        return new Injected() {
            @Override
            public String what() {
                return "stop " + node.name();
            }

            @Override
            public void heal() throws InterruptedException {
                Nodes.startAll(cluster, List.of(node));
            }
        };
    }
}
