package io.headrace.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.headrace.storage.compaction.CompactionCounters;
import io.headrace.storage.config.StorageProperties;
import io.headrace.testkit.wait.Eventually;

import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeReplicaLogDirsResult;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionReplica;
import org.apache.kafka.common.errors.LogDirNotFoundException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/** A storage node over real sockets, with Kafka's own clients and a coordinator in memory. */
@Timeout(60)
class StorageNodeIT {
    @TempDir Path directory;
    private FakeCoordinator coordinator;
    private StorageNode node;
    private String bootstrap;
    private Map<String, Object> nodeSettings = Map.of();

    @BeforeEach
    void start() throws Exception {
        coordinator = new FakeCoordinator();
        startNode();
    }

    @AfterEach
    void stop() {
        node.close();
        coordinator.close();
    }

    private void startNode() throws Exception {
        node = StorageNode.start(properties(nodeSettings));
        InetSocketAddress address = node.started().get(20, TimeUnit.SECONDS);
        bootstrap = "localhost:" + address.getPort();
    }

    private StorageProperties properties(Map<String, Object> more) {
        Map<String, Object> values = new HashMap<>(more);
        if (!more.containsKey("headrace.storage.data-dirs[0]")) {
            values.put("headrace.storage.data-dirs", directory.toString());
        }
        return NodeSettings.of(coordinator.port(), values);
    }

    private KafkaProducer<String, String> producer(Map<String, Object> more) {
        Map<String, Object> config = new HashMap<>();
        config.put("bootstrap.servers", bootstrap);
        config.put("delivery.timeout.ms", 20_000);
        config.put("request.timeout.ms", 10_000);
        config.putAll(more);
        return new KafkaProducer<>(config, new StringSerializer(), new StringSerializer());
    }

    private KafkaConsumer<String, String> consumer() {
        Map<String, Object> config = new HashMap<>();
        config.put("bootstrap.servers", bootstrap);
        config.put("auto.offset.reset", "earliest");
        config.put("enable.auto.commit", false);
        return new KafkaConsumer<>(config, new StringDeserializer(), new StringDeserializer());
    }

    private List<ConsumerRecord<String, String>> readAll(String topic, int partitions, int count) {
        List<ConsumerRecord<String, String>> all = new ArrayList<>();
        try (KafkaConsumer<String, String> consumer = consumer()) {
            List<TopicPartition> assigned = new ArrayList<>();
            for (int i = 0; i < partitions; i++) {
                assigned.add(new TopicPartition(topic, i));
            }
            consumer.assign(assigned);
            consumer.seekToBeginning(assigned);
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
            while (all.size() < count && System.nanoTime() < deadline) {
                consumer.poll(Duration.ofMillis(200)).forEach(all::add);
            }
        }
        return all;
    }

    @ParameterizedTest
    @ValueSource(strings = {"none", "gzip", "snappy", "lz4", "zstd"})
    void recordsComeBackAsTheyWereProduced(String codec) throws Exception {
        List<Future<RecordMetadata>> sent = new ArrayList<>();
        try (var producer = producer(Map.of("compression.type", codec, "acks", "all"))) {
            for (int i = 0; i < 500; i++) {
                sent.add(producer.send(new ProducerRecord<>("t-" + codec, 0, "k" + i, "v" + i)));
            }
        }
        for (int i = 0; i < 500; i++) {
            assertThat(sent.get(i).get().offset()).isEqualTo(i);
        }
        List<ConsumerRecord<String, String>> read = readAll("t-" + codec, 1, 500);
        assertThat(read).hasSize(500);
        for (int i = 0; i < 500; i++) {
            assertThat(read.get(i).offset()).isEqualTo(i);
            assertThat(read.get(i).key()).isEqualTo("k" + i);
            assertThat(read.get(i).value()).isEqualTo("v" + i);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "1", "all"})
    void everyKindOfAcknowledgementWorksOverManyPartitions(String acks) {
        coordinator.createTopic("many", 5, Map.of());
        Map<String, Object> config =
                Map.of("acks", acks, "enable.idempotence", acks.equals("all"), "linger.ms", 5);
        try (var producer = producer(config)) {
            for (int i = 0; i < 1000; i++) {
                producer.send(new ProducerRecord<>("many", i % 5, null, "v" + i));
            }
            producer.flush();
        }
        assertThat(readAll("many", 5, 1000)).hasSize(1000);
    }

    @Test
    void recordsSurviveARestart() throws Exception {
        try (var producer = producer(Map.of())) {
            for (int i = 0; i < 100; i++) {
                producer.send(new ProducerRecord<>("kept", 0, null, "v" + i)).get();
            }
        }
        node.close();
        startNode();
        assertThat(readAll("kept", 1, 100)).extracting(ConsumerRecord::value).hasSize(100);
        try (var producer = producer(Map.of())) {
            RecordMetadata next = producer.send(new ProducerRecord<>("kept", 0, null, "x")).get();
            assertThat(next.offset()).isEqualTo(100);
        }
    }

    /** Starts a new node of a new cluster, over the two log directories that it answers. */
    private List<Path> startOverTwoDirectories() throws Exception {
        node.close();
        List<Path> directories = List.of(directory.resolve("a"), directory.resolve("b"));
        nodeSettings =
                Map.of(
                        "headrace.storage.data-dirs[0]", directories.get(0).toString(),
                        "headrace.storage.data-dirs[1]", directories.get(1).toString());
        coordinator.close();
        coordinator = new FakeCoordinator();
        startNode();
        return directories;
    }

    @Test
    void logsAreSpreadOverSeveralDirectoriesAndComeBack() throws Exception {
        List<Path> directories = startOverTwoDirectories();
        coordinator.createTopic("spread", 6, Map.of());
        try (var producer = producer(Map.of())) {
            for (int i = 0; i < 60; i++) {
                producer.send(new ProducerRecord<>("spread", i % 6, null, "v" + i)).get();
            }
        }
        node.close();
        startNode();
        assertThat(readAll("spread", 6, 60)).hasSize(60);
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
            var described =
                    Objects.requireNonNull(
                            admin.describeLogDirs(List.of(1)).allDescriptions().get().get(1));
            assertThat(described.keySet())
                    .containsExactlyInAnyOrder(
                            directories.get(0).toString(), directories.get(1).toString());
            assertThat(described.values())
                    .allSatisfy(each -> assertThat(each.replicaInfos()).hasSize(3));
        }
    }

    @Test
    void aReplicaMovesBetweenLogDirectoriesWhileItIsWritten() throws Exception {
        List<Path> directories = startOverTwoDirectories();
        coordinator.createTopic("moving", 1, Map.of());
        coordinator.setNodeConfig("replica.alter.log.dirs.io.max.bytes.per.second", "4000000");
        TopicPartitionReplica replica = new TopicPartitionReplica("moving", 0, 1);
        int count = 600;
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap));
                var producer = producer(Map.of("acks", "all", "linger.ms", 1))) {
            List<Future<RecordMetadata>> sent = new ArrayList<>();
            String from = "";
            for (int i = 0; i < count; i++) {
                String value = i + "x".repeat(20_000);
                sent.add(producer.send(new ProducerRecord<>("moving", 0, null, value)));
                if (i == count / 2) {
                    producer.flush();
                    from = place(admin, replica).getCurrentReplicaLogDir();
                    String to =
                            directories.getFirst().toString().equals(from)
                                    ? directories.get(1).toString()
                                    : directories.get(0).toString();
                    admin.alterReplicaLogDirs(Map.of(replica, to)).all().get();
                    var future = place(admin, replica);
                    assertThat(future.getFutureReplicaLogDir()).isEqualTo(to);
                    assertThat(future.getFutureReplicaOffsetLag()).isPositive();
                }
            }
            for (Future<RecordMetadata> each : sent) {
                each.get();
            }
            Eventually.until(
                    Duration.ofSeconds(30),
                    () -> place(admin, replica).getFutureReplicaLogDir() == null,
                    "the copy took the replica's place");
            assertThat(place(admin, replica).getCurrentReplicaLogDir()).isNotEqualTo(from);
            producer.send(new ProducerRecord<>("moving", 0, null, count + "x")).get();
        }
        for (int life = 0; life < 2; life++) {
            List<ConsumerRecord<String, String>> read = readAll("moving", 1, count + 1);
            assertThat(read).hasSize(count + 1);
            for (int i = 0; i <= count; i++) {
                assertThat(read.get(i).offset()).isEqualTo(i);
                assertThat(read.get(i).value()).startsWith(i + "x");
            }
            node.close();
            startNode();
        }
    }

    private static DescribeReplicaLogDirsResult.ReplicaLogDirInfo place(
            Admin admin, TopicPartitionReplica replica) throws Exception {
        return Objects.requireNonNull(
                admin.describeReplicaLogDirs(List.of(replica)).all().get().get(replica));
    }

    @Test
    void aPathThatIsNoneIsNoLogDirectory() throws Exception {
        coordinator.createTopic("placed", 1, Map.of());
        TopicPartitionReplica replica = new TopicPartitionReplica("placed", 0, 1);
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
            for (String path : List.of("\0", "/nowhere\0/x", "", "/nowhere")) {
                assertThatThrownBy(
                                () ->
                                        admin.alterReplicaLogDirs(Map.of(replica, path))
                                                .all()
                                                .get(10, TimeUnit.SECONDS))
                        .hasCauseInstanceOf(LogDirNotFoundException.class);
            }
        }
    }

    @Test
    void aCompactedTopicKeepsTheLastValueOfEachKey() throws Exception {
        node.close();
        nodeSettings = Map.of("headrace.storage.compaction.backoff", "100ms");
        startNode();
        coordinator.createTopic(
                "latest",
                1,
                Map.of(
                        "cleanup.policy", "compact",
                        "segment.bytes", "1048576",
                        "min.cleanable.dirty.ratio", "0.01"));
        try (var producer = producer(Map.of("batch.size", 20_000, "linger.ms", 1))) {
            for (int i = 0; i < 500; i++) {
                String value = i + "-" + "x".repeat(10_000);
                producer.send(new ProducerRecord<>("latest", 0, "k" + i % 10, value));
            }
        }
        List<ConsumerRecord<String, String>> kept =
                Eventually.until(
                        Duration.ofSeconds(20),
                        () -> readUpTo("latest", 500),
                        records -> records.size() < 250,
                        "most superseded values to be gone");
        Map<String, String> last = new HashMap<>();
        kept.forEach(record -> last.put(record.key(), record.value().split("-", 2)[0]));
        for (int i = 0; i < 10; i++) {
            assertThat(last).containsEntry("k" + i, String.valueOf(490 + i));
        }
        CompactionCounters counters = Objects.requireNonNull(node.disks()).compactionCounters();
        assertThat(counters.passes()).isPositive();
        assertThat(counters.failures()).isZero();
    }

    /** All records of partition 0 below the offset that the log still has. */
    private List<ConsumerRecord<String, String>> readUpTo(String topic, long endOffset) {
        List<ConsumerRecord<String, String>> all = new ArrayList<>();
        TopicPartition partition = new TopicPartition(topic, 0);
        try (KafkaConsumer<String, String> consumer = consumer()) {
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            while (consumer.position(partition) < endOffset) {
                consumer.poll(Duration.ofMillis(200)).forEach(all::add);
            }
        }
        return all;
    }

    @Test
    void aWaitingConsumerGetsWhatComes() throws Exception {
        coordinator.createTopic("late", 1, Map.of("flush.policy", "page-cache"));
        try (KafkaConsumer<String, String> consumer = consumer();
                var producer = producer(Map.of("linger.ms", 0))) {
            consumer.assign(List.of(new TopicPartition("late", 0)));
            assertThat(consumer.poll(Duration.ofMillis(300))).isEmpty();
            producer.send(new ProducerRecord<>("late", "hello")).get();
            List<String> got = new ArrayList<>();
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
            while (got.isEmpty() && System.nanoTime() < deadline) {
                consumer.poll(Duration.ofSeconds(1)).forEach(record -> got.add(record.value()));
            }
            assertThat(got).containsExactly("hello");
        }
    }

    @Test
    void offsetsAreFoundByTimeAndByName() throws Exception {
        // Its records are of 1970: retention by time would take them away beside the test.
        coordinator.createTopic("times", 1, Map.of("retention.ms", "-1"));
        try (var producer = producer(Map.of());
                Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
            for (int i = 0; i < 10; i++) {
                producer.send(new ProducerRecord<>("times", 0, 1000L + i, null, "v" + i)).get();
            }
            TopicPartition partition = new TopicPartition("times", 0);
            assertThat(offset(admin, partition, OffsetSpec.earliest())).isZero();
            assertThat(offset(admin, partition, OffsetSpec.latest())).isEqualTo(10);
            assertThat(offset(admin, partition, OffsetSpec.forTimestamp(1004))).isEqualTo(4);
            assertThat(offset(admin, partition, OffsetSpec.forTimestamp(5000))).isEqualTo(-1);
            assertThat(offset(admin, partition, OffsetSpec.maxTimestamp())).isEqualTo(9);
            assertThat(offset(admin, partition, OffsetSpec.earliestLocal())).isZero();
            assertThat(offset(admin, partition, OffsetSpec.latestTiered())).isEqualTo(-1);
            admin.deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(6))).all().get();
            assertThat(offset(admin, partition, OffsetSpec.earliest())).isEqualTo(6);
            assertThat(admin.describeCluster().nodes().get()).hasSize(1);
            assertThat(admin.describeTopics(List.of("times")).allTopicNames().get())
                    .containsKey("times");
            assertThat(admin.describeLogDirs(List.of(1)).allDescriptions().get().get(1)).hasSize(1);
        }
    }

    private static long offset(Admin admin, TopicPartition partition, OffsetSpec spec)
            throws Exception {
        return admin.listOffsets(Map.of(partition, spec)).partitionResult(partition).get().offset();
    }

    @Test
    void aBatchAboveTheTopicsLimitIsRefused() {
        coordinator.createTopic("small", 1, Map.of("max.message.bytes", "1000"));
        try (var producer = producer(Map.of("compression.type", "none"))) {
            assertThatThrownBy(
                            () ->
                                    producer.send(new ProducerRecord<>("small", "x".repeat(5000)))
                                            .get())
                    .isInstanceOf(ExecutionException.class)
                    .cause()
                    .isInstanceOf(RecordTooLargeException.class);
        }
    }

    @Test
    void aPortInUseIsOneClearLine() throws Exception {
        try (ServerSocket taken = new ServerSocket(0)) {
            StorageProperties properties =
                    properties(Map.of("headrace.storage.listener.port", taken.getLocalPort()));
            assertThatThrownBy(() -> StorageNode.start(properties))
                    .isInstanceOf(StorageStartException.class)
                    .hasMessageContaining("Cannot listen on 127.0.0.1:" + taken.getLocalPort());
        }
    }

    @Test
    void adirectoryInUseIsOneClearLine() {
        try (StorageNode second = StorageNode.start(properties(Map.of()))) {
            assertThatThrownBy(() -> second.started().get(20, TimeUnit.SECONDS))
                    .cause()
                    .isInstanceOf(StorageStartException.class)
                    .hasMessageContaining("in use by another process");
        }
    }
}
