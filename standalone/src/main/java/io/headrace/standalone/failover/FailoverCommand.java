package io.headrace.standalone.failover;

import io.headrace.standalone.cluster.ClusterDirectory;
import io.headrace.standalone.cluster.ClusterPlanner;
import io.headrace.standalone.cluster.ClusterStop;
import io.headrace.standalone.cluster.LaunchOptions;
import io.headrace.standalone.cluster.LocalCluster;
import io.headrace.standalone.cluster.NodePlan;
import io.headrace.standalone.cluster.Role;
import io.headrace.standalone.command.Printer;
import io.headrace.standalone.command.QuietLog;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.ToDoubleFunction;

/** {@code headrace bench failover}: how long clients wait when a node is lost. */
@Command(
        name = "failover",
        description = {
            "Measure how long clients wait when a node is lost.",
            "",
            "  headrace bench failover",
            "  headrace bench failover --fault controller --rounds 5",
            "",
            "Starts a cluster of its own: 3 storage nodes, 2 coordinators, PostgreSQL, a gateway."
                + " Kafka's Java producer sends a record every 2 ms with acks=all to a partition"
                + " with 3 replicas, 2 of which must be in sync."
        },
        mixinStandardHelpOptions = true)
public final class FailoverCommand implements Callable<Integer> {
    private static final int MOST_SHOWN = 5;
    private static final int ROUNDS = 10;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Option(
            names = "--fault",
            split = ",",
            paramLabel = "FAULT",
            description =
                    "kill (kill -9 of the leader), pause (of the leader), controller (kill -9 of"
                        + " the active coordinator), freeze (SIGSTOP of it), database (PostgreSQL"
                        + " stopped for a minute), restart (of every process in turn). Default:"
                        + " all.")
    private List<Fault> faults = List.of(Fault.values());

    @Option(
            names = "--rounds",
            paramLabel = "N",
            description = "How often each fault. Default: 10; database and restart once.")
    private @Nullable Integer rounds;

    @Option(names = "--coordinators", defaultValue = "2", description = "Default: 2.")
    private int coordinators = 2;

    @Option(
            names = "--set",
            paramLabel = "NAME=VALUE",
            description = "A setting for every node, as in 'headrace cluster up'.")
    private Map<String, String> settings = Map.of();

    @Option(
            names = "--dir",
            paramLabel = "DIR",
            description = "Where the cluster is while it runs. Default: a temporary directory.")
    private @Nullable Path directory;

    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    @Override
    public Integer call() throws Exception {
        QuietLog.nothing();
        PrintWriter err = spec.commandLine().getErr();
        ClusterDirectory home = new ClusterDirectory(home());
        LocalCluster cluster =
                LocalCluster.create(
                        home,
                        ClusterPlanner.plan(
                                home.plan().orElse(null),
                                ClusterPlanner.Wish.onAnyPorts(
                                        3, coordinators, settings, Map.of())),
                        node -> LaunchOptions.NONE);
        List<FailoverBench.Result> results = new ArrayList<>();
        Thread hook = new Thread(() -> stop(cluster), "stop-cluster");
        Runtime.getRuntime().addShutdownHook(hook);
        try {
            start(cluster, err);
            for (Fault fault : faults) {
                FailoverBench bench = new FailoverBench(cluster, fault, line -> say(err, line));
                results.add(bench.run(fault, roundsOf(fault)));
            }
        } finally {
            stop(cluster);
            Runtime.getRuntime().removeShutdownHook(hook);
        }
        return report(results);
    }

    private int roundsOf(Fault fault) {
        if (rounds != null) {
            return rounds;
        }
        return fault == Fault.RESTART || fault == Fault.DATABASE ? 1 : ROUNDS;
    }

    private Path home() throws IOException {
        return directory == null ? Files.createTempDirectory("headrace-failover") : directory;
    }

    private static void start(LocalCluster cluster, PrintWriter err) throws InterruptedException {
        for (Role role : List.of(Role.POSTGRES, Role.COORDINATOR, Role.STORAGE, Role.GATEWAY)) {
            List<NodePlan> nodes = cluster.plan().nodes(role);
            for (NodePlan node : nodes) {
                cluster.start(node);
            }
            cluster.awaitReady(nodes, node -> say(err, node.name() + " is up"));
        }
    }

    private static void stop(LocalCluster cluster) {
        try {
            ClusterStop.down(cluster, progress -> {});
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void say(PrintWriter err, String line) {
        err.println(line);
        err.flush();
    }

    private int report(List<FailoverBench.Result> results) {
        Printer printer = new Printer(spec, json);
        List<Map<String, Object>> rows = new ArrayList<>();
        int exit = 0;
        for (FailoverBench.Result result : results) {
            rows.add(row(result));
            if (!result.violations().isEmpty()) {
                exit = 1;
            }
        }
        printer.table(
                List.of(
                        "fault",
                        "rounds",
                        "produce_gap_median_ms",
                        "worst_ms",
                        "consume_gap_median_ms",
                        "admin_median_ms",
                        "groups_median_ms",
                        "errors",
                        "violations"),
                rows);
        for (FailoverBench.Result result : results) {
            result.violations().stream()
                    .limit(MOST_SHOWN)
                    .forEach(violation -> printer.line(result.fault() + ": " + violation));
            result.errors().stream()
                    .distinct()
                    .limit(MOST_SHOWN)
                    .forEach(error -> printer.line(result.fault() + ": " + error));
        }
        return exit;
    }

    private static Map<String, Object> row(FailoverBench.Result result) {
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("fault", result.fault().name().toLowerCase(Locale.ROOT));
        row.put("rounds", result.rounds().size());
        double[] produce = sorted(result, Measurement::produceGapMs);
        row.put("produce_gap_median_ms", Math.round(median(produce)));
        row.put("worst_ms", Math.round(produce[produce.length - 1]));
        row.put(
                "consume_gap_median_ms",
                Math.round(median(sorted(result, Measurement::consumeGapMs))));
        if (result.fault() == Fault.CONTROLLER || result.fault() == Fault.FREEZE) {
            row.put("admin_median_ms", Math.round(median(sorted(result, Measurement::adminMs))));
            row.put("groups_median_ms", Math.round(median(sorted(result, Measurement::groupMs))));
        }
        row.put("errors", result.errors().size());
        row.put("violations", result.violations().size());
        return row;
    }

    private static double[] sorted(
            FailoverBench.Result result, ToDoubleFunction<Measurement> figure) {
        return result.rounds().stream().mapToDouble(figure).sorted().toArray();
    }

    private static double median(double[] sorted) {
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
