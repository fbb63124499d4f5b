package io.headrace.standalone.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.standalone.Program;
import io.headrace.standalone.cluster.NodeProcess.Signal;
import io.headrace.testkit.process.ChildProcess;
import io.headrace.testkit.wait.Eventually;

import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Up, status, a leader that is killed, start again, one that hangs, what was acknowledged, down.
 */
@Timeout(420)
@Order(3)
class ClusterIT {
    private static final Duration LIMIT = Duration.ofMinutes(5);
    private static final String TOPIC = "orders";
    private static final int RECORDS = 200;

    @TempDir private Path folder;

    @Test
    void losesNothingWhenALeaderIsKilled() throws Exception {
        String dir = folder.resolve("cluster").toString();
        try {
            String up =
                    run(0, "cluster", "up", "--dir", dir, "--kafka-port", "0", "--http-port", "0");
            assertThat(up).contains("Headrace is up: Kafka 127.0.0.1:");
            assertThat(run(1, "cluster", "up", "--dir", dir)).contains("runs (");

            JsonNode status = status(dir);
            assertThat(status.path("nodes").size()).isEqualTo(7);
            for (JsonNode node : status.path("nodes")) {
                assertThat(node.path("state").asString()).isEqualTo("up");
            }
            String bootstrap = status.path("bootstrap").asString();
            int leader = createTopic(bootstrap);
            produce(bootstrap, 0);

            assertThat(run(0, "cluster", "kill", "-9", "--dir", dir, "" + leader))
                    .contains("storage-" + leader)
                    .contains("was killed");
            assertThat(stateOf(status(dir), leader)).isEqualTo("down");
            produce(bootstrap, RECORDS);
            assertThat(read(bootstrap)).isEqualTo(expected(2 * RECORDS));

            run(0, "cluster", "start", "--dir", dir);
            assertThat(stateOf(status(dir), leader)).isEqualTo("up");
            assertThat(read(bootstrap)).isEqualTo(expected(2 * RECORDS));

            LocalCluster cluster = LocalCluster.in(new ClusterDirectory(Path.of(dir)));
            pauseUntilReplaced(cluster, cluster.plan().node("" + leader), dir);
            produce(bootstrap, 2 * RECORDS);
            assertThat(read(bootstrap)).isEqualTo(expected(3 * RECORDS));

            // One that hangs when everything is stopped is not started again.
            cluster.signal(cluster.plan().node("storage-1"), Signal.STOP);
        } finally {
            run(0, "cluster", "down", "--dir", dir);
        }
        assertThat(processesThatName(dir)).isEmpty();
        for (JsonNode node : status(dir).path("nodes")) {
            assertThat(node.path("state").asString()).isEqualTo("down");
        }
    }

    private static void pauseUntilReplaced(LocalCluster cluster, NodePlan node, String dir)
            throws Exception {
        NodeProcess before = cluster.process(node).orElseThrow();
        assertThat(run(0, "cluster", "kill", "-STOP", "--dir", dir, node.name()))
                .contains("(pid " + before.pid() + ") is paused; its watchdog ends it")
                .contains("after 2 s");
        Eventually.until(
                LIMIT,
                () -> !before.isAlive() && cluster.state(node) == LocalCluster.State.UP,
                node.name() + " in a new process");
        NodeProcess after = cluster.process(node).orElseThrow();
        assertThat(run(0, "cluster", "kill", "-CONT", "--dir", dir, node.name()))
                .contains("(pid " + after.pid() + ") runs in the place of process " + before.pid());
    }

    /** The nodes' processes and what watches them have the directory in their command lines. */
    private static List<String> processesThatName(String dir) throws IOException {
        List<String> found = new ArrayList<>();
        try (DirectoryStream<Path> processes =
                Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
            for (Path process : processes) {
                String command = commandLine(process);
                if (command.contains(dir)) {
                    found.add(process.getFileName() + " " + command);
                }
            }
        }
        return found;
    }

    /** Nothing when it has ended meanwhile. */
    private static String commandLine(Path process) {
        try {
            return Files.readString(process.resolve("cmdline")).replace('\0', ' ');
        } catch (IOException ended) {
            return "";
        }
    }

    private static String run(int exit, String... arguments) throws IOException {
        try (ChildProcess process =
                Program.java("-Xmx256m", "-XX:+UseSerialGC").arguments(arguments).start()) {
            assertThat(process.awaitExit(LIMIT))
                    .as("%s: %s", Arrays.toString(arguments), process.output())
                    .isEqualTo(exit);
            return process.output();
        }
    }

    private static JsonNode status(String dir) throws IOException {
        String said = run(0, "cluster", "status", "--json", "--dir", dir);
        String json = said.lines().filter(line -> line.startsWith("{")).findFirst().orElseThrow();
        return JsonMapper.builder().build().readTree(json);
    }

    private static String stateOf(JsonNode status, int id) {
        for (JsonNode node : status.path("nodes")) {
            if (node.path("id").asInt(0) == id) {
                return node.path("state").asString();
            }
        }
        return "not there";
    }

    private static int createTopic(String bootstrap) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
            admin.createTopics(
                            List.of(
                                    new NewTopic(TOPIC, Optional.of(1), Optional.of((short) 3))
                                            .configs(Map.of("min.insync.replicas", "2"))))
                    .all()
                    .get();
            TopicPartitionInfo partition =
                    Objects.requireNonNull(
                                    admin.describeTopics(List.of(TOPIC))
                                            .allTopicNames()
                                            .get()
                                            .get(TOPIC))
                            .partitions()
                            .getFirst();
            assertThat(partition.replicas()).hasSize(3);
            return partition.leader().id();
        }
    }

    private static void produce(String bootstrap, int from) throws Exception {
        try (KafkaProducer<String, String> producer =
                new KafkaProducer<>(
                        Map.of("bootstrap.servers", bootstrap, "acks", "all"),
                        new StringSerializer(),
                        new StringSerializer())) {
            for (int i = from; i < from + RECORDS - 1; i++) {
                producer.send(new ProducerRecord<>(TOPIC, "" + i));
            }
            producer.send(new ProducerRecord<>(TOPIC, "" + (from + RECORDS - 1))).get();
        }
    }

    private static List<String> expected(int count) {
        List<String> values = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            values.add("" + i);
        }
        return values;
    }

    private static List<String> read(String bootstrap) {
        TopicPartition partition = new TopicPartition(TOPIC, 0);
        List<String> values = new ArrayList<>();
        try (KafkaConsumer<String, String> consumer =
                new KafkaConsumer<>(
                        Map.of("bootstrap.servers", bootstrap),
                        new StringDeserializer(),
                        new StringDeserializer())) {
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            long end =
                    Objects.requireNonNull(consumer.endOffsets(List.of(partition)).get(partition));
            while (consumer.position(partition) < end) {
                for (ConsumerRecord<String, String> one : consumer.poll(Duration.ofMillis(200))) {
                    values.add(one.value());
                }
            }
        }
        return values;
    }
}
