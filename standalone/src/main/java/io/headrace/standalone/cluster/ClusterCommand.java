package io.headrace.standalone.cluster;

import io.headrace.standalone.cluster.NodeProcess.Signal;
import io.headrace.standalone.command.Printer;
import io.headrace.standalone.serve.WatchdogSettings;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

import java.nio.file.Path;
import java.text.DecimalFormat;
import java.text.DecimalFormatSymbols;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** {@code headrace cluster}: a cluster of separate processes on this machine. */
@Command(
        name = "cluster",
        description = {
            "Run a cluster of separate processes on this machine: the way to try failover.",
            "",
            "  headrace cluster up",
            "  headrace cluster kill -9 storage-1",
            "  headrace cluster status",
            "  headrace cluster start storage-1",
            "  headrace cluster down",
            "",
            "NODE is a name, such as coordinator-1, or the id that clients see."
        },
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND")
public final class ClusterCommand implements Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    /** Which cluster. */
    static final class DirectoryOption {
        @Option(
                names = "--dir",
                paramLabel = "DIR",
                defaultValue = "cluster",
                description = "The cluster's directory. Default: ${DEFAULT-VALUE}.")
        Path path = Path.of("cluster");

        ClusterDirectory directory() {
            return new ClusterDirectory(path);
        }
    }

    @Override
    public void run() {
        throw new CommandLine.ParameterException(
                spec.commandLine(), "Say what to do: up, status, kill, start or down.");
    }

    @Command(
            name = "up",
            description = {
                "Start a cluster, or start again the one that is in the directory.",
                "",
                "PostgreSQL comes from embedded binaries unless --jdbc-url names another one."
            },
            mixinStandardHelpOptions = true)
    void up(
            @Mixin DirectoryOption dir,
            @Option(names = "--storage", description = "Storage nodes. Default: 3.")
                    @Nullable Integer storage,
            @Option(names = "--coordinators", description = "Coordinators. Default: 2.")
                    @Nullable Integer coordinators,
            @Option(
                            names = "--kafka-port",
                            paramLabel = "PORT",
                            description =
                                    "The port of the first storage node, the others take the next"
                                            + " ones; 0 for any. Default: 9092.")
                    @Nullable Integer kafkaPort,
            @Option(
                            names = "--http-port",
                            paramLabel = "PORT",
                            description = "The gateway's port; 0 for any. Default: 8080.")
                    @Nullable Integer httpPort,
            @Option(
                            names = "--jdbc-url",
                            paramLabel = "URL",
                            description = "PostgreSQL to use: jdbc:postgresql://host/database.")
                    @Nullable String jdbcUrl,
            @Option(
                            names = "--jdbc-user",
                            defaultValue = "${env:HEADRACE_JDBC_USER:-}",
                            description = "Its user. Default: $HEADRACE_JDBC_USER.")
                    String jdbcUser,
            @Option(
                            names = "--jdbc-password",
                            defaultValue = "${env:HEADRACE_JDBC_PASSWORD:-}",
                            showDefaultValue = CommandLine.Help.Visibility.NEVER,
                            description = "Its password. Default: $HEADRACE_JDBC_PASSWORD.")
                    String jdbcPassword,
            @Option(
                            names = "--set",
                            paramLabel = "NAME=VALUE",
                            description =
                                    "A setting for every node: Kafka's name of a broker config"
                                            + " (num.partitions, default.replication.factor, ...)"
                                            + " or a property (headrace.storage.loops, ...);"
                                            + " repeatable.")
                    @Nullable Map<String, String> settings)
            throws InterruptedException {
        checkPort(kafkaPort, "--kafka-port");
        checkPort(httpPort, "--http-port");
        ClusterPlanner.Wish wish =
                new ClusterPlanner.Wish(
                        storage,
                        coordinators,
                        kafkaPort,
                        httpPort,
                        jdbcUrl,
                        jdbcUser,
                        jdbcPassword,
                        settings == null ? Map.of() : settings,
                        Map.of());
        ClusterDirectory directory = dir.directory();
        directory.change(() -> new ClusterStart(directory, spec.commandLine().getOut()).up(wish));
    }

    private void checkPort(@Nullable Integer port, String option) {
        if (port != null && (port < 0 || port > 65_535)) {
            throw new CommandLine.ParameterException(
                    spec.commandLine(), option + " must be from 0 to 65535, not " + port + ".");
        }
    }

    @Command(
            name = "status",
            description = "Show where the cluster is, its nodes, who is active and who leads.",
            mixinStandardHelpOptions = true)
    void status(
            @Mixin DirectoryOption dir,
            @Option(names = "--json", description = "Print JSON.") boolean json) {
        new StatusReport(LocalCluster.in(dir.directory())).print(new Printer(spec, json));
    }

    /** The signal to send; without an option a node is asked to stop. */
    static final class SignalOption {
        @Option(
                names = {"-9", "-KILL"},
                description = "Kill it where it stands.")
        boolean kill;

        @Option(names = "-STOP", description = "Pause it.")
        boolean stop;

        @Option(names = "-CONT", description = "Let a paused one go on.")
        boolean cont;

        @Option(names = "-TERM", description = "Ask it to stop; the default.")
        boolean term;

        Signal signal(CommandSpec spec) {
            List<Signal> given = new ArrayList<>();
            add(given, kill, Signal.KILL);
            add(given, stop, Signal.STOP);
            add(given, cont, Signal.CONT);
            add(given, term, Signal.TERM);
            if (given.size() > 1) {
                throw new CommandLine.ParameterException(
                        spec.commandLine(), "One signal at a time: -9, -STOP, -CONT or -TERM.");
            }
            return given.isEmpty() ? Signal.TERM : given.getFirst();
        }

        private static void add(List<Signal> given, boolean set, Signal signal) {
            if (set) {
                given.add(signal);
            }
        }
    }

    @Command(
            name = "kill",
            description = "Send a signal to nodes; without one, ask them to stop.",
            mixinStandardHelpOptions = true)
    void kill(
            @Mixin DirectoryOption dir,
            @Mixin SignalOption signal,
            @Parameters(arity = "1..*", paramLabel = "NODE", description = "A name or an id.")
                    List<String> names)
            throws InterruptedException {
        Signal chosen = signal.signal(spec);
        Printer printer = new Printer(spec, false);
        ClusterDirectory directory = dir.directory();
        LocalCluster cluster = LocalCluster.in(directory);
        List<NodePlan> nodes = names.stream().map(cluster.plan()::node).toList();
        directory.change(
                () -> {
                    for (NodePlan node : nodes) {
                        boolean wasPaused =
                                cluster.process(node).filter(NodeProcess::isPaused).isPresent();
                        long pid = cluster.signal(node, chosen).pid();
                        printer.line(
                                node.name()
                                        + " (pid "
                                        + pid
                                        + ") "
                                        + done(cluster, node, chosen, wasPaused));
                    }
                });
    }

    private static String done(
            LocalCluster cluster, NodePlan node, Signal signal, boolean wasPaused) {
        return switch (signal) {
            case KILL -> "was killed";
            case STOP ->
                    "is paused"
                            + cluster.watchdogTimeout(node)
                                    .map(ClusterCommand::whatTheWatchdogDoes)
                                    .orElse("");
            case CONT ->
                    wasPaused
                            ? "goes on"
                            : cluster.replaced(node)
                                    .map(
                                            hung ->
                                                    "runs in the place of process "
                                                            + hung
                                                            + ", which hung and was ended by its"
                                                            + " watchdog")
                                    .orElse("was not paused");
            case TERM, INT -> "has stopped";
        };
    }

    private static String whatTheWatchdogDoes(Duration timeout) {
        return String.format(
                Locale.ROOT,
                "; its watchdog ends it and starts it again after %s s (--set %s=0: never)",
                new DecimalFormat("#.###", DecimalFormatSymbols.getInstance(Locale.ROOT))
                        .format(timeout.toMillis() / 1000.0),
                WatchdogSettings.TIMEOUT);
    }

    @Command(
            name = "start",
            description = "Start nodes that are down; without NODE, all of them.",
            mixinStandardHelpOptions = true)
    void start(
            @Mixin DirectoryOption dir,
            @Parameters(arity = "0..*", paramLabel = "NODE", description = "A name or an id.")
                    @Nullable List<String> names)
            throws InterruptedException {
        ClusterDirectory directory = dir.directory();
        LocalCluster cluster = LocalCluster.in(directory);
        List<NodePlan> nodes =
                names == null || names.isEmpty()
                        ? cluster.plan().nodes().stream()
                                .filter(node -> cluster.process(node).isEmpty())
                                .toList()
                        : names.stream().map(cluster.plan()::node).toList();
        if (nodes.isEmpty()) {
            new Printer(spec, false).line("All nodes run.");
        }
        directory.change(
                () ->
                        new ClusterStart(directory, spec.commandLine().getOut())
                                .start(cluster, nodes));
    }

    @Command(
            name = "down",
            description = "Stop all nodes. Records and metadata stay in the directory.",
            mixinStandardHelpOptions = true)
    void down(
            @Mixin DirectoryOption dir,
            @Option(names = "--delete", description = "Remove the directory as well.")
                    boolean delete)
            throws InterruptedException {
        ClusterDirectory directory = dir.directory();
        LocalCluster cluster = LocalCluster.in(directory);
        Printer printer = new Printer(spec, false);
        directory.change(
                () -> {
                    ClusterStop.down(cluster, printer::line);
                    if (delete) {
                        directory.delete();
                    }
                });
        printer.line("The cluster in " + directory.path() + (delete ? " is gone." : " is down."));
    }
}
