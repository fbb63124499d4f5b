package io.headrace.standalone.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.standalone.RunningCluster;
import io.headrace.testkit.wait.Eventually;

import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Processes are killed and come back in other orders, all of them and two of three storage nodes:
 * every acknowledged record is there, and the cluster goes on by itself.
 */
@Tag("fault")
@Timeout(3_600)
class RestartOrdersFaultIT {
    private static final Duration LIMIT = Duration.ofMinutes(3);
    private static final TopicPartition PARTITION = new TopicPartition("orders", 0);
    private static final int RECORDS = 50;

    @TempDir private Path folder;
    private final List<String> acknowledged = new ArrayList<>();

    @SuppressWarnings("NullAway.Init") // set before each test
    private RunningCluster cluster;

    @BeforeEach
    void start() throws Exception {
        cluster = RunningCluster.start(folder, Map.of("default.replication.factor", "3"));
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", cluster.bootstrap()))) {
            admin.createTopics(
                            List.of(
                                    new NewTopic(
                                                    PARTITION.topic(),
                                                    Optional.of(1),
                                                    Optional.of((short) 3))
                                            .configs(Map.of("min.insync.replicas", "2"))))
                    .all()
                    .get();
        }
        produce();
    }

    @AfterEach
    void stop() {
        cluster.close();
    }

    private void produce() throws Exception {
        try (var producer =
                new KafkaProducer<>(
                        Map.of(
                                "bootstrap.servers",
                                cluster.bootstrap(),
                                "delivery.timeout.ms",
                                180_000,
                                "max.block.ms",
                                180_000),
                        new StringSerializer(),
                        new StringSerializer())) {
            for (int i = 0; i < RECORDS; i++) {
                String value = "" + acknowledged.size();
                producer.send(new ProducerRecord<>(PARTITION.topic(), 0, null, value))
                        .get(180, TimeUnit.SECONDS);
                acknowledged.add(value);
            }
        }
    }

    private List<String> read() {
        List<String> values = new ArrayList<>();
        try (var consumer =
                new KafkaConsumer<>(
                        Map.of("bootstrap.servers", cluster.bootstrap()),
                        new StringDeserializer(),
                        new StringDeserializer())) {
            consumer.assign(List.of(PARTITION));
            consumer.seekToBeginning(List.of(PARTITION));
            long end =
                    Objects.requireNonNull(
                            consumer.endOffsets(List.of(PARTITION), LIMIT).get(PARTITION));
            while (consumer.position(PARTITION, LIMIT) < end) {
                consumer.poll(Duration.ofMillis(200)).forEach(one -> values.add(one.value()));
            }
        }
        return values;
    }

    private void requireWhole(String story) throws Exception {
        Eventually.passes(LIMIT, () -> assertThat(read()).isEqualTo(acknowledged), story);
        produce();
        assertThat(read()).as(story).isEqualTo(acknowledged);
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", cluster.bootstrap()))) {
            Eventually.until(
                    LIMIT,
                    () ->
                            Objects.requireNonNull(
                                                    admin.describeTopics(List.of(PARTITION.topic()))
                                                            .allTopicNames()
                                                            .get()
                                                            .get(PARTITION.topic()))
                                            .partitions()
                                            .getFirst()
                                            .isr()
                                            .size()
                                    == 3,
                    "all are in sync again: " + story);
        }
    }

    @Test
    void allProcessesInManyOrders() throws Exception {
        List<List<String>> orders = new ArrayList<>();
        orders.add(cluster.names(Role.POSTGRES, Role.COORDINATOR, Role.STORAGE, Role.GATEWAY));
        orders.add(orders.getFirst().reversed());
        orders.add(cluster.names(Role.STORAGE, Role.POSTGRES, Role.COORDINATOR, Role.GATEWAY));
        List<String> coordinatorsFirst =
                cluster.names(Role.COORDINATOR, Role.STORAGE, Role.GATEWAY, Role.POSTGRES);
        Collections.swap(coordinatorsFirst, 0, 1);
        orders.add(coordinatorsFirst);
        for (List<String> order : orders) {
            for (String name : order.reversed()) {
                cluster.kill(name);
            }
            long begunNanos = System.nanoTime();
            cluster.startInOrder(order);
            requireWhole("started as " + order);
            System.out.printf(
                    "%s: whole after %d ms%n", order, (System.nanoTime() - begunNanos) / 1_000_000);
        }
    }

    @Test
    void twoOfThreeStorageNodesInEveryOrder() throws Exception {
        List<String> storage = cluster.names(Role.STORAGE);
        for (String first : storage) {
            for (String second : storage) {
                if (!first.equals(second)) {
                    for (List<String> returns :
                            List.of(List.of(first, second), List.of(second, first))) {
                        cluster.kill(first);
                        cluster.kill(second);
                        cluster.startInOrder(returns);
                        requireWhole("killed " + first + ", " + second + "; back " + returns);
                    }
                }
            }
        }
    }
}
