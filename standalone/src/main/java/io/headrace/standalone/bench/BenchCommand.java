package io.headrace.standalone.bench;

import io.headrace.standalone.failover.FailoverCommand;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;

/**
 * {@code headrace bench}: the module {@code benchmarks}, as a program of its own, so that nothing
 * of it is on the platform's class path. Built when it is first asked for.
 */
@Command(
        name = "bench",
        description = {
            "Measure speed, side by side with Apache Kafka.",
            "",
            "  headrace bench --list",
            "  headrace bench produce-100b --vs kafka --vs floor",
            "  headrace bench --help",
            "  headrace bench failover"
        },
        subcommands = FailoverCommand.class)
public final class BenchCommand implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Parameters(
            arity = "0..*",
            paramLabel = "ARGUMENT",
            description = "What to measure, and options; --help explains them.")
    private List<String> arguments = List.of();

    @Option(
            names = {"-h", "--help"},
            description = "Explain the program's options.")
    private boolean help;

    @Override
    public Integer call() throws IOException, InterruptedException {
        Path home = Path.of(System.getProperty("headrace.home", ".")).toAbsolutePath().normalize();
        Path module = home.resolve("benchmarks");
        if (!Files.isDirectory(module.resolve("src"))) {
            throw new CommandLine.ExecutionException(
                    spec.commandLine(), "'headrace bench' needs the sources, at " + module);
        }
        if (isStale(module)) {
            build(home);
        }
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(
                List.of(
                        "-Xmx256m",
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "--enable-native-access=ALL-UNNAMED",
                        "--sun-misc-unsafe-memory-access=allow",
                        "-Dheadrace.home=" + home,
                        "-cp",
                        module.resolve("target/classes")
                                + ":"
                                + module.resolve("target/lib")
                                + "/*",
                        "io.headrace.benchmarks.Bench"));
        command.addAll(arguments);
        if (help) {
            command.add("--help");
        }
        Process program = new ProcessBuilder(command).inheritIO().start();
        Thread ending = new Thread(program::destroy);
        Runtime.getRuntime().addShutdownHook(ending);
        return program.waitFor();
    }

    private static Path jarOf(Path module) {
        return module.resolve("target/benchmarks.jar");
    }

    private static boolean isStale(Path module) throws IOException {
        Path jar = jarOf(module);
        if (!Files.exists(jar)) {
            return true;
        }
        long builtMs = Files.getLastModifiedTime(jar).toMillis();
        try (Stream<Path> sources = Files.walk(module.resolve("src/main/java"))) {
            return sources.anyMatch(source -> source.toFile().lastModified() > builtMs);
        }
    }

    private void build(Path home) throws IOException, InterruptedException {
        PrintWriter progress = spec.commandLine().getErr();
        progress.println("Building the benchmarks ...");
        progress.flush();
        Process maven =
                new ProcessBuilder("mvn", "-q", "-Dquick", "-pl", "benchmarks", "-am", "package")
                        .directory(home.toFile())
                        .inheritIO()
                        .redirectInput(new File("/dev/null"))
                        .start();
        if (maven.waitFor() != 0) {
            throw new IOException("Maven could not build the benchmarks; its output is above");
        }
    }
}
