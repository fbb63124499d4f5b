package io.headrace.standalone.cluster;

import io.headrace.standalone.postgres.EmbeddedPostgres;
import io.headrace.transport.auth.ClusterSecret;

import org.jspecify.annotations.Nullable;

import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Makes the plan of a cluster from what a user asks for and what is there already. */
public final class ClusterPlanner {
    private static final int FIRST_COORDINATOR_ID = 1001;
    private static final int MAX_NODES = 100;

    private ClusterPlanner() {}

    /**
     * What a user asks for; null for what was left open.
     *
     * @param kafkaPort the port of the first storage node, the others take the next ones; 0 for any
     * @param hosts where each node is to be, by its name; the loopback address for those not named
     */
    public record Wish(
            @Nullable Integer storage,
            @Nullable Integer coordinators,
            @Nullable Integer kafkaPort,
            @Nullable Integer httpPort,
            @Nullable String jdbcUrl,
            String jdbcUser,
            String jdbcPassword,
            Map<String, String> settings,
            Map<String, String> hosts) {

        /** A cluster on any free ports with a database of its own. */
        public static Wish onAnyPorts(
                int storage,
                int coordinators,
                Map<String, String> settings,
                Map<String, String> hosts) {
            return new Wish(storage, coordinators, 0, 0, null, "", "", settings, hosts);
        }

        String host(String node) {
            return hosts.getOrDefault(node, "127.0.0.1");
        }
    }

    /**
     * A plan for a cluster that is down, or not there yet.
     *
     * @param before the plan of the last time; its nodes, ports and secret stay
     */
    public static ClusterPlan plan(@Nullable ClusterPlan before, Wish wish) {
        UserSettings.check(wish.settings());
        Ports ports = new Ports(new SecureRandom());
        List<NodePlan> nodes = new ArrayList<>(before == null ? List.of() : before.nodes());
        nodes.forEach(
                node ->
                        List.of(node.port(), node.managementPort(), node.memberPort())
                                .forEach(ports::keep));
        add(nodes, Role.COORDINATOR, count(before, Role.COORDINATOR, wish), wish, ports);
        add(nodes, Role.STORAGE, count(before, Role.STORAGE, wish), wish, ports);
        add(nodes, Role.GATEWAY, 1, wish, ports);
        Map<String, String> settings = new LinkedHashMap<>();
        if (before != null) {
            settings.putAll(before.settings());
        }
        settings.putAll(wish.settings());
        ClusterPlan.DatabasePlan database = database(before, wish, nodes, ports);
        nodes.sort((one, other) -> one.role().compareTo(other.role()));
        return new ClusterPlan(
                ClusterPlan.VERSION,
                before == null ? ClusterSecret.random() : before.secret(),
                database,
                nodes,
                settings);
    }

    private static int count(@Nullable ClusterPlan before, Role role, Wish wish) {
        Integer asked = role == Role.STORAGE ? wish.storage() : wish.coordinators();
        int there = before == null ? 0 : before.nodes(role).size();
        if (asked == null) {
            return there > 0 ? there : role == Role.STORAGE ? 3 : 2;
        }
        String option = role == Role.STORAGE ? "--storage" : "--coordinators";
        if (asked < 1 || asked > MAX_NODES) {
            throw new ClusterFailureException(
                    option + " must be from 1 to " + MAX_NODES + ", not " + asked);
        }
        if (asked < there) {
            throw new ClusterFailureException(
                    "This cluster has "
                            + there
                            + " "
                            + role.label()
                            + " nodes already, so "
                            + option
                            + " cannot be "
                            + asked
                            + ": choose another --dir for a smaller one");
        }
        return asked;
    }

    private static void add(List<NodePlan> nodes, Role role, int count, Wish wish, Ports ports) {
        for (int number = 1; number <= count; number++) {
            String name = role == Role.GATEWAY ? role.label() : role.label() + "-" + number;
            if (nodes.stream().noneMatch(node -> node.name().equals(name))) {
                nodes.add(node(name, role, number, wish, ports));
            }
        }
    }

    private static NodePlan node(String name, Role role, int number, Wish wish, Ports ports) {
        String host = wish.host(name);
        int port =
                switch (role) {
                    case STORAGE -> kafkaPort(wish, host, number, ports);
                    case GATEWAY -> httpPort(wish, host, ports);
                    case COORDINATOR, POSTGRES -> ports.any(host);
                };
        int id =
                switch (role) {
                    case STORAGE -> number;
                    case COORDINATOR -> FIRST_COORDINATOR_ID + number - 1;
                    case GATEWAY, POSTGRES -> 0;
                };
        return new NodePlan(
                name,
                role,
                id,
                role == Role.STORAGE ? "RACK" + number : null,
                host,
                port,
                ports.any(host),
                ports.any(host));
    }

    private static int kafkaPort(Wish wish, String host, int number, Ports ports) {
        int first = wish.kafkaPort() == null ? 9092 : wish.kafkaPort();
        return first == 0
                ? ports.any(host)
                : ports.chosen(host, first + number - 1, "--kafka-port");
    }

    private static int httpPort(Wish wish, String host, Ports ports) {
        int port = wish.httpPort() == null ? 8080 : wish.httpPort();
        return port == 0 ? ports.any(host) : ports.chosen(host, port, "--http-port");
    }

    private static ClusterPlan.DatabasePlan database(
            @Nullable ClusterPlan before, Wish wish, List<NodePlan> nodes, Ports ports) {
        String url = wish.jdbcUrl();
        if (url != null) {
            if (!url.startsWith("jdbc:postgresql:")) {
                throw new ClusterFailureException(
                        "--jdbc-url must begin with jdbc:postgresql:, unlike " + url);
            }
            if (before != null && !before.nodes(Role.POSTGRES).isEmpty()) {
                throw new ClusterFailureException(
                        "This cluster keeps its metadata in a PostgreSQL of its own: choose"
                                + " another --dir for one on "
                                + url);
            }
            return new ClusterPlan.DatabasePlan(url, wish.jdbcUser(), wish.jdbcPassword());
        }
        if (before != null) {
            return before.database();
        }
        String host = wish.host("postgres");
        int port = ports.any(host);
        String password = ClusterSecret.random();
        nodes.add(new NodePlan("postgres", Role.POSTGRES, 0, null, host, port, 0, 0));
        return new ClusterPlan.DatabasePlan(
                EmbeddedPostgres.url(host, port), EmbeddedPostgres.USER, password);
    }
}
