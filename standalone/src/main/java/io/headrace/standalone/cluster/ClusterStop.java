package io.headrace.standalone.cluster;

import java.util.List;
import java.util.function.Consumer;

/** Stops a cluster: first who takes requests, last the database. */
public final class ClusterStop {
    private static final List<Role> ORDER =
            List.of(Role.GATEWAY, Role.STORAGE, Role.COORDINATOR, Role.POSTGRES);

    private ClusterStop() {}

    /** Stops whatever runs, and tells of each node as it ends. */
    public static void down(LocalCluster cluster, Consumer<String> progress)
            throws InterruptedException {
        for (Role role : ORDER) {
            cluster.stop(
                    cluster.plan().nodes(role),
                    (node, killed) ->
                            progress.accept(
                                    node.name() + (killed ? " had to be killed" : " stopped")));
        }
    }
}
