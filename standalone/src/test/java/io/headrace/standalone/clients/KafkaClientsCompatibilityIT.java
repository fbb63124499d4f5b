package io.headrace.standalone.clients;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.headrace.standalone.RunningPlatform;
import io.headrace.testkit.wait.Eventually;

import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;

/** The Java clients of Kafka 4.3.1, unmodified. */
@Timeout(120)
class KafkaClientsCompatibilityIT {
    private static final Duration LIMIT = Duration.ofSeconds(30);

    @TempDir private static Path data;

    @SuppressWarnings("NullAway.Init") // started before all tests
    private static RunningPlatform platform;

    @BeforeAll
    static void start() throws Exception {
        platform = RunningPlatform.start(data);
    }

    @AfterAll
    static void stop() {
        platform.close();
    }

    private static Map<String, Object> common(Map<String, Object> more) {
        Map<String, Object> all = new HashMap<>(more);
        all.put("bootstrap.servers", platform.kafkaAddress());
        return all;
    }

    private static KafkaProducer<String, String> producer(Map<String, Object> more) {
        return new KafkaProducer<>(common(more), new StringSerializer(), new StringSerializer());
    }

    private static KafkaConsumer<String, String> consumer(Map<String, Object> more) {
        Map<String, Object> all = common(more);
        all.putIfAbsent("auto.offset.reset", "earliest");
        return new KafkaConsumer<>(all, new StringDeserializer(), new StringDeserializer());
    }

    private static Admin admin() {
        return Admin.create(common(Map.of()));
    }

    private static void create(String topic, int partitions, Map<String, String> configs)
            throws Exception {
        try (Admin admin = admin()) {
            admin.createTopics(List.of(new NewTopic(topic, partitions, (short) 1).configs(configs)))
                    .all()
                    .get();
        }
    }

    private static List<ConsumerRecord<String, String>> poll(
            KafkaConsumer<String, String> consumer, int count) {
        List<ConsumerRecord<String, String>> records = new ArrayList<>();
        Eventually.until(
                LIMIT,
                () -> {
                    consumer.poll(Duration.ofMillis(100)).forEach(records::add);
                    return records.size() >= count;
                },
                count + " records");
        return records;
    }

    @ParameterizedTest
    @ValueSource(strings = {"none", "gzip", "snappy", "lz4", "zstd"})
    void everyCodecCarriesKeysValuesHeadersAndTimestamps(String codec) throws Exception {
        String topic = "codec-" + codec;
        create(topic, 2, Map.of("retention.ms", "-1")); // the timestamps are old
        try (var producer = producer(Map.of("compression.type", codec, "linger.ms", 20))) {
            List<Future<RecordMetadata>> acknowledgements = new ArrayList<>();
            for (int i = 0; i < 1000; i++) {
                var record =
                        new ProducerRecord<>(
                                topic, i % 2, 1_700_000_000_000L + i, "k" + i, "v".repeat(i % 300));
                record.headers().add("h", ("x" + i).getBytes(StandardCharsets.UTF_8));
                acknowledgements.add(producer.send(record));
            }
            for (int i = 0; i < 1000; i++) {
                assertThat(acknowledgements.get(i).get().offset()).isEqualTo(i / 2);
            }
        }
        try (var consumer = consumer(Map.of())) {
            consumer.assign(List.of(new TopicPartition(topic, 0), new TopicPartition(topic, 1)));
            consumer.seekToBeginning(consumer.assignment());
            for (var record : poll(consumer, 1000)) {
                int i = (int) record.offset() * 2 + record.partition();
                assertThat(record.key()).isEqualTo("k" + i);
                assertThat(record.value()).isEqualTo("v".repeat(i % 300));
                assertThat(record.timestamp()).isEqualTo(1_700_000_000_000L + i);
                assertThat(
                                new String(
                                        record.headers().lastHeader("h").value(),
                                        StandardCharsets.UTF_8))
                        .isEqualTo("x" + i);
            }
            var byTime =
                    consumer.offsetsForTimes(
                            Map.of(new TopicPartition(topic, 0), 1_700_000_000_500L));
            assertThat(byTime.get(new TopicPartition(topic, 0)))
                    .extracting(found -> found.offset())
                    .isEqualTo(250L);
        }
    }

    /** Whether a member has read all 100 records of each partition it has now. */
    private static boolean readsToTheEnd(KafkaConsumer<String, String> member) {
        return member.assignment().stream().allMatch(p -> member.position(p) == 100);
    }

    @Test
    void aGroupSharesPartitionsRebalancesAndResumesFromItsCommits() throws Exception {
        create("grouped", 4, Map.of());
        try (var producer = producer(Map.of())) {
            for (int i = 0; i < 400; i++) {
                producer.send(new ProducerRecord<>("grouped", i % 4, null, "" + i));
            }
        }
        Map<String, Object> member =
                Map.of("group.id", "sharers", "enable.auto.commit", false, "max.poll.records", 50);
        Set<String> seen = new HashSet<>();
        try (var first = consumer(member);
                var second = consumer(member)) {
            first.subscribe(List.of("grouped"));
            second.subscribe(List.of("grouped"));
            Eventually.until(
                    LIMIT,
                    () -> {
                        first.poll(Duration.ofMillis(50)).forEach(r -> seen.add(r.value()));
                        second.poll(Duration.ofMillis(50)).forEach(r -> seen.add(r.value()));
                        return first.assignment().size() == 2
                                && second.assignment().size() == 2
                                && seen.size() == 400
                                && readsToTheEnd(first)
                                && readsToTheEnd(second);
                    },
                    "both members read two partitions each, all 400 records");
            first.commitSync();
            second.commitSync();
        }
        try (var producer = producer(Map.of())) {
            producer.send(new ProducerRecord<>("grouped", 1, null, "new")).get();
        }
        try (var third = consumer(member)) {
            third.subscribe(List.of("grouped"));
            assertThat(poll(third, 1)).extracting(ConsumerRecord::value).containsExactly("new");
            assertThat(third.committed(Set.of(new TopicPartition("grouped", 0))))
                    .containsEntry(
                            new TopicPartition("grouped", 0),
                            new OffsetAndMetadata(100, java.util.Optional.of(0), ""));
        }
        try (Admin admin = admin()) {
            assertThat(admin.listGroups().all().get()).anyMatch(g -> g.groupId().equals("sharers"));
            admin.deleteConsumerGroups(List.of("sharers")).all().get();
        }
    }

    @Test
    void adminOperationsChangeWhatTheySay() throws Exception {
        create("administered", 1, Map.of("retention.ms", "1000000"));
        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, "administered");
        try (Admin admin = admin()) {
            assertThatThrownBy(() -> create("administered", 1, Map.of()))
                    .isInstanceOf(ExecutionException.class)
                    .hasCauseInstanceOf(TopicExistsException.class);
            admin.createPartitions(Map.of("administered", NewPartitions.increaseTo(3))).all().get();
            assertThat(admin.describeTopics(List.of("administered")).allTopicNames().get())
                    .hasEntrySatisfying(
                            "administered", topic -> assertThat(topic.partitions()).hasSize(3));
            admin.incrementalAlterConfigs(
                            Map.of(
                                    resource,
                                    List.of(
                                            new AlterConfigOp(
                                                    new ConfigEntry("max.message.bytes", "2000"),
                                                    AlterConfigOp.OpType.SET))))
                    .all()
                    .get();
            assertThat(admin.describeConfigs(List.of(resource)).all().get())
                    .hasEntrySatisfying(
                            resource,
                            config ->
                                    assertThat(config.get("max.message.bytes").value())
                                            .isEqualTo("2000"));
            try (var producer = producer(Map.of())) {
                assertThatThrownBy(
                                () ->
                                        producer.send(
                                                        new ProducerRecord<>(
                                                                "administered",
                                                                0,
                                                                null,
                                                                "x".repeat(3000)))
                                                .get())
                        .hasCauseInstanceOf(RecordTooLargeException.class);
                for (int i = 0; i < 10; i++) {
                    producer.send(new ProducerRecord<>("administered", 0, null, "" + i)).get();
                }
            }
            TopicPartition partition = new TopicPartition("administered", 0);
            admin.deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(4))).all().get();
            assertThat(
                            admin.listOffsets(Map.of(partition, OffsetSpec.earliest()))
                                    .partitionResult(partition)
                                    .get()
                                    .offset())
                    .isEqualTo(4);
            assertThat(
                            admin.listOffsets(Map.of(partition, OffsetSpec.latest()))
                                    .partitionResult(partition)
                                    .get()
                                    .offset())
                    .isEqualTo(10);
            assertThat(admin.describeCluster().nodes().get()).hasSize(1);
            assertThat(admin.describeLogDirs(List.of(1)).allDescriptions().get().get(1))
                    .isNotEmpty();
            admin.deleteTopics(List.of("administered")).all().get();
            assertThat(admin.listTopics().names().get()).doesNotContain("administered");
        }
    }

    @Test
    void aDefaultOfAllBrokersTakesEffectWhileTheyRun() throws Exception {
        ConfigResource brokers = new ConfigResource(ConfigResource.Type.BROKER, "");
        ConfigResource topic = new ConfigResource(ConfigResource.Type.TOPIC, "defaulted");
        ConfigEntry small = new ConfigEntry("message.max.bytes", "2000");
        try (Admin admin = admin();
                var producer = producer(Map.of("compression.type", "none"))) {
            admin.createTopics(List.of(new NewTopic("defaulted", 1, (short) 1))).all().get();
            ProducerRecord<String, String> large =
                    new ProducerRecord<>("defaulted", 0, null, "x".repeat(3000));
            producer.send(large).get();
            alter(admin, brokers, new AlterConfigOp(small, AlterConfigOp.OpType.SET));
            assertThatThrownBy(() -> producer.send(large).get())
                    .hasCauseInstanceOf(RecordTooLargeException.class);
            ConfigEntry shown =
                    Objects.requireNonNull(
                                    admin.describeConfigs(List.of(topic)).all().get().get(topic))
                            .get("max.message.bytes");
            assertThat(shown.value()).isEqualTo("2000");
            assertThat(shown.source())
                    .isEqualTo(ConfigEntry.ConfigSource.DYNAMIC_DEFAULT_BROKER_CONFIG);
            alter(admin, brokers, new AlterConfigOp(small, AlterConfigOp.OpType.DELETE));
            producer.send(large).get();
        }
    }

    private static void alter(Admin admin, ConfigResource resource, AlterConfigOp operation)
            throws Exception {
        admin.incrementalAlterConfigs(Map.of(resource, List.of(operation))).all().get();
    }

    @Test
    void aTopicIsMadeWhenItIsFirstWrittenTo() throws Exception {
        try (var producer = producer(Map.of())) {
            assertThat(producer.send(new ProducerRecord<>("made-by-use", "hello")).get().offset())
                    .isZero();
        }
        try (var consumer = consumer(Map.of("group.id", "made-by-use"))) {
            consumer.subscribe(List.of("made-by-use"));
            assertThat(poll(consumer, 1)).hasSize(1);
        }
    }
}
