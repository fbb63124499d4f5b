package io.headrace.benchmarks.contender;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * Apache Kafka from Maven Central: combined nodes (broker and controller) with its stock
 * configuration.
 *
 * @param tuned with threads for two cores, larger socket buffers and the parallel collector instead
 * @param nodes how many; of several, all but one must have a record before it is acknowledged
 */
public record KafkaContender(
        String name,
        KafkaJars jars,
        String heap,
        Map<String, String> topicConfigs,
        boolean tuned,
        int nodes)
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
                + topicConfigs
                + (nodes > 1 ? ", nodes " + nodes : "");
    }

    @Override
    public Server start(Path directory) throws IOException, InterruptedException {
        List<Node> all = new ArrayList<>();
        for (int id = 1; id <= nodes; id++) {
            Path own = Files.createDirectories(directory.resolve("node-" + id));
            all.add(new Node(id, Contender.freePort(), Contender.freePort(), own));
        }
        String voters =
                all.stream()
                        .map(node -> node.id() + "@localhost:" + node.controllerPort())
                        .collect(Collectors.joining(","));
        for (Node node : all) {
            format(node, voters);
        }
        List<String> options = new ArrayList<>(tuned ? List.of("-XX:+UseParallelGC") : JVM_OPTIONS);
        options.addAll(List.of("-Xms" + heap, "-Xmx" + heap));
        Map<Integer, ProcessHandle> started = new TreeMap<>();
        long begun = System.nanoTime();
        for (Node node : all) {
            Process process =
                    jars.java(options, "kafka.Kafka", List.of(node.properties().toString()))
                            .redirectInput(new File("/dev/null"))
                            .redirectErrorStream(true)
                            .redirectOutput(node.directory().resolve("server.out").toFile())
                            .start();
            started.put(node.id(), process.toHandle());
        }
        for (Node node : all) {
            if (!jars.awaitServing(node.address(), directory.resolve("probe.out"))) {
                started.values().forEach(ProcessHandle::destroyForcibly);
                throw new IOException("Kafka did not start; see " + node.directory());
            }
        }
        long startMs = (System.nanoTime() - begun) / 1_000_000;
        String bootstrap = all.stream().map(Node::address).collect(Collectors.joining(","));
        return new Server(List.copyOf(started.values()), started, bootstrap, null, startMs);
    }

    private record Node(int id, int port, int controllerPort, Path directory) {
        String address() {
            return "localhost:" + port;
        }

        Path properties() {
            return directory.resolve("server.properties");
        }
    }

    private void format(Node node, String voters) throws IOException, InterruptedException {
        int inSync = Math.max(1, nodes - 1);
        Files.writeString(
                node.properties(),
                String.join(
                        "\n",
                        "process.roles=broker,controller",
                        "node.id=" + node.id(),
                        "controller.quorum.voters=" + voters,
                        "listeners=PLAINTEXT://"
                                + node.address()
                                + ",CONTROLLER://localhost:"
                                + node.controllerPort(),
                        "advertised.listeners=PLAINTEXT://" + node.address(),
                        "controller.listener.names=CONTROLLER",
                        String.join("\n", tuned ? TUNED : STOCK),
                        "offsets.topic.replication.factor=" + nodes,
                        "transaction.state.log.replication.factor=" + nodes,
                        "transaction.state.log.min.isr=" + inSync,
                        "share.coordinator.state.topic.replication.factor=" + nodes,
                        "share.coordinator.state.topic.min.isr=" + inSync,
                        "min.insync.replicas=" + inSync,
                        "log.segment.bytes=1073741824",
                        "log.dirs=" + node.directory().resolve("data"),
                        ""));
        Path said = node.directory().resolve("format.out");
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
                                        node.properties().toString()))
                        .redirectErrorStream(true)
                        .redirectOutput(said.toFile())
                        .start();
        if (!format.waitFor(60, TimeUnit.SECONDS) || format.exitValue() != 0) {
            format.destroyForcibly();
            throw new IOException("Kafka's format failed: " + said);
        }
    }
}
