package io.headrace.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.protocol.message.ShardReadCheckRequestData;
import io.headrace.protocol.message.ShardReadCheckResponseData;
import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.protocol.metadata.record.PartitionRecord;
import io.headrace.storage.config.StorageProperties;
import io.headrace.storage.repair.RepairCounters;
import io.headrace.testkit.wait.Eventually;
import io.headrace.transport.auth.ClusterSecret;
import io.headrace.transport.auth.NodeAuthenticator;
import io.headrace.transport.channel.ChannelFactory;
import io.headrace.transport.channel.ChannelOptions;
import io.headrace.transport.channel.ClientChannel;
import io.headrace.transport.channel.RequestTimeoutException;
import io.headrace.transport.loop.LoopGroup;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.NotEnoughReplicasException;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** Three storage nodes over real sockets, with Kafka's own clients and a controller in memory. */
@Timeout(90)
class ReplicationIT {
    private static final Duration SOON = Duration.ofSeconds(20);

    @TempDir Path directory;
    private FakeController controller;
    private final Map<Integer, StorageNode> nodes = new TreeMap<>();
    private final Map<Integer, Integer> ports = new HashMap<>();
    private final Map<String, Object> settings = new HashMap<>();

    @BeforeEach
    void start() {
        controller = new FakeController();
    }

    @AfterEach
    void stop() {
        nodes.values().forEach(StorageNode::close);
        controller.close();
    }

    private void startNodes(int... ids) throws Exception {
        for (int id : ids) {
            nodes.put(id, StorageNode.start(properties(id)));
        }
        for (int id : ids) {
            InetSocketAddress address = node(id).started().get(20, TimeUnit.SECONDS);
            ports.put(id, address.getPort());
        }
    }

    private StorageNode node(int id) {
        return Objects.requireNonNull(nodes.get(id));
    }

    private void stopNode(int id) {
        node(id).close();
        nodes.remove(id);
    }

    private StorageProperties properties(int id) {
        Map<String, Object> values = new HashMap<>();
        values.put("headrace.storage.node-id", id);
        values.put("headrace.storage.rack", "rack" + id);
        values.put("headrace.storage.data-dirs", directory.resolve("node" + id).toString());
        values.put("headrace.storage.cluster-secret", FakeController.SECRET);
        values.put("headrace.storage.listener.port", ports.getOrDefault(id, 0));
        values.put("headrace.storage.replication.lag-time-max", "2s");
        values.put("headrace.storage.hazelcast.enabled", false);
        values.putAll(settings);
        return NodeSettings.of(controller.port(), values);
    }

    private String bootstrap() {
        return nodes.values().stream()
                .map(node -> "localhost:" + node.port())
                .collect(Collectors.joining(","));
    }

    private KafkaProducer<String, String> producer(Map<String, Object> more) {
        Map<String, Object> config = new HashMap<>();
        config.put("bootstrap.servers", bootstrap());
        config.put("acks", "all");
        config.put("retry.backoff.ms", 20);
        config.put("delivery.timeout.ms", 40_000);
        config.put("request.timeout.ms", 5_000);
        config.put("linger.ms", 0);
        config.putAll(more);
        return new KafkaProducer<>(config, new StringSerializer(), new StringSerializer());
    }

    private List<String> readAll(String topic, int count, Map<String, Object> more) {
        Map<String, Object> config = new HashMap<>();
        config.put("bootstrap.servers", bootstrap());
        config.put("auto.offset.reset", "earliest");
        config.put("enable.auto.commit", false);
        config.putAll(more);
        List<ConsumerRecord<String, String>> all = new ArrayList<>();
        try (var consumer =
                new KafkaConsumer<>(config, new StringDeserializer(), new StringDeserializer())) {
            TopicPartition partition = new TopicPartition(topic, 0);
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            long deadline = System.nanoTime() + SOON.toNanos();
            while (all.size() < count && System.nanoTime() < deadline) {
                consumer.poll(Duration.ofMillis(100)).forEach(all::add);
            }
        }
        return all.stream().map(ConsumerRecord::value).toList();
    }

    /** The same by a share group that begins at the first record. */
    private List<String> readShared(String topic, int count) {
        Map<String, Object> config = Map.of("bootstrap.servers", bootstrap(), "group.id", "g");
        List<String> all = new ArrayList<>();
        try (var member =
                new KafkaShareConsumer<>(
                        config, new StringDeserializer(), new StringDeserializer())) {
            member.subscribe(List.of(topic));
            Eventually.until(
                    SOON,
                    () -> {
                        member.poll(Duration.ofMillis(100)).forEach(each -> all.add(each.value()));
                        return all.size() >= count;
                    },
                    count + " records");
        }
        return all;
    }

    private void awaitIsr(String topic, Integer... members) {
        Eventually.until(
                SOON,
                () ->
                        controller.partition(topic, 0).isr().stream()
                                .map(PartitionImage.IsrMember::nodeId)
                                .collect(Collectors.toSet()),
                isr -> isr.equals(Set.of(members)),
                "the in-sync set " + List.of(members));
    }

    private static void awaitAll(List<Future<RecordMetadata>> sent) throws Exception {
        for (Future<RecordMetadata> each : sent) {
            each.get(30, TimeUnit.SECONDS);
        }
    }

    @Test
    void allRecordsAreOnEveryReplicaAndSurviveTheLeader() throws Exception {
        startNodes(1, 2, 3);
        controller.createTopic("t", List.of(List.of(1, 2, 3)), 2, Map.of());
        List<Future<RecordMetadata>> sent = new ArrayList<>();
        try (var producer = producer(Map.of())) {
            for (int i = 0; i < 200; i++) {
                sent.add(producer.send(new ProducerRecord<>("t", 0, null, "before" + i)));
            }
            awaitAll(sent);
            stopNode(1);
            controller.fence(1);
            for (int i = 0; i < 200; i++) {
                sent.add(producer.send(new ProducerRecord<>("t", 0, null, "after" + i)));
            }
            awaitAll(sent);
        }
        List<String> read = readAll("t", 400, Map.of());
        assertThat(read).hasSize(400).doesNotHaveDuplicates().startsWith("before0");
        for (int i = 0; i < 400; i++) {
            assertThat(sent.get(i).get().offset()).isEqualTo(i);
        }
        startNodes(1);
        awaitIsr("t", 1, 2, 3);
        controller.elect("t", 0, 1);
        assertThat(readAll("t", 400, Map.of())).isEqualTo(read);
    }

    @Test
    void withTooFewInSyncAcksAllIsRefusedAndGoesOnLater() throws Exception {
        startNodes(1, 2);
        controller.createTopic("t", List.of(List.of(1, 2)), 2, Map.of());
        try (var producer = producer(Map.of())) {
            producer.send(new ProducerRecord<>("t", 0, null, "one")).get(20, TimeUnit.SECONDS);
            stopNode(2);
            controller.fence(2);
            try (var hasty = producer(Map.of("retries", 0, "enable.idempotence", false))) {
                assertThatThrownBy(
                                () ->
                                        hasty.send(new ProducerRecord<>("t", 0, null, "no"))
                                                .get(20, TimeUnit.SECONDS))
                        .isInstanceOf(ExecutionException.class)
                        .cause()
                        .isInstanceOf(NotEnoughReplicasException.class);
            }
            Future<RecordMetadata> waiting = producer.send(new ProducerRecord<>("t", 0, null, "2"));
            startNodes(2);
            awaitIsr("t", 1, 2);
            assertThat(waiting.get(20, TimeUnit.SECONDS).offset()).isEqualTo(1);
        }
    }

    @Test
    void aNodeThatStopsHandsOverFirst() throws Exception {
        startNodes(1, 2, 3);
        controller.createTopic("t", List.of(List.of(1, 2, 3)), 2, Map.of());
        try (var producer = producer(Map.of())) {
            producer.send(new ProducerRecord<>("t", 0, null, "one")).get(20, TimeUnit.SECONDS);
            stopNode(1);
            assertThat(controller.partition("t", 0).leaderId()).isEqualTo(2);
            assertThat(
                            producer.send(new ProducerRecord<>("t", 0, null, "two"))
                                    .get(20, TimeUnit.SECONDS)
                                    .offset())
                    .isEqualTo(1);
        }
    }

    @Test
    void aDeposedLeaderAcknowledgesNothing() throws Exception {
        startNodes(1, 2);
        controller.createTopic("t", List.of(List.of(1, 2)), 1, Map.of());
        try (var producer = producer(Map.of())) {
            producer.send(new ProducerRecord<>("t", 0, null, "one")).get(20, TimeUnit.SECONDS);
        }
        controller.cutOff(1); // it goes on to believe that it leads
        controller.fence(1);
        String other = "localhost:" + node(2).port();
        try (var now = Believer.in(2, "t", () -> producer(Map.of("bootstrap.servers", other)))) {
            now.send(new ProducerRecord<>("t", 0, null, "two")).get(20, TimeUnit.SECONDS);
        }
        Map<String, Object> hasty =
                Map.of(
                        "bootstrap.servers", "localhost:" + node(1).port(),
                        "retries", 0,
                        "enable.idempotence", false,
                        "request.timeout.ms", 2_000,
                        "delivery.timeout.ms", 2_500);
        try (var late = Believer.in(1, "t", () -> producer(hasty))) {
            assertThatThrownBy(
                            () ->
                                    late.send(new ProducerRecord<>("t", 0, null, "lost"))
                                            .get(20, TimeUnit.SECONDS))
                    .isInstanceOf(ExecutionException.class);
        }
        controller.letIn(1);
        awaitIsr("t", 1, 2); // what it had alone is cut, by epoch
        try (var producer = producer(Map.of())) {
            producer.send(new ProducerRecord<>("t", 0, null, "three")).get(20, TimeUnit.SECONDS);
        }
        controller.elect("t", 0, 1);
        assertThat(readAll("t", 3, Map.of())).containsExactly("one", "two", "three");
    }

    @Test
    void aFollowerThatIsRefusedDoesNotHoldTheHighWatermark() throws Exception {
        startNodes(1, 2);
        controller.createTopic("t", List.of(List.of(1, 2)), 1, Map.of());
        stopNode(2);
        controller.fence(2);
        controller.refuseIsr(true);
        startNodes(2);
        try (var producer = producer(Map.of())) {
            for (int i = 0; i < 20; i++) {
                producer.send(new ProducerRecord<>("t", 0, null, "v" + i))
                        .get(20, TimeUnit.SECONDS);
            }
        }
        assertThat(controller.partition("t", 0).isr()).hasSize(1);
        controller.refuseIsr(false);
        awaitIsr("t", 1, 2);
    }

    @Test
    void consumersReadFromTheReplicaInTheirRack() throws Exception {
        startNodes(1, 2);
        controller.createTopic("t", List.of(List.of(1, 2)), 1, Map.of());
        try (var producer = producer(Map.of())) {
            for (int i = 0; i < 50; i++) {
                producer.send(new ProducerRecord<>("t", 0, null, "v" + i));
            }
            producer.flush();
        }
        long before = node(2).dataMetrics().fetchedBytes();
        assertThat(readAll("t", 50, Map.of("client.rack", "rack2"))).hasSize(50);
        assertThat(node(2).dataMetrics().fetchedBytes()).isGreaterThan(before);
    }

    @Test
    void aNewReplicaCatchesUpAtItsRateAndARemovedOneLeaves() throws Exception {
        startNodes(1, 2, 3);
        controller.setNodeConfig(3, "headrace.reassignment.max.bytes.per.second", "1000000");
        controller.createTopic(
                "t", List.of(List.of(1, 2)), 1, Map.of("flush.policy", "page-cache"));
        try (var producer = producer(Map.of())) {
            for (int i = 0; i < 500; i++) {
                producer.send(new ProducerRecord<>("t", 0, null, "v".repeat(4_000)));
            }
            producer.flush();
            long begunNanos = System.nanoTime();
            controller.change(
                    "t",
                    0,
                    record -> record.setReplicas(List.of(1, 2, 3)).setAddingReplicas(List.of(3)));
            awaitIsr("t", 1, 2, 3); // the second million bytes comes a second after the first
            assertThat(System.nanoTime() - begunNanos).isGreaterThan(500_000_000);
            controller.change(
                    "t",
                    0,
                    record -> {
                        record.isr().removeIf(member -> member.nodeId() == 2);
                        return record.setReplicas(List.of(1, 3)).setAddingReplicas(List.of());
                    });
            controller.elect("t", 0, 3);
            producer.send(new ProducerRecord<>("t", 0, null, "last")).get(20, TimeUnit.SECONDS);
        }
        assertThat(readAll("t", 501, Map.of())).hasSize(501).endsWith("last");
        Eventually.until(
                SOON,
                () -> Objects.requireNonNull(node(2).partitions()).all().isEmpty(),
                "node 2 lets go of its replica");
    }

    @Test
    void aThrottledLeaderHoldsBackWhoIsOutOfSync() throws Exception {
        startNodes(1, 2);
        controller.setNodeConfig(1, "leader.replication.throttled.rate", "500000");
        Map<String, String> throttled = Map.of("leader.replication.throttled.replicas", "0:1");
        controller.createTopic("t", List.of(List.of(1, 2, 3)), 2, throttled);
        try (var producer = producer(Map.of())) {
            for (int i = 0; i < 20; i++) {
                producer.send(new ProducerRecord<>("t", 0, null, "x".repeat(100_000)));
            }
        }
        startNodes(3);
        long begunNanos = System.nanoTime();
        awaitIsr("t", 1, 2, 3); // the second million bytes comes two seconds after the first
        assertThat(System.nanoTime() - begunNanos).isGreaterThan(TimeUnit.SECONDS.toNanos(1));
    }

    @Test
    void whatADiskLostIsCopiedAnewFromThePeer() throws Exception {
        startNodes(1, 2);
        controller.createTopic("t", List.of(List.of(1, 2)), 1, Map.of());
        try (var producer = producer(Map.of())) {
            for (int i = 0; i < 100; i++) {
                producer.send(new ProducerRecord<>("t", 0, null, "v" + i))
                        .get(20, TimeUnit.SECONDS);
            }
        }
        stopNode(2);
        controller.fence(2);
        Path log = directory.resolve("node2/t-0/00000000000000000000.log");
        try (FileChannel file = FileChannel.open(log, StandardOpenOption.WRITE)) {
            file.truncate(file.size() / 2);
        }
        startNodes(2);
        awaitIsr("t", 1, 2);
        stopNode(1);
        controller.fence(1);
        assertThat(readAll("t", 100, Map.of())).hasSize(100).startsWith("v0").endsWith("v99");
    }

    /**
     * On the leader, on a follower that then leads: consumers and share consumers see neither,
     * peers mend both.
     */
    @Test
    void aBitThatFlipsInAClosedSegmentIsNeverReadAndIsMended() throws Exception {
        startNodes(1, 2, 3);
        controller.createTopic(
                "t", List.of(List.of(1, 2, 3)), 2, Map.of("segment.bytes", "1048576"));
        List<String> sent = new ArrayList<>();
        try (var producer = producer(Map.of("batch.size", 20_000))) {
            for (int i = 0; i < 300; i++) {
                sent.add(i + "-" + "x".repeat(10_000));
                producer.send(new ProducerRecord<>("t", 0, null, sent.getLast()));
            }
            producer.flush();
        }
        awaitIsr("t", 1, 2, 3);
        for (int id : List.of(1, 2)) {
            controller.elect("t", 0, id);
            Path file = directory.resolve("node" + id + "/t-0/00000000000000000000.log");
            byte[] good = Files.readAllBytes(file);
            byte[] bad = good.clone();
            bad[bad.length * id / 3] ^= (byte) 16;
            Files.write(file, bad, StandardOpenOption.WRITE);
            assertThat(id == 1 ? readAll("t", 300, Map.of()) : readShared("t", 300))
                    .isEqualTo(sent);
            Eventually.until(
                    SOON, () -> Arrays.equals(Files.readAllBytes(file), good), "its repair");
            RepairCounters counters = Objects.requireNonNull(node(id).disks()).repairCounters();
            assertThat(Objects.requireNonNull(counters).repairedSegments()).isEqualTo(1);
        }
    }

    /** Shard reads are answered when the followers confirm the leader, and not without them. */
    @Test
    void aReadCheckNeedsEveryFollowerInSync() throws Exception {
        startNodes(1, 2);
        controller.createTopic("t", List.of(List.of(1, 2)), 1, Map.of());
        try (var producer = producer(Map.of())) {
            producer.send(new ProducerRecord<>("t", 0, null, "one")).get(20, TimeUnit.SECONDS);
        }
        try (LoopGroup loops = LoopGroup.start("check", 1);
                ChannelFactory channels = new ChannelFactory(loops)) {
            InetSocketAddress leader =
                    new InetSocketAddress(InetAddress.getLoopbackAddress(), node(1).port());
            ClientChannel channel =
                    channels.connect(leader, ChannelOptions.of("check"))
                            .thenCompose(
                                    opened ->
                                            new NodeAuthenticator(
                                                            ClusterSecret.of(FakeController.SECRET),
                                                            1001,
                                                            "coordinator")
                                                    .authenticate(opened))
                            .get(10, TimeUnit.SECONDS);
            assertThat(check(channel, Duration.ofSeconds(5)).errorCode())
                    .isEqualTo(Errors.NONE.code());
            controller.refuseIsr(true); // the follower stays in the committed set
            stopNode(2);
            controller.change(
                    "t",
                    0,
                    record ->
                            record.setIsr(
                                    List.of(
                                            record.isr().getFirst(),
                                            new PartitionRecord.IsrMember()
                                                    .setNodeId(2)
                                                    .setNodeEpoch(1))));
            Eventually.passes(
                    Duration.ofSeconds(20),
                    () ->
                            assertThatThrownBy(() -> check(channel, Duration.ofMillis(700)))
                                    .hasCauseInstanceOf(RequestTimeoutException.class),
                    "no read check passes once the leader knows that the follower is in the set");
        }
    }

    private ShardReadCheckResponseData.ShardVerdict check(ClientChannel channel, Duration within)
            throws Exception {
        Uuid topicId = Objects.requireNonNull(controller.image().topic("t")).topicId();
        ShardReadCheckRequestData request = new ShardReadCheckRequestData();
        request.shards()
                .add(
                        new ShardReadCheckRequestData.CheckedShard()
                                .setTopicId(topicId)
                                .setPartition(0)
                                .setShardEpoch(-1));
        return channel.call(
                        ApiCatalog.get(ApiCatalog.SHARD_READ_CHECK),
                        (short) 0,
                        request,
                        ShardReadCheckResponseData.class,
                        within)
                .get(20, TimeUnit.SECONDS)
                .shards()
                .getFirst();
    }
}
