package io.headrace.standalone.up;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;

/** {@code headrace up}: runs all services in this process until it is told to stop. */
@Command(
        name = "up",
        description = {
            "Run the whole platform in this process: Kafka protocol, HTTP, WebSocket, storage.",
            "",
            "  headrace up",
            "  headrace up --data /var/lib/headrace --kafka-port 19092 --http-port 18080",
            "",
            "Ctrl-C stops it; records stay in the data directory."
        },
        mixinStandardHelpOptions = true)
public final class UpCommand implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Option(
            names = "--data",
            paramLabel = "DIR",
            defaultValue = "data",
            description = "Where records and metadata are kept. Default: ${DEFAULT-VALUE}.")
    private Path data = Path.of("data");

    @Option(
            names = "--kafka-port",
            paramLabel = "PORT",
            defaultValue = "9092",
            description = "The port for Kafka clients; 0 for any. Default: ${DEFAULT-VALUE}.")
    private int kafkaPort = 9092;

    @Option(
            names = "--http-port",
            paramLabel = "PORT",
            defaultValue = "8080",
            description = "The port for HTTP and WebSocket; 0 for any. Default: ${DEFAULT-VALUE}.")
    private int httpPort = 8080;

    @Option(
            names = "--host",
            paramLabel = "ADDRESS",
            defaultValue = "localhost",
            description =
                    "The address to listen on; 0.0.0.0 for all. Default: ${DEFAULT-VALUE}, so that"
                            + " only this machine can connect.")
    private String host = "localhost";

    @Option(
            names = "--set",
            paramLabel = "NAME=VALUE",
            description = "A setting of a service, such as headrace.storage.loops=2; repeatable.")
    private Map<String, String> settings = Map.of();

    @Option(
            names = "--train",
            hidden = true,
            description = "Start, use every part once and stop: for the JVM's cache of classes.")
    private boolean train;

    @Override
    public Integer call() throws Exception {
        checkPort(kafkaPort, "--kafka-port");
        checkPort(httpPort, "--http-port");
        Platform.Options options =
                new Platform.Options(
                        data,
                        host,
                        kafkaPort,
                        httpPort,
                        train && settings.isEmpty() ? Training.settings() : settings);
        Platform platform = new Platform(options);
        Thread hook = new Thread(() -> stop(platform), "stop");
        Runtime.getRuntime().addShutdownHook(hook);
        try {
            platform.start();
            spec.commandLine()
                    .getOut()
                    .printf(
                            "Headrace is up: Kafka %s, HTTP http://%s, data %s (%.1f s)%n",
                            platform.kafkaAddress(),
                            platform.httpAddress(),
                            data.toAbsolutePath().normalize(),
                            secondsOfProcess());
            spec.commandLine().getOut().flush();
            if (train) {
                Runtime.getRuntime().removeShutdownHook(hook);
                return new Training(options).run(platform);
            }
            platform.awaitEnd();
            return 0;
        } catch (StartFailedException e) {
            return fail(hook, String.valueOf(e.getMessage()));
        } catch (ExecutionException e) {
            platform.close();
            return fail(hook, "A service ended, so all do: " + Platform.messageOf(e));
        }
    }

    private int fail(Thread hook, String message) throws InterruptedException {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException signalled) {
            // It failed because it was told to stop: the hook ends the process with 0.
            hook.join();
            return 0;
        }
        spec.commandLine().getErr().println("headrace: " + message);
        return 1;
    }

    /** Since the process was started, the JVM's own start included. */
    private static double secondsOfProcess() {
        Instant now = Instant.now();
        Instant begun = ProcessHandle.current().info().startInstant().orElse(now);
        return Duration.between(begun, now).toMillis() / 1000.0;
    }

    /** A stop that was asked for by a signal and is done is no failure: it ends with 0. */
    private static void stop(Platform platform) {
        int exit = 1;
        try {
            platform.close();
            exit = 0;
        } finally {
            Runtime.getRuntime().halt(exit);
        }
    }

    private void checkPort(int port, String option) {
        if (port < 0 || port > 65_535) {
            throw new CommandLine.ParameterException(
                    spec.commandLine(), option + " must be from 0 to 65535, not " + port + ".");
        }
    }
}
