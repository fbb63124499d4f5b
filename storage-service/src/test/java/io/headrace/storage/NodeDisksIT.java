package io.headrace.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.headrace.testkit.wait.Eventually;

import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.KafkaStorageException;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * What a node keeps on its disks when the cluster's metadata was set back, and what it tells of a
 * disk that fails; over real sockets, with Kafka's clients.
 */
@Timeout(60)
class NodeDisksIT {
    private static final Duration SOON = Duration.ofSeconds(20);

    @TempDir Path directory;
    private Path first;
    private Path second;
    private FakeCoordinator coordinator;
    private StorageNode node;
    private String bootstrap;
    private final Map<String, Object> settings = new HashMap<>();

    @BeforeEach
    void start() throws Exception {
        first = directory.resolve("first");
        second = directory.resolve("second");
        coordinator = new FakeCoordinator();
        startNode();
    }

    @AfterEach
    void stop() {
        node.close();
        coordinator.close();
    }

    private void startNode() throws Exception {
        Map<String, Object> values = new HashMap<>(settings);
        values.put("headrace.storage.data-dirs[0]", first.toString());
        values.put("headrace.storage.data-dirs[1]", second.toString());
        node = StorageNode.start(NodeSettings.of(coordinator.port(), values));
        bootstrap = "localhost:" + node.started().get(20, TimeUnit.SECONDS).getPort();
    }

    private KafkaProducer<String, String> producer() {
        return new KafkaProducer<>(
                Map.of(
                        "bootstrap.servers", bootstrap,
                        "acks", "all",
                        "enable.idempotence", false,
                        "retries", 0,
                        "max.block.ms", 4_000,
                        "request.timeout.ms", 2_000,
                        "delivery.timeout.ms", 4_000),
                new StringSerializer(),
                new StringSerializer());
    }

    private void produce(String topic, int from, int end) throws Exception {
        try (KafkaProducer<String, String> producer = producer()) {
            for (int i = from; i < end; i++) {
                producer.send(new ProducerRecord<>(topic, 0, null, "v" + i)).get();
            }
        }
    }

    private List<String> read(String topic) {
        List<String> values = new ArrayList<>();
        TopicPartition partition = new TopicPartition(topic, 0);
        try (KafkaConsumer<String, String> consumer =
                new KafkaConsumer<>(
                        Map.of("bootstrap.servers", bootstrap, "enable.auto.commit", false),
                        new StringDeserializer(),
                        new StringDeserializer())) {
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            long end = consumer.endOffsets(List.of(partition)).getOrDefault(partition, 0L);
            while (consumer.position(partition) < end) {
                consumer.poll(Duration.ofMillis(200)).forEach(each -> values.add(each.value()));
            }
        }
        return values;
    }

    private static List<String> values(int count) {
        return Stream.iterate(0, i -> i + 1).limit(count).map(i -> "v" + i).toList();
    }

    /** The directories of logs, of both disks, whose names begin so. */
    private List<Path> logs(String prefix) throws IOException {
        List<Path> found = new ArrayList<>();
        for (Path disk : List.of(first, second)) {
            try (Stream<Path> entries = Files.list(disk)) {
                entries.filter(each -> each.getFileName().toString().startsWith(prefix))
                        .forEach(found::add);
            }
        }
        return found;
    }

    private static long bytesIn(Path log) throws IOException {
        return Files.size(log.resolve("00000000000000000000.log"));
    }

    @Test
    void aRunningNodeServesOnWhenTheMetadataIsSetBack() throws Exception {
        coordinator.createTopic("kept", 1, Map.of());
        int backup = coordinator.size();
        coordinator.createTopic("later", 1, Map.of());
        produce("kept", 0, 20);
        produce("later", 0, 20);
        coordinator.restore(backup);
        coordinator.createTopic("other", 1, Map.of());
        Eventually.until(SOON, coordinator::hasToldRegressed, "the node heard of it");
        produce("kept", 20, 40);
        produce("later", 20, 40);
        assertThat(read("kept")).isEqualTo(values(40));
        assertThat(read("later")).isEqualTo(values(40));
        assertThat(logs("later-0")).hasSize(1);
        assertThat(logs("other-0")).isEmpty();
    }

    @Test
    void aNodeThatStartsOnMetadataSetBackCutsAndDeletesNothing() throws Exception {
        coordinator.createTopic("kept", 1, Map.of());
        int backup = coordinator.size();
        coordinator.createTopic("later", 1, Map.of());
        for (int life = 0; life < 3; life++) {
            produce("kept", 10 * life, 10 * life + 10); // in a leader epoch of each life
            produce("later", 10 * life, 10 * life + 10);
            node.close();
            if (life < 2) {
                startNode();
            }
        }
        long keptBytes = bytesIn(logs("kept-0").getFirst());
        long laterBytes = bytesIn(logs("later-0").getFirst());
        coordinator.restore(backup);
        startNode();
        // The epoch that it is to lead in lies before its records: it must not write there.
        assertThatThrownBy(() -> produce("kept", 30, 31)).isInstanceOf(Exception.class);
        assertThat(logs("kept-0")).hasSize(1);
        assertThat(bytesIn(logs("kept-0").getFirst())).isEqualTo(keptBytes);
        List<Path> strays = logs("later-0");
        assertThat(strays).hasSize(1);
        assertThat(strays.getFirst().toString()).endsWith("-stray");
        assertThat(bytesIn(strays.getFirst())).isEqualTo(laterBytes);

        coordinator.elect("kept", 100);
        Eventually.passes(SOON, () -> produce("kept", 30, 31), "it leads beyond its records");
        assertThat(read("kept")).isEqualTo(values(31));
    }

    private Uuid idOf(Path disk) throws IOException {
        return Files.readAllLines(disk.resolve("meta.properties")).stream()
                .filter(line -> line.startsWith("directory.id="))
                .map(line -> Uuid.fromString(line.substring("directory.id=".length()).trim()))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void aDiskThatFailsIsReportedAndTakesOnlyItsOwnPartitions() throws Exception {
        coordinator.createTopic("spread", 4, Map.of());
        Uuid firstId = idOf(first);
        Uuid secondId = idOf(second);
        Eventually.until(
                SOON,
                () -> coordinator.placedReplicas().equals(Map.of(firstId, 2, secondId, 2)),
                "the node told where its replicas lie");
        assertThat(coordinator.offlineLogDirs()).isEmpty();
        List<Integer> there = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            if (Files.exists(first.resolve("spread-" + i))) {
                there.add(i);
            }
        }
        Files.move(second, directory.resolve("gone"));
        Eventually.until(
                SOON, () -> !coordinator.offlineLogDirs().isEmpty(), "the node told of the disk");
        assertThat(coordinator.offlineLogDirs()).containsExactly(secondId);
        try (KafkaProducer<String, String> producer = producer()) {
            for (int i = 0; i < 4; i++) {
                var sent = producer.send(new ProducerRecord<>("spread", i, null, "v"));
                if (there.contains(i)) {
                    sent.get();
                } else {
                    assertThatThrownBy(sent::get)
                            .isInstanceOf(ExecutionException.class)
                            .hasCauseInstanceOf(KafkaStorageException.class);
                }
            }
        }
    }

    /** With a limit that any flush exceeds. */
    @Test
    void aDiskThatIsSlowIsReported() throws Exception {
        assertThat(coordinator.slowLogDirs()).isEmpty();
        node.close();
        settings.put("headrace.storage.slow-disk.flush-time", "1ns");
        settings.put("headrace.storage.slow-disk.after", "100ms");
        startNode();
        coordinator.createTopic("slow", 1, Map.of());
        Eventually.until(
                SOON,
                () -> {
                    produce("slow", 0, 20);
                    return !coordinator.slowLogDirs().isEmpty();
                },
                "the node tells of the disk");
        Path disk = Files.exists(first.resolve("slow-0")) ? first : second;
        assertThat(coordinator.slowLogDirs()).containsExactly(idOf(disk));
    }
}
