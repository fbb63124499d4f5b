package io.headrace.storage;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.storage.config.StorageProperties;
import io.headrace.testkit.wait.Eventually;

import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Goal: nobody waits for a node that stops in order; real sockets, a controller in memory. */
@Timeout(60)
class LeavingNodeIT {
    private static final Duration SOON = Duration.ofSeconds(20);
    private static final long PAUSE_MS = 500;

    @TempDir Path directory;
    private final FakeController controller = new FakeController();
    private final Map<Integer, StorageNode> nodes = new TreeMap<>();

    @BeforeEach
    void start() throws Exception {
        for (int id = 1; id <= 3; id++) {
            nodes.put(id, StorageNode.start(properties(id)));
        }
        for (StorageNode node : nodes.values()) {
            node.started().get(20, TimeUnit.SECONDS);
        }
        controller.createTopic("t", List.of(List.of(1, 2, 3)), 2, Map.of());
    }

    @AfterEach
    void stop() {
        nodes.values().forEach(StorageNode::close);
        controller.close();
    }

    private StorageProperties properties(int id) {
        return NodeSettings.of(
                controller.port(),
                Map.of(
                        "headrace.storage.node-id",
                        id,
                        "headrace.storage.data-dirs",
                        directory.resolve("node" + id).toString(),
                        "headrace.storage.cluster-secret",
                        FakeController.SECRET,
                        "headrace.storage.listener.port",
                        0,
                        "headrace.storage.hazelcast.enabled",
                        false));
    }

    private StorageNode node(int id) {
        return Objects.requireNonNull(nodes.get(id));
    }

    private List<Integer> inSync() {
        return controller.partition("t", 0).isr().stream()
                .map(PartitionImage.IsrMember::nodeId)
                .toList();
    }

    private KafkaProducer<String, String> producer() {
        return new KafkaProducer<>(
                Map.of(
                        "bootstrap.servers",
                        "localhost:" + node(1).port(),
                        "acks",
                        "all",
                        "linger.ms",
                        0),
                new StringSerializer(),
                new StringSerializer());
    }

    /** It led nothing, so it went without a word, and acks=all waited until it was fenced. */
    @Test
    void aFollowerThatStopsLeavesTheInSyncSet() throws Exception {
        try (var producer = producer()) {
            producer.send(new ProducerRecord<>("t", 0, null, "one")).get(20, TimeUnit.SECONDS);
            node(3).close();
            assertThat(inSync()).containsExactly(1, 2);
            assertThat(
                            producer.send(new ProducerRecord<>("t", 0, null, "two"))
                                    .get(5, TimeUnit.SECONDS)
                                    .offset())
                    .isEqualTo(1);
        }
    }

    /**
     * It goes on fetching until it is told that it may stop; its leader had it proposed again for
     * that, and then waited for it until the controller refused.
     */
    @Test
    void aFollowerThatStopsIsNotTakenBack() throws Exception {
        controller.answerLeaversAfter(PAUSE_MS);
        try (var producer = producer()) {
            producer.send(new ProducerRecord<>("t", 0, null, "one")).get(20, TimeUnit.SECONDS);
            CompletableFuture<Void> stopped = CompletableFuture.runAsync(node(3)::close);
            Eventually.until(SOON, () -> inSync().equals(List.of(1, 2)), "node 3 to leave");
            int after = 0;
            while (!stopped.isDone()) {
                producer.send(new ProducerRecord<>("t", 0, null, "x")).get(20, TimeUnit.SECONDS);
                after++;
            }
            assertThat(after).isPositive();
            assertThat(controller.leaversProposed()).isZero();
        }
    }
}
