package io.headrace.benchmarks.contender;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Apache Kafka from Maven Central: one combined node with its stock configuration.
 *
 * @param tuned with threads for two cores, larger socket buffers and the parallel collector instead
 */
public record KafkaContender(
        String name, KafkaJars jars, String heap, Map<String, String> topicConfigs, boolean tuned)
        implements Contender {
    private static final String CLUSTER_ID = "AAAAAAAAAAAAAAAAAAAAAA";

    /** What Kafka's own start script gives its JVM, but for the heap. */
    private static final List<String> JVM_OPTIONS =
            List.of(
                    "-server",
                    "-XX:+UseG1GC",
                    "-XX:MaxGCPauseMillis=20",
                    "-XX:InitiatingHeapOccupancyPercent=35",
                    "-XX:+ExplicitGCInvokesConcurrent",
                    "-Djava.awt.headless=true");

    private static final List<String> STOCK =
            List.of(
                    "num.network.threads=3",
                    "num.io.threads=8",
                    "socket.send.buffer.bytes=102400",
                    "socket.receive.buffer.bytes=102400");
    private static final List<String> TUNED =
            List.of(
                    "num.network.threads=2",
                    "num.io.threads=2",
                    "socket.send.buffer.bytes=1048576",
                    "socket.receive.buffer.bytes=1048576");

    @Override
    public String settings() {
        return "Apache Kafka "
                + KafkaJars.VERSION
                + (tuned
                        ? ", tuned: " + TUNED + ", ParallelGC"
                        : ", stock configuration (config/server.properties values)")
                + ", heap "
                + heap
                + ", topic configs "
                + topicConfigs;
    }

    @Override
    public Server start(Path directory) throws IOException, InterruptedException {
        int port = Contender.freePort();
        int controllerPort = Contender.freePort();
        Path properties = directory.resolve("server.properties");
        Files.writeString(
                properties,
                String.join(
                        "\n",
                        "process.roles=broker,controller",
                        "node.id=1",
                        "controller.quorum.voters=1@localhost:" + controllerPort,
                        "listeners=PLAINTEXT://localhost:"
                                + port
                                + ",CONTROLLER://localhost:"
                                + controllerPort,
                        "advertised.listeners=PLAINTEXT://localhost:" + port,
                        "controller.listener.names=CONTROLLER",
                        String.join("\n", tuned ? TUNED : STOCK),
                        "offsets.topic.replication.factor=1",
                        "transaction.state.log.replication.factor=1",
                        "transaction.state.log.min.isr=1",
                        "share.coordinator.state.topic.replication.factor=1",
                        "share.coordinator.state.topic.min.isr=1",
                        "log.segment.bytes=1073741824",
                        "log.dirs=" + directory.resolve("data"),
                        ""));
        Process format =
                jars.java(
                                List.of("-Xmx256m"),
                                "kafka.tools.StorageTool",
                                List.of(
                                        "format",
                                        "--ignore-formatted",
                                        "-t",
                                        CLUSTER_ID,
                                        "-c",
                                        properties.toString()))
                        .redirectErrorStream(true)
                        .redirectOutput(directory.resolve("format.out").toFile())
                        .start();
        if (!format.waitFor(60, TimeUnit.SECONDS) || format.exitValue() != 0) {
            format.destroyForcibly();
            throw new IOException("Kafka's format failed: " + directory.resolve("format.out"));
        }
        List<String> options = new ArrayList<>(tuned ? List.of("-XX:+UseParallelGC") : JVM_OPTIONS);
        options.addAll(List.of("-Xms" + heap, "-Xmx" + heap));
        long begun = System.nanoTime();
        Process process =
                jars.java(options, "kafka.Kafka", List.of(properties.toString()))
                        .redirectInput(new File("/dev/null"))
                        .redirectErrorStream(true)
                        .redirectOutput(directory.resolve("server.out").toFile())
                        .start();
        String bootstrap = "localhost:" + port;
        if (!jars.awaitServing(bootstrap, directory.resolve("probe.out"))) {
            process.destroyForcibly();
            throw new IOException("Kafka did not start; see " + directory.resolve("server.out"));
        }
        return new Server(
                List.of(process), bootstrap, null, (System.nanoTime() - begun) / 1_000_000);
    }
}
