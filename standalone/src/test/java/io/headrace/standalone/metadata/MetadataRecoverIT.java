package io.headrace.standalone.metadata;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.coordinator.CoordinatorApplication;
import io.headrace.coordinator.metadata.Database;
import io.headrace.coordinator.metadata.MetadataArchive;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.storage.StorageNode;
import io.headrace.storage.config.StorageProperties;
import io.headrace.testkit.wait.Eventually;

import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewPartitionReassignment;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.ElectionType;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.context.ConfigurableApplicationContext;

import picocli.CommandLine;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * A coordinator's database is restored from an old export while three storage nodes live: they
 * serve on, the command gives the database back what it lost, and the cluster goes on without a
 * topic, a record, a committed offset or a leader epoch gone.
 */
@Timeout(240)
class MetadataRecoverIT {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final String SECRET = "a secret of sixteen characters";
    private static final TopicPartition OLD = new TopicPartition("old", 0);
    private static final TopicPartition LOST = new TopicPartition("lost", 0);

    @TempDir private Path folder;
    private final List<StorageNode> nodes = new ArrayList<>();
    private @Nullable ConfigurableApplicationContext coordinator;
    private int port;
    private int produced;

    @BeforeEach
    void start() throws Exception {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = socket.getLocalPort();
        }
        startCoordinator("first");
        for (int id = 1; id <= 3; id++) {
            nodes.add(StorageNode.start(properties(id)));
        }
        for (StorageNode node : nodes) {
            node.started().get(60, TimeUnit.SECONDS);
        }
    }

    @AfterEach
    void stop() {
        nodes.forEach(StorageNode::close);
        stopCoordinator();
    }

    private void startCoordinator(String directory) {
        coordinator =
                CoordinatorApplication.application()
                        .run(
                                "--headrace.cluster.secret=" + SECRET,
                                "--headrace.coordinator.host=127.0.0.1",
                                "--headrace.coordinator.port=" + port,
                                "--headrace.coordinator.data-directory="
                                        + folder.resolve(directory),
                                "--headrace.coordinator.group.initial-rebalance-delay=0s",
                                "--server.port=0");
    }

    private void stopCoordinator() {
        ConfigurableApplicationContext running = coordinator;
        if (running != null) {
            running.close();
            coordinator = null;
        }
    }

    private StorageProperties properties(int id) {
        Map<String, Object> values =
                Map.of(
                        "headrace.storage.node-id",
                        id,
                        "headrace.storage.data-dirs",
                        folder.resolve("node" + id).toString(),
                        "headrace.storage.coordinators",
                        "127.0.0.1:" + port,
                        "headrace.storage.cluster-secret",
                        SECRET,
                        "headrace.storage.listener.host",
                        "127.0.0.1",
                        "headrace.storage.listener.port",
                        0,
                        "headrace.storage.loops",
                        1,
                        "headrace.storage.hazelcast.enabled",
                        false);
        return new Binder(new MapConfigurationPropertySource(values))
                .bindOrCreate("headrace.storage", StorageProperties.class);
    }

    private Map<String, Object> client() {
        return Map.of(
                "bootstrap.servers",
                nodes.stream()
                        .map(node -> "127.0.0.1:" + node.port())
                        .collect(Collectors.joining(",")));
    }

    private void createTopic(String name) throws Exception {
        try (Admin admin = Admin.create(client())) {
            admin.createTopics(
                            List.of(
                                    new NewTopic(name, Optional.of(1), Optional.of((short) 3))
                                            .configs(Map.of("min.insync.replicas", "2"))))
                    .all()
                    .get(30, TimeUnit.SECONDS);
        }
    }

    /** The replicas in the opposite order, and the first of them leads: the leader epoch rises. */
    private void moveLeader(TopicPartition partition) throws Exception {
        List<Integer> replicas = new ArrayList<>(image().assignedReplicas());
        java.util.Collections.reverse(replicas);
        try (Admin admin = Admin.create(client())) {
            admin.alterPartitionReassignments(
                            Map.of(partition, Optional.of(new NewPartitionReassignment(replicas))))
                    .all()
                    .get(30, TimeUnit.SECONDS);
            admin.electLeaders(ElectionType.PREFERRED, Set.of(partition))
                    .all()
                    .get(30, TimeUnit.SECONDS);
        }
        Eventually.until(LIMIT, () -> image().leaderId() == replicas.getFirst(), "it leads");
    }

    private PartitionImage image() {
        return partition(nodes.getFirst(), OLD);
    }

    private static PartitionImage partition(StorageNode node, TopicPartition partition) {
        MetadataImage image = node.cluster().image();
        return Objects.requireNonNull(
                Objects.requireNonNull(image.topic(partition.topic())).partition(0));
    }

    private void produce(TopicPartition partition, int count) throws Exception {
        try (var producer =
                new KafkaProducer<>(client(), new StringSerializer(), new StringSerializer())) {
            for (int i = 0; i < count; i++) {
                producer.send(new ProducerRecord<>(partition.topic(), 0, null, "" + produced++))
                        .get(60, TimeUnit.SECONDS);
            }
        }
    }

    private List<String> read(TopicPartition partition) {
        List<String> values = new ArrayList<>();
        try (var consumer =
                new KafkaConsumer<>(client(), new StringDeserializer(), new StringDeserializer())) {
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            long end = consumer.endOffsets(List.of(partition)).getOrDefault(partition, -1L);
            while (consumer.position(partition) < end) {
                consumer.poll(Duration.ofMillis(100)).forEach(r -> values.add(r.value()));
            }
        }
        return values;
    }

    private JsonNode recover(int exit, String... more) {
        StringWriter out = new StringWriter();
        List<String> arguments = new ArrayList<>();
        arguments.addAll(
                List.of("recover", "--data", folder.resolve("restored").toString(), "--json"));
        arguments.addAll(List.of("--secret", SECRET));
        arguments.addAll(Arrays.asList(more));
        int code =
                new CommandLine(new MetadataCommand())
                        .setOut(new PrintWriter(out, true))
                        .execute(arguments.toArray(String[]::new));
        assertThat(code).as(out.toString()).isEqualTo(exit);
        return JsonMapper.builder().build().readTree(out.toString());
    }

    private static List<String> texts(JsonNode array) {
        List<String> texts = new ArrayList<>();
        array.forEach(each -> texts.add(each.asString()));
        return texts;
    }

    @Test
    void whatTheDatabaseLostComesBackFromTheNodes() throws Exception {
        createTopic("old");
        produce(OLD, 20);
        stopCoordinator();
        Path export = folder.resolve("old.metadata");
        try (Database database = Database.embedded(folder.resolve("first"))) {
            MetadataArchive.export(database, export);
        }
        startCoordinator("first");
        createTopic("lost");
        produce(LOST, 20);
        commit();
        moveLeader(OLD);
        produce(OLD, 20);
        List<Integer> before = leaderEpochs();

        stopCoordinator();
        try (Database database = Database.embedded(folder.resolve("restored"))) {
            MetadataArchive.restore(database, export);
        }
        startCoordinator("restored");
        for (StorageNode node : nodes) {
            Eventually.until(LIMIT, () -> node.cluster().isRegressed(), "it is told so");
        }
        produce(LOST, 10); // who knows the leaders goes on meanwhile
        stopCoordinator();

        JsonNode dry = recover(0);
        assertThat(dry.path("needed").asBoolean()).isTrue();
        assertThat(dry.path("applicable").asBoolean()).isTrue();
        assertThat(dry.path("applied").asBoolean()).isFalse();
        assertThat(dry.path("nodes").size()).isEqualTo(3);
        assertThat(texts(dry.path("restored_topics"))).contains("lost");
        Path backup = folder.resolve("backup");
        JsonNode done = recover(0, "--apply", "--backup", backup.toString());
        assertThat(done.path("applied").asBoolean()).isTrue();
        assertThat(done.path("database_offset").asLong())
                .as("the dry run changed nothing")
                .isEqualTo(dry.path("database_offset").asLong());
        assertThat(Files.size(backup)).isPositive();

        startCoordinator("restored");
        for (StorageNode node : nodes) {
            Eventually.until(
                    LIMIT,
                    () ->
                            !node.cluster().isRegressed()
                                    && node.cluster().image().nextOffset()
                                            >= done.path("recovered_offset").asLong(),
                    "it follows again");
        }
        List<Integer> after = leaderEpochs();
        for (int i = 0; i < before.size(); i++) {
            assertThat(after.get(i)).isGreaterThan(before.get(i));
        }
        produce(OLD, 10);
        produce(LOST, 10);
        assertThat(read(OLD)).hasSize(50).doesNotHaveDuplicates();
        assertThat(read(LOST)).hasSize(40).doesNotHaveDuplicates();
        assertThat(committed()).isEqualTo(17);
        createTopic("new");
        Eventually.until(LIMIT, () -> image().isr().size() == 3, "all are in sync");
        stopCoordinator();
        assertThat(recover(0).path("needed").asBoolean()).isFalse();
    }

    private List<Integer> leaderEpochs() {
        return List.of(
                partition(nodes.getFirst(), OLD).leaderEpoch(),
                partition(nodes.getFirst(), LOST).leaderEpoch());
    }

    private void commit() {
        try (var consumer = group()) {
            consumer.assign(List.of(LOST));
            consumer.commitSync(Map.of(LOST, new OffsetAndMetadata(17)));
        }
    }

    private long committed() {
        try (var consumer = group()) {
            return Objects.requireNonNull(consumer.committed(Set.of(LOST)).get(LOST)).offset();
        }
    }

    private KafkaConsumer<String, String> group() {
        Map<String, Object> config = new java.util.HashMap<>(client());
        config.put("group.id", "a group");
        return new KafkaConsumer<>(config, new StringDeserializer(), new StringDeserializer());
    }
}
