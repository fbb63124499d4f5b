package io.headrace.standalone.cluster;

import io.headrace.standalone.cluster.LocalCluster.State;
import io.headrace.standalone.command.Printer;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** What {@code headrace cluster status} shows. */
final class StatusReport {
    private static final List<String> COLUMNS =
            List.of("node", "id", "role", "rack", "pid", "state", "leaders", "memory", "address");

    private final LocalCluster cluster;
    private final Map<NodePlan, State> states = new HashMap<>();
    private final @Nullable LeaderCount leaders;
    private final Optional<NodePlan> controller;

    /** Looks at every node and asks the cluster who leads. */
    StatusReport(LocalCluster cluster) {
        this.cluster = cluster;
        for (NodePlan node : cluster.plan().nodes()) {
            states.put(node, cluster.state(node));
        }
        String reachable =
                cluster.plan().nodes(Role.STORAGE).stream()
                        .filter(node -> stateOf(node) == State.UP)
                        .map(NodePlan::address)
                        .collect(Collectors.joining(","));
        this.leaders = reachable.isEmpty() ? null : LeaderCount.ask(reachable).orElse(null);
        this.controller = cluster.activeController();
    }

    private State stateOf(NodePlan node) {
        return states.getOrDefault(node, State.DOWN);
    }

    void print(Printer printer) {
        if (printer.isJson()) {
            printer.json(asMap());
            return;
        }
        printer.line("Bootstrap   " + cluster.plan().bootstrap());
        printer.line("HTTP        " + http());
        printer.line("Directory   " + cluster.directory().path());
        printer.line("Controller  " + controller.map(NodePlan::name).orElse("none"));
        printer.line("Partitions  " + partitions());
        printer.line("");
        List<Map<String, Object>> rows = new ArrayList<>();
        for (NodePlan node : cluster.plan().nodes()) {
            Map<String, Object> row = row(node);
            row.replaceAll((column, value) -> shown(column, value));
            rows.add(row);
        }
        printer.table(COLUMNS, rows);
    }

    private String http() {
        return cluster.plan().nodes(Role.GATEWAY).stream()
                .map(node -> "http://" + node.address())
                .collect(Collectors.joining(","));
    }

    private String partitions() {
        LeaderCount count = leaders;
        if (count == null) {
            return "unknown: no storage node answers";
        }
        return count.partitions()
                + ", "
                + count.leaderless()
                + " without leader, "
                + count.underReplicated()
                + " under-replicated";
    }

    private Map<String, Object> row(NodePlan node) {
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("node", node.name());
        if (node.id() > 0) {
            row.put("id", node.id());
        }
        row.put("role", node.role().label());
        if (node.rack() != null) {
            row.put("rack", node.rack());
        }
        cluster.process(node)
                .ifPresent(
                        process -> {
                            row.put("pid", process.pid());
                            row.put("memory", process.residentBytes());
                        });
        row.put("state", stateOf(node).name().toLowerCase(Locale.ROOT).replace('_', ' '));
        if (controller.filter(node::equals).isPresent()) {
            row.put("active", true);
        }
        if (leaders != null && node.role() == Role.STORAGE) {
            row.put("leaders", leaders.leaders().getOrDefault(node.id(), 0));
        }
        row.put("address", node.address());
        return row;
    }

    private static Object shown(String column, Object value) {
        return column.equals("memory") && value instanceof Long bytes
                ? (bytes >> 20) + " MB"
                : value;
    }

    private Map<String, Object> asMap() {
        Map<String, Object> report = new LinkedHashMap<>();
        report.put("bootstrap", cluster.plan().bootstrap());
        report.put("http", http());
        report.put("directory", cluster.directory().path().toString());
        controller.ifPresent(node -> report.put("controller", node.name()));
        LeaderCount count = leaders;
        if (count != null) {
            report.put("partitions", count.partitions());
            report.put("leaderless", count.leaderless());
            report.put("underReplicated", count.underReplicated());
        }
        report.put("nodes", cluster.plan().nodes().stream().map(this::row).toList());
        return report;
    }
}
