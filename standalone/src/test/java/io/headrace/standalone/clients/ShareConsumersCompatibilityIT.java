package io.headrace.standalone.clients;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.standalone.RunningPlatform;
import io.headrace.testkit.process.ChildProcess;

import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/** Kafka's share consumer (4.3.1, unmodified) against the whole platform. */
@Timeout(120)
class ShareConsumersCompatibilityIT {
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final String GROUP = "workers";

    @TempDir private Path data;
    private RunningPlatform platform;

    @BeforeEach
    void start() throws Exception {
        platform = RunningPlatform.start(data);
    }

    @AfterEach
    void stop() {
        platform.close();
    }

    private void create(String topic, int partitions, Map<String, String> groupConfigs)
            throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", platform.kafkaAddress()))) {
            admin.createTopics(List.of(new NewTopic(topic, partitions, (short) 1))).all().get();
            List<AlterConfigOp> changes = new ArrayList<>();
            changes.add(set("share.auto.offset.reset", "earliest"));
            groupConfigs.forEach((name, value) -> changes.add(set(name, value)));
            admin.incrementalAlterConfigs(
                            Map.of(new ConfigResource(ConfigResource.Type.GROUP, GROUP), changes))
                    .all()
                    .get();
        }
    }

    private static AlterConfigOp set(String name, String value) {
        return new AlterConfigOp(new ConfigEntry(name, value), AlterConfigOp.OpType.SET);
    }

    private KafkaProducer<String, String> producer(Map<String, Object> more) {
        Map<String, Object> configs = new HashMap<>(more);
        configs.put("bootstrap.servers", platform.kafkaAddress());
        return new KafkaProducer<>(configs, new StringSerializer(), new StringSerializer());
    }

    private void send(String topic, int partitions, int from, int to) {
        try (KafkaProducer<String, String> producer = producer(Map.of())) {
            for (int i = from; i < to; i++) {
                producer.send(new ProducerRecord<>(topic, i % partitions, null, "v" + i));
            }
            producer.flush();
        }
    }

    private KafkaShareConsumer<String, String> member(String topic) {
        KafkaShareConsumer<String, String> created =
                new KafkaShareConsumer<>(
                        Map.of(
                                "bootstrap.servers",
                                platform.kafkaAddress(),
                                "group.id",
                                GROUP,
                                "share.acknowledgement.mode",
                                "explicit"),
                        new StringDeserializer(),
                        new StringDeserializer());
        created.subscribe(List.of(topic));
        return created;
    }

    /** Polls and says of each record what became of it, until so many have come. */
    private static List<String> process(
            KafkaShareConsumer<String, String> member,
            int count,
            Function<ConsumerRecord<String, String>, AcknowledgeType> verdict) {
        List<String> values = new ArrayList<>();
        long deadline = System.nanoTime() + LIMIT.toNanos();
        while (values.size() < count && System.nanoTime() < deadline) {
            for (ConsumerRecord<String, String> record : member.poll(Duration.ofMillis(200))) {
                values.add(record.value());
                member.acknowledge(record, verdict.apply(record));
            }
            member.commitSync().values().forEach(result -> assertThat(result).isEmpty());
        }
        return values;
    }

    private static List<String> values(int from, int to, int step) {
        List<String> values = new ArrayList<>();
        for (int i = from; i < to; i += step) {
            values.add("v" + i);
        }
        return values;
    }

    /** Accepted, released and rejected records, then a kill -9 of everything. */
    @Test
    void acknowledgementsOutliveAKill() throws Exception {
        create("t", 2, Map.of());
        send("t", 2, 0, 30);
        try (KafkaShareConsumer<String, String> member = member("t")) {
            Set<String> seen = new HashSet<>();
            List<String> first =
                    process(
                            member,
                            30,
                            record -> {
                                int number = Integer.parseInt(record.value().substring(1));
                                return number % 3 == 0
                                        ? AcknowledgeType.ACCEPT
                                        : number % 3 == 1
                                                ? AcknowledgeType.REJECT
                                                : seen.add(record.value())
                                                        ? AcknowledgeType.RELEASE
                                                        : AcknowledgeType.ACCEPT;
                            });
            assertThat(first).containsAll(values(0, 30, 3)).containsAll(values(1, 30, 3));
        }
        platform.process().killHard();
        platform.close();
        platform = RunningPlatform.start(data);
        send("t", 2, 30, 32);
        try (KafkaShareConsumer<String, String> member = member("t")) {
            Set<String> rest = new HashSet<>();
            long deadline = System.nanoTime() + LIMIT.toNanos();
            while (!rest.containsAll(List.of("v30", "v31")) && System.nanoTime() < deadline) {
                rest.addAll(process(member, 1, record -> AcknowledgeType.ACCEPT));
            }
            assertThat(rest).contains("v30", "v31");
            assertThat(rest).doesNotContainAnyElementsOf(values(0, 30, 3));
            assertThat(rest).doesNotContainAnyElementsOf(values(1, 30, 3));
        }
    }

    @Test
    void recordsOfAKilledMemberGoToAnother() throws Exception {
        create("t", 1, Map.of("share.record.lock.duration.ms", "15000"));
        send("t", 1, 0, 10);
        try (ChildProcess holder =
                ChildProcess.java(HoldingShareMember.class, "-Xmx128m", "-XX:+UseSerialGC")
                        .arguments(platform.kafkaAddress(), "t", GROUP)
                        .start()) {
            holder.awaitLine(LIMIT, line -> line.startsWith("holds"));
            holder.killHard();
            try (KafkaShareConsumer<String, String> other = member("t")) {
                List<String> again = process(other, 10, record -> AcknowledgeType.ACCEPT);
                assertThat(again).containsExactlyInAnyOrderElementsOf(values(0, 10, 1));
            }
        }
    }

    @Test
    void aGroupThatReadsCommittedRecordsGetsNoOthers() throws Exception {
        create("t", 2, Map.of("share.isolation.level", "read_committed"));
        try (KafkaProducer<String, String> producer =
                producer(Map.of("transactional.id", "writer"))) {
            producer.initTransactions();
            for (int i = 0; i < 6; i++) {
                producer.beginTransaction();
                for (int j = 0; j < 4; j++) {
                    String value = (i % 2 == 0 ? "kept-" : "dropped-") + i + "-" + j;
                    producer.send(new ProducerRecord<>("t", j % 2, null, value));
                }
                producer.flush();
                if (i % 2 == 0) {
                    producer.commitTransaction();
                } else {
                    producer.abortTransaction();
                }
            }
            send("t", 2, 0, 4);
            producer.beginTransaction();
            producer.send(new ProducerRecord<>("t", 0, null, "open")).get();
            try (KafkaShareConsumer<String, String> member = member("t")) {
                List<String> values = process(member, 16, record -> AcknowledgeType.ACCEPT);
                assertThat(values).hasSize(16).doesNotHaveDuplicates();
                assertThat(values).allMatch(value -> value.matches("kept-.*|v[0-3]"));
                producer.commitTransaction();
                assertThat(process(member, 1, record -> AcknowledgeType.ACCEPT))
                        .containsExactly("open");
            }
        }
    }
}
