package io.headrace.standalone.clients;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.headrace.standalone.RunningPlatform;
import io.headrace.testkit.wait.Eventually;

import org.apache.kafka.clients.admin.AbortTransactionSpec;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.FeatureMetadata;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.ProducerState;
import org.apache.kafka.clients.admin.TransactionDescription;
import org.apache.kafka.clients.admin.TransactionListing;
import org.apache.kafka.clients.admin.TransactionState;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.InvalidTxnStateException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ExecutionException;

/** Transactions by the Java clients of Kafka 4.3.1, unmodified. */
@Timeout(120)
class TransactionsCompatibilityIT {
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

    private static KafkaProducer<String, String> producer(String transactionalId) {
        return producer(Map.of("transactional.id", transactionalId));
    }

    private static KafkaProducer<String, String> producer(Map<String, Object> more) {
        return new KafkaProducer<>(common(more), new StringSerializer(), new StringSerializer());
    }

    private static KafkaConsumer<String, String> consumer(Map<String, Object> more) {
        Map<String, Object> all = common(more);
        all.putIfAbsent("auto.offset.reset", "earliest");
        all.putIfAbsent("isolation.level", "read_committed");
        all.putIfAbsent("enable.auto.commit", false);
        return new KafkaConsumer<>(all, new StringDeserializer(), new StringDeserializer());
    }

    private static void eventually(Eventually.Assertions assertions) {
        Eventually.passes(LIMIT, assertions, "what the test expects");
    }

    private static Admin admin() {
        return Admin.create(common(Map.of()));
    }

    private static void create(String topic, int partitions) throws Exception {
        try (Admin admin = admin()) {
            admin.createTopics(List.of(new NewTopic(topic, partitions, (short) 1))).all().get();
        }
    }

    private static List<TopicPartition> partitions(String topic, int count) {
        List<TopicPartition> partitions = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            partitions.add(new TopicPartition(topic, i));
        }
        return partitions;
    }

    /**
     * Reads until so many records came, and all that there was; the end of a transaction is
     * answered before its markers are written, so its last records may come a little later.
     */
    private static List<String> read(String topic, int partitions, int count, String isolation) {
        List<String> values = new ArrayList<>();
        try (KafkaConsumer<String, String> consumer =
                consumer(Map.of("isolation.level", isolation))) {
            List<TopicPartition> assigned = partitions(topic, partitions);
            consumer.assign(assigned);
            Map<TopicPartition, Long> ends = consumer.endOffsets(assigned);
            eventually(
                    () -> {
                        consumer.poll(Duration.ofMillis(100))
                                .forEach(record -> values.add(record.value()));
                        assigned.forEach(
                                each ->
                                        assertThat(consumer.position(each))
                                                .isGreaterThanOrEqualTo(ends.get(each)));
                        assertThat(values).hasSizeGreaterThanOrEqualTo(count);
                    });
        }
        assertThat(values).hasSize(count);
        return values;
    }

    @Test
    void theTransactionVersionIsFinalized() throws Exception {
        try (Admin admin = admin()) {
            FeatureMetadata features = admin.describeFeatures().featureMetadata().get();
            assertThat(features.finalizedFeatures()).containsKey("transaction.version");
            assertThat(
                            Objects.requireNonNull(
                                            features.finalizedFeatures().get("transaction.version"))
                                    .maxVersionLevel())
                    .isEqualTo((short) 2);
        }
    }

    @Test
    void committedTransactionsAreSeenAndAbortedOnesAreNot() throws Exception {
        create("committed", 3);
        try (KafkaProducer<String, String> producer = producer("committer")) {
            producer.initTransactions();
            for (int round = 0; round < 20; round++) {
                producer.beginTransaction();
                boolean commits = round % 3 != 2;
                for (int i = 0; i < 6; i++) {
                    producer.send(
                            new ProducerRecord<>(
                                    "committed", i % 3, "k" + i, (commits ? "yes" : "no") + round));
                }
                if (commits) {
                    producer.commitTransaction();
                } else {
                    producer.flush();
                    producer.abortTransaction();
                }
            }
        }
        assertThat(read("committed", 3, 14 * 6, "read_committed"))
                .allMatch(value -> value.startsWith("yes"));
        read("committed", 3, 20 * 6, "read_uncommitted");
    }

    @Test
    void anOpenTransactionHoldsBackWhatFollows() throws Exception {
        create("open", 1);
        TopicPartition partition = new TopicPartition("open", 0);
        try (KafkaProducer<String, String> open = producer("opener");
                KafkaProducer<String, String> plain = producer(Map.of());
                Admin admin = admin()) {
            open.initTransactions();
            open.beginTransaction();
            open.send(new ProducerRecord<>("open", "first")).get();
            plain.send(new ProducerRecord<>("open", "second")).get();
            assertThat(end(admin, partition, IsolationLevel.READ_UNCOMMITTED)).isEqualTo(2);
            assertThat(end(admin, partition, IsolationLevel.READ_COMMITTED)).isZero();
            try (KafkaConsumer<String, String> consumer = consumer(Map.of())) {
                consumer.assign(List.of(partition));
                assertThat(consumer.poll(Duration.ofMillis(500)).count()).isZero();
                open.commitTransaction();
                List<String> values = new ArrayList<>();
                eventually(
                        () -> {
                            consumer.poll(Duration.ofMillis(100))
                                    .forEach(record -> values.add(record.value()));
                            assertThat(values).containsExactly("first", "second");
                        });
            }
            assertThat(end(admin, partition, IsolationLevel.READ_COMMITTED)).isEqualTo(3);
        }
    }

    private static long end(Admin admin, TopicPartition partition, IsolationLevel isolation)
            throws Exception {
        return admin.listOffsets(
                        Map.of(partition, OffsetSpec.latest()), new ListOffsetsOptions(isolation))
                .partitionResult(partition)
                .get()
                .offset();
    }

    @Test
    void consumedOffsetsAreCommittedWithTheTransaction() throws Exception {
        create("input", 1);
        create("output", 1);
        TopicPartition input = new TopicPartition("input", 0);
        try (KafkaProducer<String, String> plain = producer(Map.of())) {
            for (int i = 0; i < 10; i++) {
                plain.send(new ProducerRecord<>("input", "v" + i));
            }
        }
        try (KafkaConsumer<String, String> consumer = consumer(Map.of("group.id", "movers"));
                KafkaProducer<String, String> producer = producer("mover");
                Admin admin = admin()) {
            consumer.subscribe(List.of("input"));
            producer.initTransactions();
            List<String> values = new ArrayList<>();
            eventually(
                    () -> {
                        consumer.poll(Duration.ofMillis(100))
                                .forEach(record -> values.add(record.value()));
                        assertThat(values).hasSize(10);
                    });
            ConsumerGroupMetadata group = consumer.groupMetadata();
            producer.beginTransaction();
            producer.send(new ProducerRecord<>("output", "aborted")).get();
            producer.sendOffsetsToTransaction(Map.of(input, new OffsetAndMetadata(5)), group);
            producer.abortTransaction();
            assertThat(
                            admin.listConsumerGroupOffsets("movers")
                                    .partitionsToOffsetAndMetadata()
                                    .get())
                    .isEmpty();
            producer.beginTransaction();
            values.forEach(value -> producer.send(new ProducerRecord<>("output", value)));
            producer.sendOffsetsToTransaction(Map.of(input, new OffsetAndMetadata(10)), group);
            producer.commitTransaction();
            eventually(
                    () ->
                            assertThat(
                                            Objects.requireNonNull(
                                                            consumer.committed(Set.of(input))
                                                                    .get(input))
                                                    .offset())
                                    .isEqualTo(10));
        }
        assertThat(read("output", 1, 10, "read_committed")).doesNotContain("aborted");
    }

    @Test
    void aNewerProducerFencesTheOlder() throws Exception {
        create("fenced", 1);
        try (KafkaProducer<String, String> older = producer("same")) {
            older.initTransactions();
            older.beginTransaction();
            older.send(new ProducerRecord<>("fenced", "of the older")).get();
            try (KafkaProducer<String, String> newer = producer("same")) {
                newer.initTransactions();
                assertThatThrownBy(
                                () -> {
                                    older.send(new ProducerRecord<>("fenced", "too late")).get();
                                    older.commitTransaction();
                                })
                        .hasCauseInstanceOf(InvalidProducerEpochException.class);
                assertThatThrownBy(older::abortTransaction)
                        .isInstanceOf(ProducerFencedException.class);
                newer.beginTransaction();
                newer.send(new ProducerRecord<>("fenced", "of the newer")).get();
                newer.commitTransaction();
            }
        }
        assertThat(read("fenced", 1, 1, "read_committed")).containsExactly("of the newer");
    }

    @Test
    void aSilentTransactionIsAborted() throws Exception {
        create("silent", 1);
        try (KafkaProducer<String, String> producer =
                        producer(
                                Map.of(
                                        "transactional.id",
                                        "silent",
                                        "transaction.timeout.ms",
                                        1000));
                Admin admin = admin()) {
            producer.initTransactions();
            producer.beginTransaction();
            producer.send(new ProducerRecord<>("silent", "lost")).get();
            eventually(
                    () -> {
                        TransactionDescription described =
                                admin.describeTransactions(List.of("silent"))
                                        .description("silent")
                                        .get();
                        assertThat(described.state()).isEqualTo(TransactionState.COMPLETE_ABORT);
                    });
            assertThatThrownBy(producer::commitTransaction).isInstanceOf(RuntimeException.class);
        }
        read("silent", 1, 0, "read_committed");
    }

    @Test
    void transactionsAreListedDescribedAndAborted() throws Exception {
        create("listed", 2);
        TopicPartition partition = new TopicPartition("listed", 1);
        try (KafkaProducer<String, String> producer = producer("listed");
                Admin admin = admin()) {
            producer.initTransactions();
            producer.beginTransaction();
            producer.send(new ProducerRecord<>("listed", 1, "key", "open")).get();
            TransactionDescription described =
                    admin.describeTransactions(List.of("listed")).description("listed").get();
            assertThat(described.state()).isEqualTo(TransactionState.ONGOING);
            assertThat(described.topicPartitions()).containsExactly(partition);
            assertThat(admin.listTransactions().all().get())
                    .extracting(TransactionListing::transactionalId)
                    .contains("listed");
            ProducerState state =
                    admin.describeProducers(List.of(partition))
                            .partitionResult(partition)
                            .get()
                            .activeProducers()
                            .getFirst();
            assertThat(state.currentTransactionStartOffset()).hasValue(0);
            assertThat(state.producerId()).isEqualTo(described.producerId());
            // Its coordinator knows of it, so it does not hang.
            AbortTransactionSpec spec =
                    new AbortTransactionSpec(
                            partition, state.producerId(), (short) state.producerEpoch(), 0);
            assertThatThrownBy(() -> admin.abortTransaction(spec).all().get())
                    .isInstanceOf(ExecutionException.class)
                    .hasCauseInstanceOf(InvalidTxnStateException.class);
            producer.commitTransaction();
        }
        read("listed", 2, 1, "read_committed");
    }

    @Test
    void transactionsSurviveARestart(@TempDir Path own) throws Exception {
        try (RunningPlatform first = RunningPlatform.start(own)) {
            Map<String, Object> settings =
                    Map.of(
                            "transactional.id",
                            "survivor",
                            "bootstrap.servers",
                            first.kafkaAddress());
            KafkaProducer<String, String> producer =
                    new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer());
            try {
                producer.initTransactions();
                producer.beginTransaction();
                producer.send(new ProducerRecord<>("restarted", "committed")).get();
                producer.commitTransaction();
                producer.beginTransaction();
                producer.send(new ProducerRecord<>("restarted", "left open")).get();
                first.process().killHard();
            } finally {
                producer.close(Duration.ZERO);
            }
        }
        try (RunningPlatform second = RunningPlatform.start(own)) {
            Map<String, Object> settings =
                    Map.of(
                            "transactional.id",
                            "survivor",
                            "bootstrap.servers",
                            second.kafkaAddress());
            try (KafkaProducer<String, String> producer =
                    new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer())) {
                producer.initTransactions(); // aborts what was left open
                producer.beginTransaction();
                producer.send(new ProducerRecord<>("restarted", "again")).get();
                producer.commitTransaction();
            }
            Map<String, Object> reading =
                    Map.of(
                            "bootstrap.servers",
                            second.kafkaAddress(),
                            "isolation.level",
                            "read_committed",
                            "auto.offset.reset",
                            "earliest");
            try (KafkaConsumer<String, String> consumer =
                    new KafkaConsumer<>(
                            reading, new StringDeserializer(), new StringDeserializer())) {
                consumer.assign(partitions("restarted", 1));
                List<String> values = new ArrayList<>();
                eventually(
                        () -> {
                            consumer.poll(Duration.ofMillis(100))
                                    .forEach(record -> values.add(record.value()));
                            assertThat(values).containsExactly("committed", "again");
                        });
            }
        }
    }
}
