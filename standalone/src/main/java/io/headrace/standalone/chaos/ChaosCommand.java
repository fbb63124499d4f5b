package io.headrace.standalone.chaos;

import io.headrace.standalone.Version;
import io.headrace.standalone.cluster.ClusterDirectory;
import io.headrace.standalone.cluster.ClusterFailureException;
import io.headrace.standalone.command.QuietLog;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;

/** {@code headrace chaos}: real faults under real load, and the proof that nothing was lost. */
@Command(
        name = "chaos",
        description = {
            "Start a cluster, load it, break it again and again, and check that nothing was lost.",
            "",
            "  headrace chaos --minutes 10",
            "  headrace chaos --faults kill,pause --seed 42",
            "",
            "Processes and faults are real. The exit code is 1 when a promise was broken."
        },
        mixinStandardHelpOptions = true)
public final class ChaosCommand implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Option(
            names = "--minutes",
            defaultValue = "10",
            description = "How long. Default: ${DEFAULT-VALUE}.")
    private double minutes = 10;

    @Option(
            names = "--faults",
            split = ",",
            paramLabel = "FAULT",
            description =
                    "kill, pause, partition, powerloss, disk, clock, restart, controller, network."
                            + " Default: all.")
    private List<FaultKind> kinds = List.of(FaultKind.values());

    @Option(names = "--seed", description = "Draws the schedule. Default: a fresh one, printed.")
    private @Nullable Long seed;

    @Option(
            names = "--rate",
            defaultValue = "600",
            description = "Records a second. Default: ${DEFAULT-VALUE}.")
    private int rate = 600;

    @Option(
            names = "--stall",
            paramLabel = "SECONDS",
            defaultValue = "30",
            description =
                    "A workload that gets nothing done for longer has failed. Default:"
                            + " ${DEFAULT-VALUE}.")
    private int stallSeconds = 30;

    @Option(names = "--storage", defaultValue = "3", description = "Storage nodes. Default: 3.")
    private int storage = 3;

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
            description =
                    "An empty directory for the cluster and its logs. Default: a temporary one.")
    private @Nullable Path directory;

    @Option(
            names = "--report",
            paramLabel = "FILE",
            defaultValue = "chaos-report",
            description =
                    "Where the report goes, as FILE.txt and FILE.html. Default: ${DEFAULT-VALUE}.")
    private Path report = Path.of("chaos-report");

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (minutes <= 0 || minutes > 24 * 60) {
            throw new CommandLine.ParameterException(
                    spec.commandLine(), "--minutes must be more than 0 and at most 1440.");
        }
        QuietLog.nothing();
        PrintWriter err = spec.commandLine().getErr();
        Duration total = Duration.ofMillis((long) (minutes * 60_000));
        long drawn = seed == null ? new SecureRandom().nextLong(1L << 40) : seed;
        ChaosResult result = run(total, drawn, err);
        Report page = new Report(result, Version.current());
        write(report.resolveSibling(report.getFileName() + ".txt"), page.text());
        write(report.resolveSibling(report.getFileName() + ".html"), page.html());
        PrintWriter out = spec.commandLine().getOut();
        out.println(page.text());
        out.flush();
        return result.violations().isEmpty() ? 0 : 1;
    }

    private ChaosResult run(Duration total, long drawn, PrintWriter err)
            throws IOException, InterruptedException {
        ChaosCluster chaos =
                ChaosCluster.prepare(home(err), storage, coordinators, settings, kinds, drawn);
        Thread hook = new Thread(chaos::close, "stop-cluster");
        Runtime.getRuntime().addShutdownHook(hook);
        try {
            if (chaos.kinds().isEmpty()) {
                throw new ClusterFailureException("None of these faults is possible here");
            }
            Schedule schedule = Schedule.draw(drawn, total.toMillis(), chaos.kinds());
            chaos.notes().forEach(note -> say(err, note));
            say(err, "Seed " + drawn + ", " + schedule.events().size() + " faults:");
            for (Schedule.Event event : schedule.events()) {
                say(
                        err,
                        String.format(
                                Locale.ROOT,
                                "  at %.1f s for %.1f s: %s",
                                event.atMs() / 1e3,
                                event.lastsMs() / 1e3,
                                event.kind().name().toLowerCase(Locale.ROOT)));
            }
            ChaosRun run =
                    new ChaosRun(
                            chaos, rate, Duration.ofSeconds(stallSeconds), line -> say(err, line));
            return run.run(schedule, total);
        } finally {
            chaos.close();
            Runtime.getRuntime().removeShutdownHook(hook);
        }
    }

    private ClusterDirectory home(PrintWriter err) throws IOException {
        Path path = directory == null ? Files.createTempDirectory("headrace-chaos") : directory;
        ClusterDirectory home = new ClusterDirectory(path);
        if (home.plan().isPresent()) {
            throw new ClusterFailureException(
                    home.path() + " holds a cluster already: choose an empty directory with --dir");
        }
        say(err, "The cluster and its logs are in " + home.path());
        return home;
    }

    private static void write(Path file, String text) throws IOException {
        Path parent = file.toAbsolutePath().getParent();
        if (parent != null) {
            Files.createDirectories(parent);
        }
        Files.writeString(file, text);
    }

    private static void say(PrintWriter err, String line) {
        err.println(line);
        err.flush();
    }
}
