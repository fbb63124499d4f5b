package io.headrace.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.headrace.client.admin.Admin;
import io.headrace.client.admin.ConfigChange;
import io.headrace.client.admin.ConfigEntry;
import io.headrace.client.admin.GroupLag;
import io.headrace.client.admin.GroupListing;
import io.headrace.client.admin.GroupPage;
import io.headrace.client.admin.NewTopic;
import io.headrace.client.admin.Outcome;
import io.headrace.client.consume.Assignment;
import io.headrace.client.consume.CommittedOffset;
import io.headrace.client.consume.ConsumedRecord;
import io.headrace.client.consume.FetchOptions;
import io.headrace.client.consume.FetchedBatches;
import io.headrace.client.consume.Position;
import io.headrace.client.consume.ReadOptions;
import io.headrace.client.error.HeadraceException;
import io.headrace.client.error.ServerErrorException;
import io.headrace.client.produce.CorrelatedRecord;
import io.headrace.client.produce.Producer;
import io.headrace.client.produce.ProducerOptions;
import io.headrace.client.produce.ProducerRecord;
import io.headrace.client.produce.RecordMetadata;
import io.headrace.client.produce.SendCallback;
import io.headrace.client.produce.SendResult;
import io.headrace.protocol.batch.CompressionCodec;

import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.serialization.StringSerializer;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import reactor.core.publisher.Flux;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

/** Producer, consumer and administration against Apache Kafka, or what {@code bootstrap} names. */
@NullUnmarked // A missing answer fails the test as well as a check of it would.
class ClientCompatibilityIT {
    private static final Duration WAIT = Duration.ofSeconds(20);

    private static KafkaCluster cluster;
    private static HeadraceClient client;
    private static Admin admin;

    @BeforeAll
    static void start() throws Exception {
        cluster = KafkaCluster.shared();
        client = HeadraceClient.builder().bootstrap(cluster.bootstrap()).clientId("it").build();
        admin = client.admin();
    }

    @AfterAll
    static void stop() {
        client.close().block(WAIT);
    }

    private static String newTopic(int partitions) {
        String name = "t-" + UUID.randomUUID();
        admin.createTopic(NewTopic.of(name, partitions)).block(WAIT);
        return name;
    }

    @Test
    void storesAndReadsARecordWithAllItsParts() {
        String topic = newTopic(1);
        Producer producer = client.producer();

        RecordMetadata stored =
                Objects.requireNonNull(
                        producer.send(
                                        ProducerRecord.ofText(topic, "key", "value")
                                                .withTimestampMs(1_700_000_000_000L)
                                                .withHeader("h", new byte[] {1, 2})
                                                .withHeader("none", null))
                                .block(WAIT));

        assertThat(stored).isEqualTo(new RecordMetadata(topic, 0, 0, 1_700_000_000_000L));
        ConsumedRecord read =
                Objects.requireNonNull(
                        client.consumer()
                                .read(Assignment.topic(topic, Position.earliest()))
                                .blockFirst(WAIT));
        assertThat(read.keyText()).isEqualTo("key");
        assertThat(read.valueText()).isEqualTo("value");
        assertThat(read.timestampMs()).isEqualTo(1_700_000_000_000L);
        assertThat(read.headers()).hasSize(2);
        assertThat(read.headers().getFirst().value()).containsExactly(1, 2);
        producer.close().block(WAIT);
    }

    @ParameterizedTest
    @EnumSource(CompressionCodec.class)
    void keepsTheOrderOfManyRecordsInEveryCodec(CompressionCodec codec) {
        String topic = newTopic(3);
        Producer producer = client.producer(ProducerOptions.builder().compression(codec).build());
        int count = 5_000;

        List<SendResult<Integer>> results =
                Objects.requireNonNull(
                        producer.send(
                                        Flux.range(0, count)
                                                .map(
                                                        i ->
                                                                new CorrelatedRecord<>(
                                                                        i,
                                                                        ProducerRecord.ofText(
                                                                                topic,
                                                                                "k" + i % 100,
                                                                                "v" + i))))
                                .collectList()
                                .block(WAIT));

        assertThat(results).hasSize(count).allMatch(r -> r instanceof SendResult.Sent);
        List<ConsumedRecord> read = readAll(topic);
        assertThat(read).hasSize(count);
        for (int partition = 0; partition < 3; partition++) {
            int wanted = partition;
            List<Integer> values =
                    read.stream()
                            .filter(r -> r.partition() == wanted)
                            .map(
                                    r ->
                                            Integer.valueOf(
                                                    Objects.requireNonNull(r.valueText())
                                                            .substring(1)))
                            .toList();
            assertThat(values).isNotEmpty().isSorted();
        }
        producer.close().block(WAIT);
    }

    private static List<ConsumedRecord> readAll(String topic) {
        return Objects.requireNonNull(
                client.consumer()
                        .read(
                                Assignment.topic(topic, Position.earliest()),
                                ReadOptions.builder().stopAtEnd(true).build())
                        .collectList()
                        .block(WAIT));
    }

    @Test
    void putsKeysWhereKafkasProducerPutsThem() throws Exception {
        String topic = newTopic(7);
        Producer producer = client.producer();
        try (KafkaProducer<String, String> kafka =
                new KafkaProducer<>(
                        Map.of("bootstrap.servers", cluster.bootstrap()),
                        new StringSerializer(),
                        new StringSerializer())) {
            for (String key : List.of("", "a", "ab", "abc", "abcd", "ключ", "order-12345")) {
                int theirs =
                        kafka.send(
                                        new org.apache.kafka.clients.producer.ProducerRecord<>(
                                                topic, key, "v"))
                                .get(20, TimeUnit.SECONDS)
                                .partition();
                RecordMetadata ours =
                        Objects.requireNonNull(
                                producer.send(ProducerRecord.ofText(topic, key, "v")).block(WAIT));
                assertThat(ours.partition()).as(key).isEqualTo(theirs);
            }
        }
        producer.close().block(WAIT);
    }

    @Test
    void spreadsRecordsWithoutKeysOverAllPartitions() {
        String topic = newTopic(4);
        Producer producer = client.producer(ProducerOptions.builder().batchBytes(1024).build());
        List<SendResult<Integer>> results =
                Objects.requireNonNull(
                        producer.send(
                                        Flux.range(0, 2_000)
                                                .map(
                                                        i ->
                                                                new CorrelatedRecord<>(
                                                                        i,
                                                                        ProducerRecord.ofText(
                                                                                topic,
                                                                                "some value "
                                                                                        + i))))
                                .collectList()
                                .block(WAIT));
        assertThat(results)
                .extracting(
                        r ->
                                r instanceof SendResult.Sent<Integer>(var i, var m)
                                        ? m.partition()
                                        : -1)
                .contains(0, 1, 2, 3)
                .doesNotContain(-1);
        producer.close().block(WAIT);
    }

    @Test
    void takesManyRecordsByCallbackWithinItsMemory() throws Exception {
        String topic = newTopic(2);
        Producer producer =
                client.producer(
                        ProducerOptions.builder()
                                .bufferBytes(2 * 1024 * 1024)
                                .maxWaiting(1_000)
                                .build());
        int count = 200_000;
        byte[] value = "x".repeat(100).getBytes(StandardCharsets.UTF_8);
        CountDownLatch done = new CountDownLatch(count);
        AtomicInteger failed = new AtomicInteger();
        SendCallback callback =
                new SendCallback() {
                    @Override
                    public void onSent(RecordMetadata metadata) {
                        done.countDown();
                    }

                    @Override
                    public void onFailed(HeadraceException error) {
                        failed.incrementAndGet();
                        done.countDown();
                    }
                };
        long startNanos = System.nanoTime();
        for (int i = 0; i < count; i++) {
            while (!producer.trySend(ProducerRecord.of(topic, value), callback)) {
                Thread.onSpinWait();
            }
        }
        producer.flush().block(WAIT);
        assertThat(done.await(20, TimeUnit.SECONDS)).isTrue();
        System.out.printf(
                "%d records in %d ms: %s%n",
                count, (System.nanoTime() - startNanos) / 1_000_000, producer.metrics());
        assertThat(failed).hasValue(0);
        assertThat(producer.metrics().recordsSent()).isEqualTo(count);
        assertThat(producer.metrics().bufferedBytes()).isZero();
        assertThat(readAll(topic)).hasSize(count);
        producer.close().block(WAIT);
    }

    @Test
    void readsFromOffsetsTimesAndTheEnd() {
        String topic = newTopic(1);
        Producer producer = client.producer();
        for (int i = 0; i < 10; i++) {
            producer.send(ProducerRecord.ofText(topic, "v" + i).withTimestampMs(1000L * (i + 1)))
                    .block(WAIT);
        }
        assertThat(firstAt(topic, Position.offset(4))).isEqualTo("v4");
        assertThat(firstAt(topic, new Position.AtTimestamp(5500))).isEqualTo("v5");
        assertThat(firstAt(topic, Position.beforeEnd(3))).isEqualTo("v7");
        TopicPartition partition = new TopicPartition(topic, 0);
        assertThat(client.consumer().offsets(Map.of(partition, Position.latest())).block(WAIT))
                .hasEntrySatisfying(partition, found -> assertThat(found.offset()).isEqualTo(10));
        assertThatThrownBy(() -> firstAt(topic, Position.offset(99)))
                .isInstanceOfSatisfying(
                        ServerErrorException.class,
                        e -> assertThat(e.error()).isEqualTo(Errors.OFFSET_OUT_OF_RANGE));
        producer.close().block(WAIT);
    }

    private static String firstAt(String topic, Position position) {
        return Objects.requireNonNull(
                Objects.requireNonNull(
                                client.consumer()
                                        .read(Assignment.partition(topic, 0, position))
                                        .blockFirst(WAIT))
                        .valueText());
    }

    @Test
    void fetchesOnceAndWaitsForData() {
        String topic = newTopic(1);
        Producer producer = client.producer();
        TopicPartition partition = new TopicPartition(topic, 0);
        FetchedBatches empty =
                Objects.requireNonNull(
                        client.consumer()
                                .fetch(
                                        partition,
                                        0,
                                        FetchOptions.defaults().withMaxWait(Duration.ZERO))
                                .block(WAIT));
        assertThat(empty.sizeInBytes()).isZero();

        producer.send(ProducerRecord.ofText(topic, "now")).block(WAIT);
        FetchedBatches answer =
                Objects.requireNonNull(
                        client.consumer().fetch(partition, 0, FetchOptions.defaults()).block(WAIT));
        FetchedBatches.Decoded decoded = answer.decode(1 << 20);
        assertThat(decoded.records()).extracting(ConsumedRecord::valueText).containsExactly("now");
        assertThat(decoded.nextOffset()).isEqualTo(1);
        assertThatThrownBy(
                        () ->
                                client.consumer()
                                        .fetch(partition, 77, FetchOptions.defaults())
                                        .block(WAIT))
                .hasMessageContaining("OFFSET_OUT_OF_RANGE");
        producer.close().block(WAIT);
    }

    @Test
    void administersTopicsAndConfigs() {
        String topic = newTopic(2);
        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
        assertThat(Objects.requireNonNull(admin.listTopics().block(WAIT)))
                .anyMatch(t -> t.name().equals(topic) && t.partitions() == 2);

        orThrow(admin.createPartitions(Map.of(topic, 5)).block(WAIT));
        assertThat(Objects.requireNonNull(admin.describeTopic(topic).block(WAIT)).partitions())
                .hasSize(5);

        orThrow(
                admin.alterConfigs(
                                Map.of(
                                        resource,
                                        List.of(new ConfigChange.Set("retention.ms", "12345"))),
                                false)
                        .block(WAIT));
        // Another node may learn of the change later; asked until it does.
        ConfigEntry changed =
                Objects.requireNonNull(
                        Flux.defer(() -> admin.describeConfigs(List.of(resource), true))
                                .flatMapIterable(all -> all.get(resource).orThrow())
                                .filter(c -> c.name().equals("retention.ms"))
                                .repeat()
                                .filter(c -> "12345".equals(c.value()))
                                .blockFirst(WAIT));
        assertThat(changed.source()).isEqualTo(ConfigEntry.Source.TOPIC);
        assertThat(changed.documentation()).isNotEmpty();

        assertThatThrownBy(() -> admin.createTopic(NewTopic.of(topic, 1)).block(WAIT))
                .isInstanceOfSatisfying(
                        ServerErrorException.class,
                        e -> assertThat(e.error()).isEqualTo(Errors.TOPIC_ALREADY_EXISTS));
        admin.deleteTopic(topic).block(WAIT);
        assertThat(
                        Objects.requireNonNull(admin.describeTopics(List.of(topic)).block(WAIT))
                                .get(topic))
                .isInstanceOf(Outcome.Refused.class);
    }

    private static void orThrow(Map<?, ? extends Outcome<?>> outcomes) {
        assertThat(outcomes).isNotEmpty();
        outcomes.values().forEach(Outcome::orThrow);
    }

    @Test
    void administersTheClusterAndRecords() {
        String topic = newTopic(1);
        Producer producer = client.producer();
        producer.send(ProducerRecord.ofText(topic, "a")).block(WAIT);
        producer.send(ProducerRecord.ofText(topic, "b")).block(WAIT);
        TopicPartition partition = new TopicPartition(topic, 0);
        assertThat(
                        Objects.requireNonNull(
                                        admin.deleteRecords(Map.of(partition, 1L)).block(WAIT))
                                .get(partition)
                                .orThrow())
                .isEqualTo(1);
        assertThat(firstAt(topic, Position.earliest())).isEqualTo("b");
        assertThat(Objects.requireNonNull(admin.describeCluster().block(WAIT)).nodes()).hasSize(1);
        assertThat(
                        Objects.requireNonNull(admin.describeLogDirs(Set.of()).block(WAIT))
                                .values()
                                .iterator()
                                .next()
                                .orThrow()
                                .getFirst()
                                .replicas())
                .containsKey(partition);
        producer.close().block(WAIT);
    }

    @Test
    void commitsResetsAndMeasuresOffsetsOfAGroup() {
        String topic = newTopic(2);
        String group = "g-" + UUID.randomUUID();
        Producer producer = client.producer();
        for (int i = 0; i < 6; i++) {
            producer.send(ProducerRecord.ofText(topic, "v").withPartition(i % 2)).block(WAIT);
        }
        TopicPartition p0 = new TopicPartition(topic, 0);
        TopicPartition p1 = new TopicPartition(topic, 1);
        orThrow(
                admin.alterOffsets(
                                group, Map.of(p0, CommittedOffset.of(1), p1, CommittedOffset.of(3)))
                        .block(WAIT));
        GroupLag lag = Objects.requireNonNull(admin.lag(group).block(WAIT));
        assertThat(lag.total()).isEqualTo(2);
        assertThat(lag.partitions().get(p0).lag()).isEqualTo(2);
        admin.resetOffsets(group, Map.of(p1, Position.earliest())).block(WAIT);
        assertThat(Objects.requireNonNull(admin.lag(group).block(WAIT)).total()).isEqualTo(5);
        assertThat(Objects.requireNonNull(admin.listGroups().block(WAIT)))
                .anyMatch(g -> g.groupId().equals(group));
        GroupPage page = Objects.requireNonNull(admin.listGroups(group, "", 1).block(WAIT));
        assertThat(page.groups()).extracting(GroupListing::groupId).containsExactly(group);
        assertThat(page.total()).isEqualTo(1);
        assertThat(page.hasMore()).isFalse();
        assertThat(admin.listGroups(group, group, 1).block(WAIT))
                .isEqualTo(new GroupPage(List.of(), 1, false));
        assertThat(
                        Objects.requireNonNull(admin.describeGroups(List.of(group)).block(WAIT))
                                .get(group)
                                .orThrow()
                                .state())
                .isEqualTo("Empty");
        orThrow(admin.deleteOffsets(group, Set.of(p0)).block(WAIT));
        orThrow(admin.deleteGroups(List.of(group)).block(WAIT));
        assertThat(
                        Objects.requireNonNull(admin.describeGroups(List.of(group)).block(WAIT))
                                .get(group))
                .isInstanceOf(Outcome.Refused.class);
        producer.close().block(WAIT);
    }

    @Test
    void pausesFetchingWhileTheSubscriberAsksForNothing() {
        String topic = newTopic(1);
        Producer producer = client.producer();
        List<CorrelatedRecord<Integer>> records = new ArrayList<>();
        IntStream.range(0, 20_000)
                .forEach(
                        i ->
                                records.add(
                                        new CorrelatedRecord<>(
                                                i, ProducerRecord.ofText(topic, "v" + i))));
        producer.send(Flux.fromIterable(records)).blockLast(WAIT);

        List<String> read =
                Objects.requireNonNull(
                        client.consumer()
                                .read(
                                        Assignment.topic(topic, Position.earliest()),
                                        ReadOptions.builder()
                                                .stopAtEnd(true)
                                                .prefetchRecords(100)
                                                .maxPartitionBytes(1000)
                                                .build())
                                .limitRate(7)
                                .map(r -> Objects.requireNonNull(r.valueText()))
                                .collectList()
                                .block(WAIT));
        assertThat(read).hasSize(20_000).startsWith("v0", "v1").endsWith("v19999");
        producer.close().block(WAIT);
    }
}
