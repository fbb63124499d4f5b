package io.headrace.storage;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicIdPartition;
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
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * Kafka's share consumer against a storage node over real sockets; groups and their state are kept
 * by a coordinator in memory.
 */
@Timeout(60)
class ShareConsumersIT {
    private static final String GROUP = "g";
    private static final Duration POLL = Duration.ofMillis(200);
    private static final Duration PATIENCE = Duration.ofMillis(2_500);

    @TempDir Path directory;
    private FakeCoordinator coordinator;
    private StorageNode node;
    private String bootstrap;

    @BeforeEach
    void start() throws Exception {
        coordinator = new FakeCoordinator();
        startNode(0);
        coordinator.setGroupConfig(GROUP, "share.auto.offset.reset", "earliest");
    }

    @AfterEach
    void stop() {
        node.close();
        coordinator.close();
    }

    private void startNode(int port) throws Exception {
        node =
                StorageNode.start(
                        NodeSettings.of(
                                coordinator.port(),
                                Map.of(
                                        "headrace.storage.data-dirs",
                                        directory.toString(),
                                        "headrace.storage.listener.port",
                                        port)));
        InetSocketAddress address = node.started().get(20, TimeUnit.SECONDS);
        bootstrap = "127.0.0.1:" + address.getPort();
    }

    private void send(String topic, int from, int to) throws Exception {
        send(topic, from, to, "v");
    }

    private void send(String topic, int from, int to, String value) throws Exception {
        Map<String, Object> config = Map.of("bootstrap.servers", bootstrap, "linger.ms", 0);
        try (var producer =
                new KafkaProducer<>(config, new StringSerializer(), new StringSerializer())) {
            for (int i = from; i < to; i++) {
                producer.send(new ProducerRecord<>(topic, 0, null, value + i)).get();
            }
        }
    }

    private KafkaShareConsumer<String, String> member(String topic, Map<String, Object> more) {
        Map<String, Object> config = new HashMap<>();
        config.put("bootstrap.servers", bootstrap);
        config.put("group.id", GROUP);
        config.putAll(more);
        KafkaShareConsumer<String, String> created =
                new KafkaShareConsumer<>(
                        config, new StringDeserializer(), new StringDeserializer());
        created.subscribe(List.of(topic));
        return created;
    }

    private static Map<String, Object> explicit() {
        return Map.of("share.acknowledgement.mode", "explicit");
    }

    /** Polls until so many records have come. */
    private static List<ConsumerRecord<String, String>> poll(
            KafkaShareConsumer<String, String> member, int count) {
        List<ConsumerRecord<String, String>> all = new ArrayList<>();
        pollUntil(member, all, () -> all.size() >= count);
        return all;
    }

    private static void pollUntil(
            KafkaShareConsumer<String, String> member,
            List<ConsumerRecord<String, String>> into,
            BooleanSupplier enough) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!enough.getAsBoolean() && System.nanoTime() < deadline) {
            member.poll(POLL).forEach(into::add);
        }
        assertThat(enough.getAsBoolean()).as("what came: %s", into.size()).isTrue();
    }

    private static List<Long> offsets(List<ConsumerRecord<String, String>> records) {
        return records.stream().map(ConsumerRecord::offset).sorted().toList();
    }

    private static void requireCommitted(KafkaShareConsumer<String, String> member) {
        Map<TopicIdPartition, Optional<KafkaException>> results = member.commitSync();
        results.values().forEach(result -> assertThat(result).isEmpty());
    }

    @Test
    void whatIsAcknowledgedImplicitlyIsNotDeliveredAgain() throws Exception {
        coordinator.createTopic("t", 1, Map.of());
        send("t", 0, 100);
        try (var first = member("t", Map.of())) {
            assertThat(poll(first, 100)).hasSize(100);
            send("t", 100, 110);
            assertThat(offsets(poll(first, 10))).first().isEqualTo(100L);
            requireCommitted(first);
        }
        send("t", 110, 115);
        try (var second = member("t", Map.of())) {
            assertThat(offsets(poll(second, 5))).containsExactly(110L, 111L, 112L, 113L, 114L);
        }
    }

    @Test
    void recordsAreAcceptedReleasedAndRejectedOneByOne() throws Exception {
        coordinator.createTopic("t", 1, Map.of());
        send("t", 0, 9);
        try (var member = member("t", explicit())) {
            List<ConsumerRecord<String, String>> records = poll(member, 9);
            for (ConsumerRecord<String, String> record : records) {
                assertThat(record.deliveryCount()).contains((short) 1);
                member.acknowledge(
                        record,
                        record.offset() % 3 == 0
                                ? AcknowledgeType.ACCEPT
                                : record.offset() % 3 == 1
                                        ? AcknowledgeType.RELEASE
                                        : AcknowledgeType.REJECT);
            }
            requireCommitted(member);
            List<ConsumerRecord<String, String>> again = poll(member, 3);
            assertThat(offsets(again)).containsExactly(1L, 4L, 7L);
            for (ConsumerRecord<String, String> record : again) {
                assertThat(record.deliveryCount()).contains((short) 2);
                member.acknowledge(record);
            }
            requireCommitted(member);
            send("t", 9, 10);
            assertThat(offsets(poll(member, 1))).containsExactly(9L);
        }
    }

    @Test
    void renewedRecordsStayWithTheirMember() throws Exception {
        coordinator.setGroupConfig(GROUP, "share.record.lock.duration.ms", "1500");
        coordinator.createTopic("t", 1, Map.of());
        send("t", 0, 5);
        try (var holder = member("t", explicit());
                var other = member("t", explicit())) {
            List<ConsumerRecord<String, String>> records = poll(holder, 5);
            List<ConsumerRecord<String, String>> stolen = new ArrayList<>();
            long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(3);
            while (System.nanoTime() < until) {
                records.forEach(record -> holder.acknowledge(record, AcknowledgeType.RENEW));
                requireCommitted(holder);
                other.poll(POLL).forEach(stolen::add);
                assertThat(stolen).isEmpty();
                holder.poll(POLL); // hands the renewed records out again
            }
            records.forEach(record -> holder.acknowledge(record, AcknowledgeType.ACCEPT));
            requireCommitted(holder);
        }
    }

    @Test
    void twoMembersShareOnePartition() throws Exception {
        coordinator.createTopic("t", 1, Map.of());
        Map<String, Object> few =
                Map.of("max.poll.records", 10, "share.acquire.mode", "record_limit");
        try (var first = member("t", few);
                var second = member("t", few)) {
            List<ConsumerRecord<String, String>> ofFirst = new ArrayList<>();
            List<ConsumerRecord<String, String>> ofSecond = new ArrayList<>();
            first.poll(POLL);
            second.poll(POLL);
            send("t", 0, 200);
            pollUntil(
                    first,
                    ofFirst,
                    () -> {
                        second.poll(POLL).forEach(ofSecond::add);
                        return ofFirst.size() + ofSecond.size() >= 200;
                    });
            assertThat(ofFirst).isNotEmpty();
            assertThat(ofSecond).isNotEmpty();
            Set<Long> all = new HashSet<>(offsets(ofFirst));
            all.addAll(offsets(ofSecond));
            assertThat(all).hasSize(200);
            assertThat(ofFirst.size() + ofSecond.size()).isEqualTo(200);
        }
    }

    @Test
    void whatAMemberHoldsTooLongGoesToAnother() throws Exception {
        coordinator.setGroupConfig(GROUP, "share.record.lock.duration.ms", "1000");
        coordinator.createTopic("t", 1, Map.of());
        send("t", 0, 5);
        try (var silent = member("t", explicit());
                var other = member("t", Map.of())) {
            assertThat(poll(silent, 5)).hasSize(5);
            List<ConsumerRecord<String, String>> again = poll(other, 5);
            assertThat(offsets(again)).containsExactly(0L, 1L, 2L, 3L, 4L);
            assertThat(again.getFirst().deliveryCount()).contains((short) 2);
        }
    }

    @Test
    void whatAMemberDidNotProcessGoesToAnotherWhenItCloses() throws Exception {
        coordinator.createTopic("t", 1, Map.of());
        send("t", 0, 5);
        try (var leaving = member("t", explicit())) {
            poll(leaving, 5)
                    .forEach(
                            record -> {
                                if (record.offset() < 2) {
                                    leaving.acknowledge(record);
                                } else {
                                    leaving.acknowledge(record, AcknowledgeType.RELEASE);
                                }
                            });
        }
        try (var other = member("t", Map.of())) {
            assertThat(offsets(poll(other, 3))).containsExactly(2L, 3L, 4L);
        }
    }

    @Test
    void acknowledgementsOutliveTheNode() throws Exception {
        coordinator.createTopic("t", 1, Map.of());
        send("t", 0, 10);
        try (var member = member("t", explicit())) {
            poll(member, 10)
                    .forEach(
                            record -> {
                                if (record.offset() % 2 == 0) {
                                    member.acknowledge(record);
                                } else {
                                    member.acknowledge(record, AcknowledgeType.RELEASE);
                                }
                            });
            requireCommitted(member);
        }
        node.close();
        startNode(0);
        try (var member = member("t", Map.of())) {
            List<ConsumerRecord<String, String>> again = poll(member, 5);
            assertThat(offsets(again)).containsExactly(1L, 3L, 5L, 7L, 9L);
            assertThat(again.getFirst().deliveryCount()).contains((short) 2);
        }
    }

    @Test
    void aFetchWaitsForItsMinBytesOrItsTime() throws Exception {
        coordinator.createTopic("t", 1, Map.of());
        send("t", 0, 1);
        Map<String, Object> patient = Map.of("fetch.min.bytes", 20_000, "fetch.max.wait.ms", 3_000);
        try (var member = member("t", patient)) {
            assertThat(poll(member, 1)).hasSize(1);
            long began = System.nanoTime();
            member.poll(Duration.ofMillis(1)); // the next fetch is on its way
            send("t", 1, 2);
            assertThat(offsets(poll(member, 1))).containsExactly(1L);
            assertThat(Duration.ofNanos(System.nanoTime() - began)).isGreaterThan(PATIENCE);
            member.poll(Duration.ofMillis(1));
            send("t", 2, 3);
            long sent = System.nanoTime();
            send("t", 3, 4, "x".repeat(30_000));
            assertThat(offsets(poll(member, 2))).containsExactly(2L, 3L);
            assertThat(Duration.ofNanos(System.nanoTime() - sent)).isLessThan(PATIENCE);
        }
    }

    /** Members are woken one by one: each wakes the next while there is work left. */
    @Test
    void manyWaitingMembersAreGivenAllThereIs() throws Exception {
        coordinator.createTopic("t", 1, Map.of());
        Map<String, Object> one =
                Map.of("max.poll.records", 1, "share.acquire.mode", "record_limit");
        List<KafkaShareConsumer<String, String>> members = new ArrayList<>();
        try {
            for (int i = 0; i < 5; i++) {
                members.add(member("t", one));
                members.get(i).poll(POLL);
            }
            send("t", 0, 20);
            Map<Long, Integer> deliveries = new HashMap<>();
            List<Set<Long>> ofMembers = new ArrayList<>();
            members.forEach(each -> ofMembers.add(new HashSet<>()));
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
            while (deliveries.size() < 20 && System.nanoTime() < deadline) {
                for (int i = 0; i < 5; i++) {
                    for (ConsumerRecord<String, String> record : members.get(i).poll(POLL)) {
                        deliveries.merge(record.offset(), 1, Integer::sum);
                        ofMembers.get(i).add(record.offset());
                    }
                }
            }
            assertThat(deliveries).hasSize(20);
            assertThat(deliveries.values()).containsOnly(1);
            assertThat(ofMembers).allMatch(offsets -> !offsets.isEmpty());
        } finally {
            members.forEach(KafkaShareConsumer::close);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"batch_optimized", "record_limit"})
    void recordsOnDiskAreDeliveredToo(String mode) throws Exception {
        coordinator.createTopic("t", 1, Map.of("segment.bytes", "1048576"));
        send("t", 0, 400, "x".repeat(10_000));
        Map<String, Object> config = Map.of("share.acquire.mode", mode, "max.poll.records", 50);
        try (var first = member("t", config);
                var second = member("t", config)) {
            List<ConsumerRecord<String, String>> all = new ArrayList<>();
            pollUntil(
                    first,
                    all,
                    () -> {
                        second.poll(POLL).forEach(all::add);
                        return all.size() >= 400;
                    });
            assertThat(new HashSet<>(offsets(all))).hasSize(400);
            assertThat(all).hasSize(400);
        }
    }
}
