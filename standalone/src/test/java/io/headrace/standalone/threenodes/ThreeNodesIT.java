package io.headrace.standalone.threenodes;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.standalone.KafkaJs;
import io.headrace.standalone.RunningCluster;
import io.headrace.testkit.process.ChildProcess;
import io.headrace.testkit.random.Seeded;
import io.headrace.testkit.wait.Eventually;

import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.admin.TransactionListing;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.tools.LogDirsCommand;
import org.apache.kafka.tools.VerifiableConsumer;
import org.apache.kafka.tools.VerifiableProducer;
import org.apache.kafka.tools.reassign.ReassignPartitionsCommand;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/** One cluster of three storage nodes and two coordinators for all of these tests. */
@Timeout(300)
@Order(1)
class ThreeNodesIT {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final int PARTITIONS = 6;
    private static final int MESSAGES = 5_000;

    @TempDir private static Path folder;

    @SuppressWarnings("NullAway.Init") // started before all tests
    private static RunningCluster cluster;

    @BeforeAll
    static void start() throws Exception {
        cluster =
                RunningCluster.start(
                        folder.resolve("cluster"),
                        Map.of(
                                "num.partitions", "4",
                                "default.replication.factor", "3",
                                "group.initial.rebalance.delay.ms", "0"));
    }

    @AfterAll
    static void stop() {
        cluster.close();
    }

    private static Map<String, TopicDescription> create(String topic) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", cluster.bootstrap()))) {
            admin.createTopics(
                            List.of(new NewTopic(topic, Optional.of(PARTITIONS), Optional.empty())))
                    .all()
                    .get();
            return admin.describeTopics(List.of(topic)).allTopicNames().get();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"classic", "consumer"})
    void verifiableToolsLoseNothingWhenALeaderIsKilled(String protocol) throws Exception {
        String topic = "verifiable-" + protocol;
        TopicDescription description = Objects.requireNonNull(create(topic).get(topic));
        String leader = "" + description.partitions().getFirst().leader().id();
        try (ChildProcess producer = verifiableProducer(topic);
                ChildProcess first = verifiableConsumer(topic, protocol, 1);
                ChildProcess second = verifiableConsumer(topic, protocol, 2)) {
            awaitConsumed(MESSAGES / 5, first, second);
            cluster.kill(leader);
            try {
                awaitConsumed(MESSAGES, first, second);
                assertThat(producer.awaitExit(LIMIT)).as(producer.tail()).isZero();
                assertThat(producer.output()).contains("\"acked\":" + MESSAGES);
            } finally {
                cluster.start(leader);
            }
            first.terminate();
            second.terminate();
            first.awaitExit(LIMIT);
            second.awaitExit(LIMIT);
        }
        assertThat(read(topic)).hasSize(MESSAGES).doesNotHaveDuplicates();
    }

    /**
     * By itself the tool sends everything once only: what was under way at a kill would be missing.
     */
    private static ChildProcess verifiableProducer(String topic) throws Exception {
        Path config = folder.resolve("producer.properties");
        Files.writeString(config, "retries=" + Integer.MAX_VALUE + "\nenable.idempotence=true\n");
        return ChildProcess.java(VerifiableProducer.class, "-Xmx128m", "-XX:+UseSerialGC")
                .arguments("--bootstrap-server", cluster.bootstrap())
                .arguments("--topic", topic, "--max-messages", "" + MESSAGES)
                .arguments("--throughput", "1500", "--acks", "-1")
                .arguments("--command-config", config.toString())
                .start();
    }

    private static ChildProcess verifiableConsumer(String topic, String protocol, int number)
            throws Exception {
        List<String> arguments =
                new ArrayList<>(
                        List.of(
                                "--bootstrap-server",
                                cluster.bootstrap(),
                                "--topic",
                                topic,
                                "--group-id",
                                topic,
                                "--group-protocol",
                                protocol,
                                "--group-instance-id",
                                topic + number,
                                "--reset-policy",
                                "earliest"));
        if (protocol.equals("classic")) {
            arguments.addAll(List.of("--session-timeout", "10000"));
        }
        return ChildProcess.java(VerifiableConsumer.class, "-Xmx128m", "-XX:+UseSerialGC")
                .arguments(arguments.toArray(String[]::new))
                .start();
    }

    private static void awaitConsumed(int count, ChildProcess... consumers) {
        Eventually.until(
                LIMIT,
                () -> {
                    long consumed = 0;
                    for (ChildProcess consumer : consumers) {
                        assertThat(consumer.isAlive()).isTrue();
                        consumed += consumed(consumer.output());
                    }
                    return consumed >= count;
                },
                count + " messages; the first consumer said: " + consumers[0].tail());
    }

    private static long consumed(String output) {
        String before = "\"name\":\"records_consumed\"";
        return output.lines()
                .filter(line -> line.contains(before))
                .mapToLong(line -> Long.parseLong(line.replaceAll(".*?\"count\":(\\d+).*", "$1")))
                .sum();
    }

    /** All that is committed in a topic. */
    private static List<String> read(String topic) {
        List<TopicPartition> partitions =
                IntStream.range(0, PARTITIONS)
                        .mapToObj(each -> new TopicPartition(topic, each))
                        .toList();
        List<String> values = new ArrayList<>();
        try (KafkaConsumer<String, String> consumer =
                new KafkaConsumer<>(
                        Map.of(
                                "bootstrap.servers", cluster.bootstrap(),
                                "isolation.level", "read_committed",
                                "auto.offset.reset", "earliest"),
                        new StringDeserializer(),
                        new StringDeserializer())) {
            consumer.assign(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            Eventually.until(
                    LIMIT,
                    () -> {
                        consumer.poll(Duration.ofMillis(200))
                                .forEach(record -> values.add(record.value()));
                        return ends.entrySet().stream()
                                .allMatch(end -> consumer.position(end.getKey()) >= end.getValue());
                    },
                    "the end of " + topic);
        }
        return values;
    }

    @Test
    void kafkaJsWorksAsWithOneNode() throws Exception {
        KafkaJs.assumeOrRequire();
        try (ChildProcess script = KafkaJs.start(cluster.bootstrap(), folder)) {
            assertThat(script.awaitExit(LIMIT)).describedAs(script.output()).isZero();
            assertThat(script.output()).contains("all 1000 records came back once, in order");
        }
    }

    /** Each coordinator owns some of the shards; each is killed once, so every shard moves. */
    @Test
    void transactionsSurviveTheOwnersOfTheirShards() throws Exception {
        create("moves");
        List<TransactionWriter> writers = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            writers.add(
                    new TransactionWriter(
                            "writer" + i,
                            cluster.bootstrap(),
                            "moves",
                            PARTITIONS,
                            Duration.ofMillis(50)));
        }
        try {
            for (String victim : List.of("coordinator-1", "coordinator-2")) {
                awaitCommits(writers, 10);
                cluster.kill(victim);
                awaitCommits(writers, 10);
                cluster.start(victim);
            }
            awaitCommits(writers, 10);
        } finally {
            writers.forEach(TransactionWriter::close);
        }
        checkWhole(writers, read("moves"));
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", cluster.bootstrap()))) {
            assertThat(admin.listTransactions().all().get())
                    .extracting(TransactionListing::transactionalId)
                    .filteredOn(id -> id.startsWith("writer"))
                    .containsExactlyInAnyOrder("writer0", "writer1", "writer2", "writer3");
        }
    }

    private static void awaitCommits(List<TransactionWriter> writers, int more) {
        List<Integer> before = writers.stream().map(each -> each.committed().size()).toList();
        Eventually.until(
                LIMIT,
                () ->
                        IntStream.range(0, writers.size())
                                .allMatch(
                                        i ->
                                                writers.get(i).committed().size()
                                                        >= before.get(i) + more),
                "transactions of every writer");
    }

    /** Answered commits are there, aborts are not, and each is in every partition or in none. */
    private static void checkWhole(List<TransactionWriter> writers, List<String> values) {
        Map<String, Integer> seen = new HashMap<>();
        values.forEach(value -> seen.merge(value, 1, Integer::sum));
        Set<String> committed = new HashSet<>();
        for (TransactionWriter writer : writers) {
            assertThat(writer.failure()).isNull();
            assertThat(seen.keySet()).doesNotContainAnyElementsOf(writer.aborted());
            committed.addAll(writer.committed());
        }
        assertThat(seen.keySet()).containsAll(committed);
        assertThat(seen.values()).containsOnly(PARTITIONS);
    }

    /** What was accepted does not come again; what was released or held does, and is counted. */
    @Test
    void aShareGroupGoesOnAfterItsLeaderWasKilled() throws Exception {
        try (ShareWork work = new ShareWork(cluster.bootstrap(), "deliveries", 1)) {
            work.send(0, 30);
            String leader = work.leader();
            try (KafkaShareConsumer<String, String> holder = work.member()) {
                List<ConsumerRecord<String, String>> taken = ShareWork.take(holder, 30);
                acknowledge(holder, taken.subList(0, 10), AcknowledgeType.ACCEPT);
                acknowledge(holder, taken.subList(10, 20), AcknowledgeType.RELEASE);
                assertThat(holder.commitSync().values()).hasSize(1).allMatch(Optional::isEmpty);
                cluster.kill(leader);
                // The leader that gave these is dead, so this counts for nothing.
                acknowledge(holder, taken.subList(20, 25), AcknowledgeType.ACCEPT);
                assertThat(holder.commitSync(LIMIT).values()).anyMatch(Optional::isPresent);
            }
            try (KafkaShareConsumer<String, String> other = work.member()) {
                List<ConsumerRecord<String, String>> again = ShareWork.take(other, 20);
                Map<String, Integer> counts = new HashMap<>();
                again.forEach(
                        each -> counts.put(each.value(), 0 + each.deliveryCount().orElseThrow()));
                Map<String, Integer> expected = new HashMap<>();
                ShareWork.values(10, 20).forEach(value -> expected.put(value, 2));
                ShareWork.values(20, 30).forEach(value -> expected.put(value, 1));
                assertThat(counts).isEqualTo(expected);
                acknowledge(other, again, AcknowledgeType.ACCEPT);
                assertThat(other.commitSync().values()).hasSize(1).allMatch(Optional::isEmpty);
                work.send(30, 31);
                List<ConsumerRecord<String, String>> last = ShareWork.take(other, 1);
                assertThat(last).extracting(ConsumerRecord::value).containsExactly("v30");
                acknowledge(other, last, AcknowledgeType.ACCEPT);
                assertThat(other.commitSync().values()).hasSize(1).allMatch(Optional::isEmpty);
                work.awaitDone();
            } finally {
                cluster.start(leader);
            }
        }
    }

    private static void acknowledge(
            KafkaShareConsumer<String, String> member,
            List<ConsumerRecord<String, String>> records,
            AcknowledgeType type) {
        records.forEach(record -> member.acknowledge(record, type));
    }

    @Test
    void nothingAcceptedIsDeliveredAgainUnderLoad() throws Exception {
        int count = 1_500;
        try (ShareWork work = new ShareWork(cluster.bootstrap(), "queue", 3)) {
            List<Thread> workers = List.of(work.worker(), work.worker(), work.worker());
            String leader = work.leader();
            try {
                work.send(0, count / 2);
                Eventually.until(LIMIT, () -> work.acceptedCount() > count / 10, "some accepted");
                cluster.kill(leader);
                try {
                    work.send(count / 2, count);
                    work.awaitDone();
                } finally {
                    cluster.start(leader);
                }
            } finally {
                work.endWorkers();
                for (Thread worker : workers) {
                    worker.join(LIMIT);
                }
            }
            work.check(count);
        }
    }

    /** By Kafka's own tools, as slowly as they ask (KIP-455, KIP-73). */
    @Test
    void aPartitionIsMovedWithAThrottleAndFoundInItsPlace() throws Exception {
        Path plan = folder.resolve("move.json");
        Files.writeString(
                plan,
                "{\"version\":1,\"partitions\":"
                        + "[{\"topic\":\"moved\",\"partition\":0,\"replicas\":[2]}]}");
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", cluster.bootstrap()))) {
            Map<Integer, List<Integer>> replicas = new HashMap<>();
            IntStream.range(0, PARTITIONS).forEach(each -> replicas.put(each, List.of(1)));
            admin.createTopics(List.of(new NewTopic("moved", replicas))).all().get();
            try (var producer =
                    new KafkaProducer<>(
                            Map.of("bootstrap.servers", cluster.bootstrap()),
                            new StringSerializer(),
                            new StringSerializer())) {
                for (int i = 0; i < 30; i++) {
                    producer.send(new ProducerRecord<>("moved", 0, null, i + "x".repeat(100_000)));
                }
            }
            long begunNanos = System.nanoTime();
            assertThat(reassign(plan, "--execute", "--throttle", "1000000"))
                    .contains("The inter-broker throttle limit was set to 1000000 B/s")
                    .contains("Successfully started partition reassignment for moved-0");
            Eventually.until(
                    LIMIT,
                    () -> admin.listPartitionReassignments().reassignments().get().isEmpty(),
                    "the end of the move");
            // Each of three million bytes waits for the one before.
            assertThat(Duration.ofNanos(System.nanoTime() - begunNanos)).isGreaterThan(SECOND);
            assertThat(reassign(plan, "--verify"))
                    .contains("Reassignment of partition moved-0 is completed.")
                    .contains("Clearing broker-level throttles", "Clearing topic-level throttles");
        }
        assertThat(logDirs("2")).contains("\"partition\":\"moved-0\"");
        Eventually.until(
                LIMIT, () -> !logDirs("1").contains("moved-0\""), "the old one is deleted");
        assertThat(read("moved")).hasSize(30).doesNotHaveDuplicates();
    }

    private static String reassign(Path plan, String... arguments) throws Exception {
        return runTool(
                ChildProcess.java(ReassignPartitionsCommand.class)
                        .arguments("--bootstrap-server", cluster.bootstrap())
                        .arguments("--reassignment-json-file", plan.toString())
                        .arguments(arguments));
    }

    private static String logDirs(String node) throws Exception {
        return runTool(
                ChildProcess.java(LogDirsCommand.class)
                        .arguments("--bootstrap-server", cluster.bootstrap())
                        .arguments("--describe", "--topic-list", "moved", "--broker-list", node));
    }

    private static String runTool(ChildProcess.Builder tool) throws Exception {
        try (ChildProcess run = tool.start()) {
            assertThat(run.awaitExit(LIMIT)).as(run.tail()).isZero();
            return run.output();
        }
    }

    @Seeded
    void streamsCountExactlyOnceWhateverIsKilled(RandomGenerator random) throws Exception {
        try (WordCountRun run = new WordCountRun(cluster, folder, random)) {
            run.feed(300);
            run.awaitProgress(100);
            cluster.kill("storage-2");
            run.feed(300);
            run.awaitProgress(600);
            run.feed(300);
            run.killApplication();
            cluster.start("storage-2");
            run.awaitProgress(300);
            run.feed(300);
            cluster.kill("coordinator-1");
            run.awaitProgress(300);
            cluster.start("coordinator-1");
            run.compare();
        }
    }
}
