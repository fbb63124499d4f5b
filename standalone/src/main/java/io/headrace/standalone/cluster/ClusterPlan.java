package io.headrace.standalone.cluster;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * All that a cluster on this machine is made of; kept in its directory.
 *
 * @param secret what its nodes prove themselves with
 * @param database where coordinators find PostgreSQL
 * @param nodes in the order in which they are started
 * @param settings what the user set, by the names given
 */
public record ClusterPlan(
        int version,
        String secret,
        DatabasePlan database,
        List<NodePlan> nodes,
        Map<String, String> settings) {
    static final int VERSION = 1;

    /** The metadata database. */
    public record DatabasePlan(String url, String user, String password) {
        @Override
        public String toString() {
            return "DatabasePlan[url=" + url + ", user=" + user + "]";
        }
    }

    public ClusterPlan {
        nodes = List.copyOf(nodes);
        settings = Map.copyOf(settings);
    }

    /** The nodes of a role. */
    public List<NodePlan> nodes(Role role) {
        return nodes.stream().filter(node -> node.role() == role).toList();
    }

    /** A node by its name or the id that clients see. */
    public Optional<NodePlan> find(String called) {
        return nodes.stream().filter(node -> node.isCalled(called)).findFirst();
    }

    /** A node by its name or the id that clients see. */
    public NodePlan node(String called) {
        return find(called)
                .orElseThrow(
                        () ->
                                new ClusterFailureException(
                                        "There is no node "
                                                + called
                                                + "; there are: "
                                                + nodes.stream()
                                                        .map(NodePlan::name)
                                                        .collect(Collectors.joining(", "))));
    }

    /** Where Kafka clients connect. */
    public String bootstrap() {
        return addresses(Role.STORAGE);
    }

    /** {@code host:port} of all nodes of a role, parted by commas. */
    String addresses(Role role) {
        return nodes(role).stream().map(NodePlan::address).collect(Collectors.joining(","));
    }

    /** The addresses of Hazelcast members to join. */
    String members() {
        return nodes(Role.COORDINATOR).stream()
                .map(node -> node.host() + ":" + node.memberPort())
                .collect(Collectors.joining(","));
    }

    @Override
    public String toString() {
        return "ClusterPlan" + nodes.stream().map(NodePlan::name).toList();
    }
}
