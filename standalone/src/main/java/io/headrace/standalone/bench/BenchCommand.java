package io.headrace.standalone.bench;

import io.headrace.standalone.command.TopicCommand;
import io.headrace.standalone.failover.FailoverCommand;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;

/** {@code headrace bench}: measures, side by side with Apache Kafka if asked to. */
@Command(
        name = "bench",
        description = {
            "Measure speed with Kafka's own performance tools; side by side with --vs kafka.",
            "",
            "  headrace bench produce --vs kafka",
            "  headrace bench produce --vs kafka --page-cache",
            "  headrace bench latency --pairs 3 --json",
            "  headrace bench failover",
            "",
            "Each system is started fresh in turn, A B A B, on empty directories."
        },
        mixinStandardHelpOptions = true,
        subcommands = FailoverCommand.class)
public final class BenchCommand implements Callable<Integer> {
    /** Whom to compare with. */
    enum Peer {
        KAFKA
    }

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Parameters(
            index = "0",
            arity = "0..1",
            paramLabel = "SCENARIO",
            description = "produce, consume or latency (end to end, one record at a time).")
    private Load.@Nullable Kind chosen;

    @Option(names = "--vs", paramLabel = "PEER", description = "Compare with: kafka.")
    private @Nullable Peer peer;

    @Option(
            names = "--pairs",
            defaultValue = "5",
            description = "Runs of each system. Default: ${DEFAULT-VALUE}.")
    private int pairs = 5;

    @Option(names = "--records", description = "Records of a run. Default: for about 10 s.")
    private @Nullable Long records;

    @Option(
            names = "--record-size",
            paramLabel = "BYTES",
            defaultValue = "100",
            description = "Bytes of a record. Default: ${DEFAULT-VALUE}.")
    private int recordBytes = 100;

    @Option(
            names = "--partitions",
            defaultValue = "6",
            description = "Partitions of the topic. Default: ${DEFAULT-VALUE}.")
    private int partitions = 6;

    @Option(
            names = "--page-cache",
            description =
                    "Headrace's topic acknowledges from the page cache, as Kafka does, instead of"
                            + " after fsync.")
    private boolean pageCache;

    @Option(
            names = "--heap",
            defaultValue = "512m",
            description = "The heap of each server. Default: ${DEFAULT-VALUE}.")
    private String heap = "512m";

    @Option(
            names = "--dir",
            paramLabel = "DIR",
            description = "Where servers keep their data while they run. Default: a temporary one.")
    private @Nullable Path directory;

    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    @Override
    public Integer call() throws Exception {
        Load.Kind kind = chosen;
        if (kind == null) {
            throw new CommandLine.ParameterException(
                    spec.commandLine(),
                    "Say what to measure: produce, consume, latency or failover.");
        }
        PrintWriter progress = spec.commandLine().getErr();
        Path home = Path.of(System.getProperty("headrace.home", ".")).toAbsolutePath().normalize();
        KafkaJars jars = KafkaJars.fetch(home, progress);
        long count = records != null ? records : defaultRecords(kind);
        Load load = new Load(kind, count, recordBytes, partitions, jars);
        List<Contender> contenders = new ArrayList<>();
        contenders.add(
                new HeadraceContender(
                        home,
                        pageCache ? "headrace (page cache)" : "headrace",
                        heap,
                        pageCache ? Map.of("flush.policy", "page-cache") : Map.of()));
        if (peer == Peer.KAFKA) {
            contenders.add(new KafkaContender("kafka", jars, heap, Map.of()));
        }
        for (Contender contender : contenders) {
            progress.println(contender.name() + ": " + contender.settings());
        }
        Map<String, List<Map<String, Double>>> results = measure(contenders, load, progress);
        if (json) {
            spec.commandLine()
                    .getOut()
                    .println(JsonMapper.builder().build().writeValueAsString(results));
        } else {
            print(results, load);
        }
        spec.commandLine().getOut().flush();
        return 0;
    }

    private long defaultRecords(Load.Kind kind) {
        return switch (kind) {
            case PRODUCE, CONSUME -> Math.max(50_000, 500_000_000L / Math.max(100, recordBytes));
            case LATENCY -> 5_000;
        };
    }

    private Map<String, List<Map<String, Double>>> measure(
            List<Contender> contenders, Load load, PrintWriter progress)
            throws IOException, InterruptedException {
        Map<String, List<Map<String, Double>>> results = new LinkedHashMap<>();
        for (int pair = 1; pair <= pairs; pair++) {
            for (Contender contender : contenders) {
                Path folder =
                        directory == null
                                ? Files.createTempDirectory("headrace-bench")
                                : Files.createDirectories(directory.resolve("run-" + pair));
                Map<String, Double> figures;
                try (Server server = contender.start(folder)) {
                    createTopic(server, contender.topicConfigs());
                    figures = load.run(server, folder);
                    figures.put("start ms", (double) server.startMs());
                } finally {
                    delete(folder);
                }
                results.computeIfAbsent(contender.name(), name -> new ArrayList<>()).add(figures);
                progress.printf(
                        "%d/%d %-22s %s%n", pair, pairs, contender.name(), shortForm(figures));
                progress.flush();
            }
        }
        return results;
    }

    /** With this program's own command: Kafka's refuses configs that only Headrace has. */
    private void createTopic(Server server, Map<String, String> configs) throws IOException {
        List<String> arguments =
                new ArrayList<>(List.of("create", "-b", server.bootstrap(), "-r", "1", Load.TOPIC));
        arguments.addAll(List.of("-p", "" + partitions, "--json"));
        configs.forEach((name, value) -> arguments.addAll(List.of("-c", name + "=" + value)));
        StringWriter said = new StringWriter();
        CommandLine program = new CommandLine(new TopicCommand());
        program.setOut(new PrintWriter(said)).setErr(new PrintWriter(said));
        if (program.execute(arguments.toArray(new String[0])) != 0) {
            throw new IOException("Cannot create the topic: " + said);
        }
    }

    private static String shortForm(Map<String, Double> figures) {
        StringBuilder text = new StringBuilder();
        figures.forEach(
                (name, value) -> text.append(name).append(' ').append(number(value)).append("  "));
        return text.toString().stripTrailing();
    }

    private void print(Map<String, List<Map<String, Double>>> results, Load load) {
        PrintWriter out = spec.commandLine().getOut();
        out.printf(
                "%n%s: %,d records of %d bytes, %d partitions, acks=all; median of %d runs"
                        + " (lowest to highest)%n",
                load.kind().name().toLowerCase(Locale.ROOT),
                load.records(),
                load.recordBytes(),
                load.partitions(),
                pairs);
        List<String> names = List.copyOf(results.keySet());
        for (String figure : runsOf(results, names.getFirst()).getFirst().keySet()) {
            out.printf("  %-24s", figure);
            for (String name : names) {
                double[] values = sorted(runsOf(results, name), figure);
                out.printf(
                        "  %s %s (%s to %s)",
                        name,
                        number(median(values)),
                        number(values[0]),
                        number(values[values.length - 1]));
            }
            if (names.size() == 2) {
                double[] ratios = new double[pairs];
                for (int i = 0; i < pairs; i++) {
                    ratios[i] =
                            figure(runsOf(results, names.get(0)).get(i), figure)
                                    / figure(runsOf(results, names.get(1)).get(i), figure);
                }
                Arrays.sort(ratios);
                out.printf(
                        Locale.ROOT,
                        "  ratio %.2f (%.2f to %.2f)",
                        median(ratios),
                        ratios[0],
                        ratios[ratios.length - 1]);
            }
            out.println();
        }
    }

    private static double[] sorted(List<Map<String, Double>> runs, String figure) {
        return runs.stream().mapToDouble(run -> figure(run, figure)).sorted().toArray();
    }

    private static double figure(Map<String, Double> run, String name) {
        return run.getOrDefault(name, Double.NaN);
    }

    private static List<Map<String, Double>> runsOf(
            Map<String, List<Map<String, Double>>> results, String name) {
        return results.getOrDefault(name, List.of());
    }

    private static double median(double[] sorted) {
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    private static String number(double value) {
        return value >= 1000
                ? String.format(Locale.ROOT, "%,.0f", value)
                : String.format(Locale.ROOT, "%.2f", value);
    }

    private static void delete(Path folder) throws IOException {
        try (var files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
