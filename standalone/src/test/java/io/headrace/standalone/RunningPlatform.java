package io.headrace.standalone;

import io.headrace.testkit.process.ChildProcess;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** {@code headrace up} in a JVM of its own, on free ports. */
public final class RunningPlatform implements AutoCloseable {
    private static final Duration START_LIMIT = Duration.ofSeconds(60);
    private static final Pattern UP =
            Pattern.compile("Headrace is up: Kafka (\\S+), HTTP http://(\\S+), data (.*) \\(.*\\)");

    private final ChildProcess process;
    private final String kafkaAddress;
    private final String httpAddress;

    private RunningPlatform(ChildProcess process, String kafkaAddress, String httpAddress) {
        this.process = process;
        this.kafkaAddress = kafkaAddress;
        this.httpAddress = httpAddress;
    }

    /** Starts the platform over a data directory and waits until it serves. */
    public static RunningPlatform start(Path data, String... moreArguments) throws IOException {
        return start(data, List.of(), moreArguments);
    }

    /** As {@link #start(Path, String...)}, with options of the JVM. */
    public static RunningPlatform start(Path data, List<String> jvmOptions, String... moreArguments)
            throws IOException {
        return start(java(jvmOptions), data, moreArguments);
    }

    /** As {@link #start(Path, String...)}, of a program without arguments yet. */
    public static RunningPlatform start(
            ChildProcess.Builder program, Path data, String... moreArguments) throws IOException {
        List<String> arguments = new ArrayList<>();
        arguments.addAll(List.of("up", "--data", data.toString()));
        arguments.addAll(List.of(moreArguments));
        for (String port : List.of("--kafka-port", "--http-port")) {
            if (!arguments.contains(port)) {
                arguments.addAll(List.of(port, "0"));
            }
        }
        ChildProcess process = program.arguments(arguments.toArray(String[]::new)).start();
        try {
            String line = process.awaitLine(START_LIMIT, text -> UP.matcher(text).matches());
            Matcher matcher = UP.matcher(line);
            if (!matcher.matches()) {
                throw new AssertionError(line);
            }
            return new RunningPlatform(process, matcher.group(1), matcher.group(2));
        } catch (AssertionError failure) {
            failure.addSuppressed(new AssertionError(whereItStands(process, data)));
            process.close();
            throw failure;
        }
    }

    /** What a process that does not come up has said and logged, and what its threads do. */
    private static String whereItStands(ChildProcess process, Path data) throws IOException {
        String said = process.isAlive() ? "" : process.tail();
        if (process.isAlive()) {
            try (ChildProcess dump =
                    ChildProcess.command(
                                    Path.of(System.getProperty("java.home"), "bin", "jcmd")
                                            .toString(),
                                    "" + process.pid(),
                                    "Thread.print")
                            .start()) {
                dump.awaitExit(START_LIMIT);
                said = process.tail() + "\n" + dump.output();
            }
        }
        Path log = data.resolve("headrace.log");
        return said + "\n" + (Files.exists(log) ? Files.readString(log) : "no " + log);
    }

    /** The program in a JVM of its own, without arguments yet. */
    public static ChildProcess.Builder java(List<String> jvmOptions) {
        List<String> options =
                new ArrayList<>(
                        List.of(
                                "-Xmx512m",
                                "-XX:+UseSerialGC",
                                "--enable-native-access=ALL-UNNAMED",
                                "--sun-misc-unsafe-memory-access=allow"));
        options.addAll(jvmOptions);
        return Program.java(options.toArray(String[]::new));
    }

    public String kafkaAddress() {
        return kafkaAddress;
    }

    /** {@code http://host:port}. */
    public String httpUrl() {
        return "http://" + httpAddress;
    }

    /** {@code ws://host:port}. */
    public String webSocketUrl() {
        return "ws://" + httpAddress;
    }

    public ChildProcess process() {
        return process;
    }

    /** Stops it as Ctrl-C would and answers the exit code. */
    public int stop() {
        process.terminate();
        return process.awaitExit(Duration.ofSeconds(20));
    }

    @Override
    public void close() {
        process.close();
    }
}
