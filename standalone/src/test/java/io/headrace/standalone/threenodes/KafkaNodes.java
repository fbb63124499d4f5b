package io.headrace.standalone.threenodes;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.testkit.process.ChildProcess;
import io.headrace.testkit.wait.Eventually;

import org.apache.kafka.clients.admin.Admin;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Three nodes of Apache Kafka, each broker and controller, to compare with. */
final class KafkaNodes implements AutoCloseable {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final int NODES = 3;
    private static final String CLUSTER_ID = "AAAAAAAAAAAAAAAAAAAAAA";

    private final List<ChildProcess> nodes = new ArrayList<>();
    private final List<Integer> ports;

    private KafkaNodes(List<Integer> ports) {
        this.ports = ports;
    }

    static KafkaNodes start(Path folder) throws IOException {
        KafkaNodes started = new KafkaNodes(freePorts());
        try {
            for (int node = 1; node <= NODES; node++) {
                started.startNode(Files.createDirectories(folder.resolve("kafka-" + node)), node);
            }
            try (Admin admin = Admin.create(Map.of("bootstrap.servers", started.bootstrap()))) {
                Eventually.until(
                        LIMIT,
                        () -> admin.describeCluster().nodes().get().size() == NODES,
                        "three nodes of Kafka");
            }
            return started;
        } catch (IOException | AssertionError failure) {
            started.close();
            throw failure;
        }
    }

    /** The first ports are the brokers', the rest the controllers'. */
    private static List<Integer> freePorts() throws IOException {
        List<ServerSocket> sockets = new ArrayList<>();
        try {
            for (int i = 0; i < 2 * NODES; i++) {
                sockets.add(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()));
            }
            return sockets.stream().map(ServerSocket::getLocalPort).toList();
        } finally {
            for (ServerSocket socket : sockets) {
                socket.close();
            }
        }
    }

    private void startNode(Path folder, int node) throws IOException {
        int port = ports.get(node - 1);
        String voters =
                IntStream.rangeClosed(1, NODES)
                        .mapToObj(each -> each + "@localhost:" + ports.get(NODES + each - 1))
                        .collect(Collectors.joining(","));
        Path properties = folder.resolve("server.properties");
        Files.writeString(
                properties,
                String.join(
                        "\n",
                        "process.roles=broker,controller",
                        "node.id=" + node,
                        "controller.quorum.voters=" + voters,
                        "listeners=PLAINTEXT://localhost:"
                                + port
                                + ",CONTROLLER://localhost:"
                                + ports.get(NODES + node - 1),
                        "advertised.listeners=PLAINTEXT://localhost:" + port,
                        "controller.listener.names=CONTROLLER",
                        "default.replication.factor=3",
                        "log.dirs=" + folder.resolve("data"),
                        ""));
        try (ChildProcess format =
                ChildProcess.java(kafka.tools.StorageTool.class, "-Xmx128m")
                        .arguments("format", "-t", CLUSTER_ID, "-c", properties.toString())
                        .start()) {
            assertThat(format.awaitExit(LIMIT)).as(format.tail()).isZero();
        }
        nodes.add(
                ChildProcess.java(kafka.Kafka.class, "-Xmx384m", "-XX:+UseG1GC")
                        .arguments(properties.toString())
                        .output(folder.resolve("out"))
                        .start());
    }

    String bootstrap() {
        return ports.stream()
                .limit(NODES)
                .map(port -> "localhost:" + port)
                .collect(Collectors.joining(","));
    }

    @Override
    public void close() {
        nodes.forEach(ChildProcess::close);
    }
}
