package io.headrace.standalone.fault;

import io.headrace.standalone.cluster.LocalCluster;
import io.headrace.standalone.cluster.NodePlan;
import io.headrace.standalone.cluster.NodeProcess.Signal;

import java.util.List;
import java.util.random.RandomGenerator;

/** A node is killed where it stands, or hangs. */
public final class SignalFault implements Fault {
    private final Victim victim;
    private final boolean mayKill;
    private final boolean mayPause;

    /** Whom it befalls. */
    @FunctionalInterface
    private interface Victim {
        NodePlan choose(LocalCluster cluster, RandomGenerator random) throws InterruptedException;
    }

    private SignalFault(Victim victim, boolean mayKill, boolean mayPause) {
        this.victim = victim;
        this.mayKill = mayKill;
        this.mayPause = mayPause;
    }

    /** {@code kill -9} of a storage node. */
    public static SignalFault kill() {
        return new SignalFault(Nodes::storage, true, false);
    }

    /** {@code SIGSTOP} of a storage node. */
    public static SignalFault pause() {
        return new SignalFault(Nodes::storage, false, true);
    }

    /** One or the other of the active coordinator. */
    public static SignalFault controller() {
        return new SignalFault(Nodes::controller, true, true);
    }

    @Override
    public Injected inject(LocalCluster cluster, RandomGenerator random)
            throws InterruptedException {
        boolean kill = mayKill && (!mayPause || random.nextBoolean());
        NodePlan node = victim.choose(cluster, random);
        while (!Nodes.send(cluster, node, kill ? Signal.KILL : Signal.STOP)) {
            node = victim.choose(cluster, random);
        }
        return injected(cluster, node, kill);
    }

    private static Injected injected(LocalCluster cluster, NodePlan node, boolean kill) {
        return new Injected() {
            @Override
            public String what() {
                return (kill ? "kill -9 " : "SIGSTOP ") + node.name();
            }

            @Override
            public void heal() throws InterruptedException {
                if (!kill) {
                    Nodes.goOn(cluster, node);
                }
                Nodes.startAll(cluster, List.of(node));
            }
        };
    }
}
