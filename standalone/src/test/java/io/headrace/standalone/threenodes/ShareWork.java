package io.headrace.standalone.threenodes;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.testkit.wait.Eventually;

import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.ListShareGroupOffsetsSpec;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicIdPartition;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** A topic, the share group of the same name that works it off, and what its members were told. */
final class ShareWork implements AutoCloseable {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final Duration POLL = Duration.ofMillis(200);
    private static final Duration COMMIT = Duration.ofSeconds(15);

    private final String bootstrap;
    private final String topic;
    private final int partitions;
    private final Admin admin;
    private final KafkaProducer<String, String> producer;

    /** What members said and were confirmed to have said; guarded by this. */
    private final Map<String, Integer> accepted = new HashMap<>();

    private final Map<String, Integer> released = new HashMap<>();

    /** What was accepted without an answer, or with an error. */
    private final Set<String> unconfirmed = new HashSet<>();

    private volatile boolean ending;
    private final ConcurrentLinkedQueue<String> wrong = new ConcurrentLinkedQueue<>();

    ShareWork(String bootstrap, String topic, int partitions) throws Exception {
        this.bootstrap = bootstrap;
        this.topic = topic;
        this.partitions = partitions;
        admin = Admin.create(Map.of("bootstrap.servers", bootstrap));
        producer =
                new KafkaProducer<>(
                        Map.of("bootstrap.servers", bootstrap, "acks", "all"),
                        new StringSerializer(),
                        new StringSerializer());
        admin.createTopics(List.of(new NewTopic(topic, Optional.of(partitions), Optional.empty())))
                .all()
                .get();
        admin.incrementalAlterConfigs(
                        Map.of(
                                new ConfigResource(ConfigResource.Type.GROUP, topic),
                                List.of(
                                        new AlterConfigOp(
                                                new ConfigEntry(
                                                        "share.auto.offset.reset", "earliest"),
                                                AlterConfigOp.OpType.SET))))
                .all()
                .get();
    }

    /** Writes the values "v0" ... to all partitions in turn; returns when all are acknowledged. */
    void send(int from, int to) {
        for (int i = from; i < to; i++) {
            producer.send(new ProducerRecord<>(topic, i % partitions, null, "v" + i));
        }
        producer.flush();
    }

    static List<String> values(int from, int to) {
        return IntStream.range(from, to).mapToObj(i -> "v" + i).toList();
    }

    /** The node that leads the first partition. */
    String leader() throws Exception {
        TopicDescription description =
                Objects.requireNonNull(
                        admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic));
        return "" + description.partitions().getFirst().leader().id();
    }

    KafkaShareConsumer<String, String> member() {
        KafkaShareConsumer<String, String> created =
                new KafkaShareConsumer<>(
                        Map.of(
                                "bootstrap.servers", bootstrap,
                                "group.id", topic,
                                "share.acknowledgement.mode", "explicit"),
                        new StringDeserializer(),
                        new StringDeserializer());
        created.subscribe(List.of(topic));
        return created;
    }

    /** Polls once or more often until a member has got so many records. */
    static List<ConsumerRecord<String, String>> take(
            KafkaShareConsumer<String, String> member, int count) {
        List<ConsumerRecord<String, String>> taken = new ArrayList<>();
        Eventually.until(
                LIMIT,
                () -> {
                    member.poll(POLL).forEach(taken::add);
                    return taken.size() >= count;
                },
                count + " records");
        return taken;
    }

    /** Waits until nothing is left to be delivered. */
    void awaitDone() {
        Eventually.until(
                LIMIT, () -> startOffsets().equals(endOffsets()), "all of " + topic + " done");
    }

    private Map<TopicPartition, Long> startOffsets() throws Exception {
        return admin
                .listShareGroupOffsets(Map.of(topic, new ListShareGroupOffsetsSpec()))
                .partitionsToOffsetInfo(topic)
                .get()
                .entrySet()
                .stream()
                .filter(each -> each.getValue() != null)
                .collect(
                        Collectors.toMap(Map.Entry::getKey, each -> each.getValue().startOffset()));
    }

    private Map<TopicPartition, Long> endOffsets() throws Exception {
        Map<TopicPartition, OffsetSpec> latest = new HashMap<>();
        for (int i = 0; i < partitions; i++) {
            latest.put(new TopicPartition(topic, i), OffsetSpec.latest());
        }
        return admin.listOffsets(latest).all().get().entrySet().stream()
                .collect(Collectors.toMap(Map.Entry::getKey, each -> each.getValue().offset()));
    }

    // Many at a time.

    /** A member that works until all end; every fifth value it releases once. */
    Thread worker() {
        return Thread.ofPlatform()
                .name("worker")
                .start(
                        () -> {
                            try (KafkaShareConsumer<String, String> member = member()) {
                                while (!ending) {
                                    work(member);
                                }
                            } catch (RuntimeException e) {
                                wrong.add("A worker ended with " + e);
                            }
                        });
    }

    void endWorkers() {
        ending = true;
    }

    private void work(KafkaShareConsumer<String, String> member) {
        List<ConsumerRecord<String, String>> records = new ArrayList<>();
        member.poll(POLL).forEach(records::add);
        for (ConsumerRecord<String, String> record : records) {
            member.acknowledge(record, verdict(record));
        }
        Map<TopicIdPartition, Optional<KafkaException>> results = member.commitSync(COMMIT);
        Map<Integer, Boolean> confirmed = new HashMap<>();
        results.forEach((id, failure) -> confirmed.put(id.partition(), failure.isEmpty()));
        synchronized (this) {
            for (ConsumerRecord<String, String> record : records) {
                note(record, confirmed.getOrDefault(record.partition(), false));
            }
        }
    }

    private static AcknowledgeType verdict(ConsumerRecord<String, String> record) {
        return record.deliveryCount().orElseThrow() == 1
                        && Integer.parseInt(record.value().substring(1)) % 5 == 0
                ? AcknowledgeType.RELEASE
                : AcknowledgeType.ACCEPT;
    }

    private void note(ConsumerRecord<String, String> record, boolean confirmed) {
        String value = record.value();
        if (!confirmed) {
            unconfirmed.add(value);
            return;
        }
        int count = record.deliveryCount().orElseThrow();
        int least = 1 + released.getOrDefault(value, 0);
        if (count < least) {
            wrong.add(value + " was released " + (least - 1) + " times, but counted " + count);
        }
        boolean isAccepted = verdict(record) == AcknowledgeType.ACCEPT;
        int times = (isAccepted ? accepted : released).merge(value, 1, Integer::sum);
        if (accepted.getOrDefault(value, 0) > (isAccepted ? 1 : 0)) {
            wrong.add(value + " was accepted, and delivered again; times " + times);
        }
    }

    synchronized int acceptedCount() {
        return accepted.size();
    }

    /** Nothing was taken twice, and nothing but what had no answer is missing. */
    synchronized void check(int count) {
        assertThat(wrong).isEmpty();
        Set<String> known = new HashSet<>(accepted.keySet());
        known.addAll(unconfirmed);
        assertThat(known).containsExactlyInAnyOrderElementsOf(values(0, count));
        assertThat(released).isNotEmpty();
    }

    @Override
    public void close() {
        producer.close();
        admin.close();
    }
}
