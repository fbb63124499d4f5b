package io.headrace.standalone.metadata;

import io.headrace.coordinator.exchange.ReportCollector;
import io.headrace.coordinator.metadata.Database;
import io.headrace.coordinator.metadata.MetadataRecovery;
import io.headrace.coordinator.recovery.NodeReport;
import io.headrace.coordinator.recovery.Recovery;
import io.headrace.coordinator.recovery.RecoveryChoice;
import io.headrace.coordinator.recovery.RecoveryPlan;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.standalone.command.Printer;
import io.headrace.transport.auth.ClusterSecret;

import org.apache.kafka.common.Uuid;
import org.jspecify.annotations.Nullable;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;

/** {@code headrace metadata recover}: gives a database back what it has lost and nodes know. */
@Command(
        name = "recover",
        description = {
            "Give a database that has lost committed changes (restored from an older backup, or"
                    + " failed over to a copy that was behind) back what the storage nodes know."
                    + " Nodes say so by METADATA_REGRESSED in their logs; they keep what they have"
                    + " and serve on meanwhile.",
            "",
            "Without --apply nothing is changed: the command asks every storage node and says what"
                    + " it would do. Storage nodes must run; coordinators on PostgreSQL may run,"
                    + " one on an embedded database must be stopped.",
            "",
            "  headrace metadata recover --url jdbc:postgresql://db/headrace --user headrace",
            "  headrace metadata recover --url jdbc:postgresql://db/headrace --user headrace"
                    + " --apply"
        },
        mixinStandardHelpOptions = true)
final class RecoverCommand implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Mixin
    @SuppressWarnings("NullAway.Init") // set by picocli
    private DatabaseOption database;

    @Option(
            names = "--secret",
            paramLabel = "SECRET",
            defaultValue = "${env:HEADRACE_CLUSTER_SECRET:-}",
            description = "The cluster's secret. Default: $HEADRACE_CLUSTER_SECRET.")
    private String secret = "";

    @Option(
            names = "--node",
            paramLabel = "HOST:PORT",
            description =
                    "A storage node that the database does not know. Nodes that it knows, and those"
                            + " that they know, are asked anyway.")
    private List<String> nodes = List.of();

    @Option(
            names = "--from",
            paramLabel = "NODE",
            description = "Take the metadata of this node. Default: the newest.")
    private int from = RecoveryChoice.NEWEST;

    @Option(
            names = "--without",
            paramLabel = "NODE",
            description =
                    "Go on without a node that is gone for good; it must come back with empty data"
                            + " directories only.")
    private Set<Integer> without = Set.of();

    @Option(names = "--apply", description = "Do it. Without this nothing is changed.")
    private boolean apply;

    @Option(
            names = "--backup",
            paramLabel = "FILE",
            description =
                    "Where the database's metadata of before is written; a new file. Default:"
                            + " before-recovery-OFFSET.metadata.")
    private @Nullable Path backup;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Override
    public Integer call() throws IOException, InterruptedException {
        ClusterSecret proof;
        try {
            proof = ClusterSecret.of(secret);
        } catch (IllegalArgumentException e) {
            throw new CommandLine.ParameterException(
                    spec.commandLine(), "--secret: " + e.getMessage());
        }
        Map<String, String> silent = new TreeMap<>();
        try (Database opened = database.open(false)) {
            MetadataRecovery recovery = MetadataRecovery.open(opened);
            List<InetSocketAddress> first =
                    new ArrayList<>(ReportCollector.addressesOf(recovery.image()));
            nodes.forEach(node -> first.add(address(node)));
            List<NodeReport> reports;
            try (ReportCollector collector = new ReportCollector(proof)) {
                reports = collector.collect(first, silent::put);
            }
            RecoveryPlan plan =
                    Recovery.plan(
                            recovery.image(),
                            reports,
                            recovery::isInHistory,
                            new RecoveryChoice(from, without),
                            Uuid.randomUuid());
            Path written = apply && plan.isApplicable() ? apply(recovery, plan) : null;
            if (json) {
                new Printer(spec, true).json(asMap(plan, silent, written));
            } else {
                tell(plan, silent, written);
            }
            return plan.refusals().isEmpty() ? 0 : 1;
        }
    }

    private InetSocketAddress address(String node) {
        int colon = node.lastIndexOf(':');
        try {
            return InetSocketAddress.createUnresolved(
                    node.substring(0, Math.max(0, colon)),
                    Integer.parseInt(node.substring(colon + 1)));
        } catch (IllegalArgumentException e) {
            throw new CommandLine.ParameterException(
                    spec.commandLine(), "--node takes HOST:PORT, not " + node);
        }
    }

    private Path apply(MetadataRecovery recovery, RecoveryPlan plan) throws IOException {
        Path given = backup;
        Path file =
                given == null
                        ? Path.of("before-recovery-" + plan.database().nextOffset() + ".metadata")
                        : given;
        if (Files.exists(file)) {
            throw new IOException(file + " exists: name another file with --backup");
        }
        recovery.apply(plan, file);
        return file;
    }

    private void tell(RecoveryPlan plan, Map<String, String> silent, @Nullable Path written) {
        Printer printer = new Printer(spec, false);
        printer.line("The database: " + describe(plan.database()));
        printer.line("");
        printer.table(List.of("node", "address", "offset", "epoch", "state"), nodeRows(plan));
        silent.forEach((address, why) -> printer.line(address + " gave no report: " + why));
        printer.line("");
        NodeReport source = plan.source();
        if (!plan.isNeeded()) {
            printer.line("Nothing is lost: no node knows more than the database does.");
        } else if (source != null) {
            printer.line(
                    "Node " + source.nodeId() + " knows the newest: " + describe(source.image()));
            list(printer, "Topics that come back", plan.restoredTopics());
            list(
                    printer,
                    "Topics of the database only that have records and stay",
                    plan.keptTopics());
            list(
                    printer,
                    "Topics of the database only that no node has a record of and that go",
                    plan.droppedTopics());
            printer.line(
                    "Every leader epoch rises; the controller's epoch becomes "
                            + plan.recovered().controllerEpoch()
                            + ", the next offset "
                            + plan.recovered().nextOffset()
                            + ". No log is cut or deleted by this.");
        }
        plan.refusals().forEach(refusal -> printer.line("It cannot be applied: " + refusal + "."));
        if (written != null) {
            printer.line("Applied. The database's metadata of before is in " + written + ".");
        } else if (plan.isApplicable()) {
            printer.line("Nothing was changed: say --apply to do it.");
        }
    }

    private static void list(Printer printer, String what, List<String> topics) {
        if (!topics.isEmpty()) {
            printer.line(what + ": " + String.join(", ", topics));
        }
    }

    private static String describe(MetadataImage image) {
        return "cluster %s, controller epoch %d, next offset %d, %d topics, %d nodes"
                .formatted(
                        image.clusterId(),
                        image.controllerEpoch(),
                        image.nextOffset(),
                        image.topicsById().size(),
                        image.nodes().size());
    }

    private static List<Map<String, Object>> nodeRows(RecoveryPlan plan) {
        List<Map<String, Object>> rows = new ArrayList<>();
        for (RecoveryPlan.Finding finding : plan.findings()) {
            NodeReport report = finding.report();
            Map<String, Object> row = new LinkedHashMap<>();
            row.put("node", report.nodeId());
            row.put("address", report.address());
            row.put("offset", report.image().nextOffset());
            row.put("epoch", report.image().controllerEpoch());
            row.put("state", finding.lost() ? "knows what is lost" : "follows the database");
            row.put("regressed", report.regressed());
            rows.add(row);
        }
        return rows;
    }

    private static Map<String, Object> asMap(
            RecoveryPlan plan, Map<String, String> silent, @Nullable Path written) {
        Map<String, Object> map = new LinkedHashMap<>();
        NodeReport source = plan.source();
        map.put("needed", plan.isNeeded());
        map.put("applicable", plan.isApplicable());
        map.put("applied", written != null);
        map.put("backup", written == null ? null : written.toString());
        map.put("cluster_id", plan.database().clusterId());
        map.put("database_offset", plan.database().nextOffset());
        map.put("database_epoch", plan.database().controllerEpoch());
        map.put("source_node", source == null ? null : source.nodeId());
        map.put("recovered_offset", plan.recovered().nextOffset());
        map.put("recovered_epoch", plan.recovered().controllerEpoch());
        map.put("nodes", nodeRows(plan));
        map.put("silent", silent);
        map.put("restored_topics", plan.restoredTopics());
        map.put("kept_topics", plan.keptTopics());
        map.put("dropped_topics", plan.droppedTopics());
        map.put("refusals", plan.refusals());
        return map;
    }
}
