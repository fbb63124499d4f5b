package io.headrace.client;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A cluster to test against: the one that the system property {@code bootstrap} names, or Apache
 * Kafka, one combined node in a JVM of its own.
 */
final class KafkaCluster {
    private static final Duration START_TIMEOUT = Duration.ofSeconds(60);

    private static @Nullable KafkaCluster shared;

    private final String bootstrap;

    private KafkaCluster(String bootstrap) {
        this.bootstrap = bootstrap;
    }

    /** The one for all test classes of this JVM; it ends with the JVM. */
    static synchronized KafkaCluster shared() throws IOException {
        KafkaCluster known = shared;
        if (known == null) {
            String given = System.getProperty("bootstrap", "");
            known = given.isEmpty() ? startKafka() : new KafkaCluster(given);
            shared = known;
        }
        return known;
    }

    String bootstrap() {
        return bootstrap;
    }

    private static KafkaCluster startKafka() throws IOException {
        Path directory = Files.createTempDirectory("kafka-peer");
        int port = freePort();
        int controllerPort = freePort();
        Path config = directory.resolve("server.properties");
        Files.writeString(config, config(directory, port, controllerPort));
        format(config);
        Path log = directory.resolve("kafka.log");
        Process process =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-Xmx512m",
                                "-XX:TieredStopAtLevel=1",
                                "-XX:+UseSerialGC",
                                "-cp",
                                System.getProperty("java.class.path"),
                                "kafka.Kafka",
                                config.toString())
                        .redirectErrorStream(true)
                        .redirectOutput(log.toFile())
                        .start();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(process, directory)));
        awaitPort(process, port, log);
        return new KafkaCluster("127.0.0.1:" + port);
    }

    private static String config(Path directory, int port, int controllerPort) {
        return String.join(
                "\n",
                "process.roles=broker,controller",
                "node.id=1",
                "controller.quorum.voters=1@127.0.0.1:" + controllerPort,
                "listeners=PLAINTEXT://127.0.0.1:"
                        + port
                        + ",CONTROLLER://127.0.0.1:"
                        + controllerPort,
                "advertised.listeners=PLAINTEXT://127.0.0.1:" + port,
                "controller.listener.names=CONTROLLER",
                "log.dirs=" + directory.resolve("data"),
                "offsets.topic.replication.factor=1",
                "offsets.topic.num.partitions=4",
                "transaction.state.log.replication.factor=1",
                "transaction.state.log.min.isr=1",
                "transaction.state.log.num.partitions=4",
                "group.initial.rebalance.delay.ms=0",
                "auto.create.topics.enable=false",
                "");
    }

    private static void format(Path config) {
        int code =
                kafka.tools.StorageTool.execute(
                        new String[] {
                            "format", "-t", "bXktY2x1c3Rlci1mb3ItdA", "-c", config.toString()
                        },
                        new PrintStream(
                                OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8));
        if (code != 0) {
            throw new IllegalStateException("Formatting Kafka's directory ended with " + code);
        }
    }

    private static void awaitPort(Process process, int port, Path log) throws IOException {
        long deadline = System.nanoTime() + START_TIMEOUT.toNanos();
        while (System.nanoTime() - deadline < 0) {
            if (!process.isAlive()) {
                break;
            }
            try (Socket socket = new Socket()) {
                socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 100);
                return;
            } catch (IOException e) {
                Thread.onSpinWait(); // Not yet; asked again until the deadline.
            }
        }
        process.destroyForcibly();
        throw new IllegalStateException("Kafka did not start:\n" + Files.readString(log));
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static void stop(Process process, Path directory) {
        process.destroyForcibly();
        try {
            process.waitFor(10, TimeUnit.SECONDS);
            List<Path> files;
            try (Stream<Path> all = Files.walk(directory)) {
                files = all.sorted(Comparator.reverseOrder()).toList();
            }
            for (Path file : files) {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("Kafka's directory is still there", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
