package io.headrace.benchmarks;

import io.headrace.benchmarks.contender.Contender;
import io.headrace.benchmarks.contender.FloorContender;
import io.headrace.benchmarks.contender.HeadraceClusterContender;
import io.headrace.benchmarks.contender.HeadraceContender;
import io.headrace.benchmarks.contender.KafkaContender;
import io.headrace.benchmarks.contender.KafkaJars;
import io.headrace.benchmarks.load.FanOut;
import io.headrace.benchmarks.load.KafkaTools;
import io.headrace.benchmarks.load.NativeLoad;
import io.headrace.benchmarks.load.Wrk;
import io.headrace.benchmarks.report.HtmlReport;
import io.headrace.benchmarks.report.Results;
import io.headrace.benchmarks.report.TextReport;
import io.headrace.benchmarks.scenario.Scenario;
import io.headrace.benchmarks.scenario.ScenarioRun;
import io.headrace.benchmarks.scenario.Scenarios;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;

/** {@code headrace bench}: measures scenarios, side by side with Apache Kafka and the floor. */
@Command(
        name = "headrace bench",
        description = {
            "Measure speed; side by side with --vs kafka and --vs floor.",
            "",
            "  headrace bench --list",
            "  headrace bench produce-100b --vs kafka --vs floor",
            "  headrace bench --vs kafka --pairs 5 --resume",
            "",
            "Each system is started fresh in turn, A B A B, on empty directories."
        },
        mixinStandardHelpOptions = true)
public final class Bench implements Callable<Integer> {
    private static final Map<String, String> EACH_FLUSHED = Map.of("flush.messages", "1");

    /** Whom to compare with. */
    enum Peer {
        KAFKA,
        KAFKA_TUNED,
        /** Flushes every record before it answers, as our default does. */
        KAFKA_FLUSHED,
        FLOOR
    }

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Parameters(
            arity = "0..*",
            paramLabel = "SCENARIO",
            description = "Cells to measure; --list names them. Default: all.")
    private List<String> chosen = List.of();

    @Option(names = "--list", description = "List the scenarios and end.")
    private boolean list;

    @Option(
            names = "--vs",
            paramLabel = "PEER",
            description = "Compare with: ${COMPLETION-CANDIDATES}. May be repeated.")
    private List<Peer> peers = List.of();

    @Option(
            names = "--vs-home",
            paramLabel = "DIR",
            description = "Compare with another checkout of this platform, built.")
    private @Nullable Path otherHome;

    @Option(
            names = "--pairs",
            defaultValue = "5",
            description = "Runs of each system. Default: ${DEFAULT-VALUE}.")
    private int pairs = 5;

    @Option(
            names = "--seconds",
            defaultValue = "20",
            description = "How long each load lasts. Default: ${DEFAULT-VALUE}.")
    private int seconds = 20;

    @Option(
            names = "--heap",
            defaultValue = "512m",
            description = "The heap of each server. Default: ${DEFAULT-VALUE}.")
    private String heap = "512m";

    @Option(
            names = "--out",
            paramLabel = "DIR",
            defaultValue = "benchmarks/target/results",
            description = "Where results.json and index.html go. Default: ${DEFAULT-VALUE}.")
    private Path out = Path.of("benchmarks/target/results");

    @Option(names = "--resume", description = "Keep the runs that --out has, and do the rest.")
    private boolean resume;

    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    /** Runs the command line. */
    public static void main(String[] arguments) {
        CommandLine program = new CommandLine(new Bench());
        program.setCaseInsensitiveEnumValuesAllowed(true);
        System.exit(program.execute(arguments));
    }

    @Override
    public Integer call() throws Exception {
        PrintWriter output = spec.commandLine().getOut();
        if (list) {
            Scenarios.ALL.forEach(scenario -> output.println(scenario.describe()));
            return 0;
        }
        Path home = Path.of(System.getProperty("headrace.home", ".")).toAbsolutePath().normalize();
        Path module = home.resolve("benchmarks");
        PrintWriter progress = spec.commandLine().getErr();
        Tools tools = Tools.get(home, module, progress);
        Results results = Results.open(home.resolve(out), resume);
        boolean failed = false;
        for (Scenario scenario : scenarios()) {
            failed |= !measure(scenario, contenders(scenario, home, tools), tools, results);
        }
        if (json) {
            output.println(results.json());
        } else {
            TextReport.print(results, output);
        }
        progress.println("Page: " + HtmlReport.write(results, machine()));
        output.flush();
        return failed ? 1 : 0;
    }

    private List<Scenario> scenarios() {
        if (chosen.isEmpty()) {
            return Scenarios.ALL;
        }
        List<Scenario> found = new ArrayList<>();
        for (String name : chosen) {
            found.add(
                    Scenarios.named(name)
                            .orElseThrow(
                                    () ->
                                            new CommandLine.ParameterException(
                                                    spec.commandLine(),
                                                    "No scenario '" + name + "'; see --list.")));
        }
        return found;
    }

    /** What loads are made with. */
    private record Tools(KafkaJars jars, NativeLoad load, Wrk wrk, FanOut fanOut) {
        static Tools get(Path home, Path module, PrintWriter progress)
                throws IOException, InterruptedException {
            NativeLoad load = NativeLoad.build(module);
            return new Tools(
                    KafkaJars.fetch(home, progress),
                    load,
                    new Wrk(module.resolve("src/main/http")),
                    FanOut.build(module, load));
        }
    }

    private List<Contender> contenders(Scenario scenario, Path home, Tools tools) {
        List<Contender> contenders = new ArrayList<>();
        Map<String, String> configs =
                scenario.fsync() ? Map.of() : Map.of("flush.policy", "page-cache");
        contenders.add(ours(scenario, home, "headrace", configs));
        if (otherHome != null) {
            contenders.add(ours(scenario, otherHome, "headrace-other", configs));
        }
        for (Peer peer : peers) {
            switch (peer) {
                case KAFKA -> {
                    if (scenario.kind().hasPeer()) {
                        contenders.add(kafka("kafka", scenario, tools, Map.of(), false));
                    }
                }
                case KAFKA_TUNED -> {
                    if (scenario.kind().hasPeer()) {
                        contenders.add(kafka("kafka-tuned", scenario, tools, Map.of(), true));
                    }
                }
                case KAFKA_FLUSHED -> {
                    if (scenario.kind().hasPeer()) {
                        contenders.add(
                                kafka("kafka-flushed", scenario, tools, EACH_FLUSHED, false));
                    }
                }
                case FLOOR -> {
                    if (scenario.kind().hasFloor()) {
                        contenders.add(new FloorContender("floor", heap, scenario.partitions()));
                    }
                }
            }
        }
        return contenders;
    }

    private Contender ours(Scenario scenario, Path from, String name, Map<String, String> configs) {
        return scenario.nodes() == 1 && scenario.kind() != Scenario.Kind.MEMORY
                ? new HeadraceContender(from, name, heap, configs)
                : new HeadraceClusterContender(from, name, scenario.nodes(), configs);
    }

    private Contender kafka(
            String name,
            Scenario scenario,
            Tools tools,
            Map<String, String> topicConfigs,
            boolean tuned) {
        return new KafkaContender(name, tools.jars(), heap, topicConfigs, tuned, scenario.nodes());
    }

    /** Whether all runs are there. */
    private boolean measure(
            Scenario scenario, List<Contender> contenders, Tools tools, Results results)
            throws IOException, InterruptedException {
        PrintWriter progress = spec.commandLine().getErr();
        progress.println(scenario.describe());
        boolean complete = true;
        for (int pair = 1; pair <= pairs; pair++) {
            for (Contender contender : contenders) {
                if (results.has(scenario.name(), contender.name(), pair)) {
                    continue;
                }
                Path folder = Files.createTempDirectory("headrace-bench");
                Map<String, Double> figures;
                try {
                    figures =
                            new ScenarioRun(
                                            scenario,
                                            contender,
                                            seconds,
                                            tools.load(),
                                            new KafkaTools(tools.jars()),
                                            tools.wrk(),
                                            tools.fanOut())
                                    .run(folder);
                } catch (IOException | RuntimeException e) {
                    progress.printf("%d/%d %s FAILED: %s%n", pair, pairs, contender.name(), e);
                    complete = false;
                    continue;
                } finally {
                    delete(folder);
                }
                results.add(
                        new Results.Run(
                                scenario.name(),
                                scenario.describe(),
                                contender.name(),
                                contender.settings(),
                                pair,
                                new LinkedHashMap<>(figures)));
                progress.printf("%d/%d %-12s %s%n", pair, pairs, contender.name(), figures);
                progress.flush();
            }
        }
        return complete;
    }

    private static String machine() throws IOException {
        String processor =
                Files.readAllLines(Path.of("/proc/cpuinfo")).stream()
                        .filter(line -> line.startsWith("model name"))
                        .map(line -> line.substring(line.indexOf(':') + 1).strip())
                        .findFirst()
                        .orElse("");
        return Runtime.getRuntime().availableProcessors()
                + " cores, "
                + processor
                + ", Linux "
                + System.getProperty("os.version")
                + ", Java "
                + System.getProperty("java.version")
                + ". Clients run on the same machine. \"others' cores\" is what neither the server"
                + " nor the client used.";
    }

    private static void delete(Path folder) throws IOException {
        try (var files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
