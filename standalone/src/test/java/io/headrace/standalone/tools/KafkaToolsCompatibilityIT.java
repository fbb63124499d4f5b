package io.headrace.standalone.tools;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.standalone.RunningPlatform;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Kafka 4.3's own command-line tools, unmodified, from Maven Central. */
@Timeout(180)
class KafkaToolsCompatibilityIT {
    private static final KafkaTool TOPICS = KafkaTool.of("org.apache.kafka.tools.TopicCommand");
    private static final KafkaTool CONFIGS = KafkaTool.of("kafka.admin.ConfigCommand");
    private static final KafkaTool CONSOLE_PRODUCER =
            KafkaTool.of("org.apache.kafka.tools.ConsoleProducer");
    private static final KafkaTool CONSOLE_CONSUMER =
            KafkaTool.of("org.apache.kafka.tools.consumer.ConsoleConsumer");
    private static final KafkaTool CONSUMER_GROUPS =
            KafkaTool.of("org.apache.kafka.tools.consumer.group.ConsumerGroupCommand");
    private static final KafkaTool GET_OFFSETS =
            KafkaTool.of("org.apache.kafka.tools.GetOffsetShell");
    private static final KafkaTool LOG_DIRS = KafkaTool.of("org.apache.kafka.tools.LogDirsCommand");
    private static final KafkaTool PRODUCER_PERF =
            KafkaTool.of("org.apache.kafka.tools.ProducerPerformance");
    private static final KafkaTool CONSUMER_PERF =
            KafkaTool.of("org.apache.kafka.tools.ConsumerPerformance");
    private static final KafkaTool LATENCY = KafkaTool.of("org.apache.kafka.tools.EndToEndLatency");
    private static final KafkaTool API_VERSIONS =
            KafkaTool.of("org.apache.kafka.tools.BrokerApiVersionsCommand");

    @TempDir private static Path data;

    @SuppressWarnings("NullAway.Init") // started before all tests
    private static RunningPlatform platform;

    @SuppressWarnings("NullAway.Init")
    private static String bootstrap;

    @BeforeAll
    static void start() throws Exception {
        platform = RunningPlatform.start(data);
        bootstrap = platform.kafkaAddress();
    }

    @AfterAll
    static void stop() {
        platform.close();
    }

    private static void create(String topic, int partitions) throws Exception {
        TOPICS.run(
                "--bootstrap-server",
                bootstrap,
                "--create",
                "--topic",
                topic,
                "--partitions",
                "" + partitions);
    }

    @Test
    void topicsAndConfigs() throws Exception {
        create("tools-topics", 3);
        assertThat(TOPICS.run("--bootstrap-server", bootstrap, "--list")).contains("tools-topics");
        TOPICS.run(
                "--bootstrap-server",
                bootstrap,
                "--alter",
                "--topic",
                "tools-topics",
                "--partitions",
                "5");
        CONFIGS.run(
                "--bootstrap-server",
                bootstrap,
                "--alter",
                "--entity-type",
                "topics",
                "--entity-name",
                "tools-topics",
                "--add-config",
                "retention.ms=86400000");
        assertThat(
                        TOPICS.run(
                                "--bootstrap-server",
                                bootstrap,
                                "--describe",
                                "--topic",
                                "tools-topics"))
                .contains("PartitionCount: 5", "ReplicationFactor: 1", "retention.ms=86400000");
        assertThat(
                        CONFIGS.run(
                                "--bootstrap-server",
                                bootstrap,
                                "--describe",
                                "--entity-type",
                                "topics",
                                "--entity-name",
                                "tools-topics"))
                .contains("retention.ms=86400000");
        assertThat(
                        CONFIGS.run(
                                "--bootstrap-server",
                                bootstrap,
                                "--describe",
                                "--entity-type",
                                "brokers",
                                "--entity-name",
                                "1",
                                "--all"))
                .contains("node.id");
        TOPICS.run("--bootstrap-server", bootstrap, "--delete", "--topic", "tools-topics");
        assertThat(TOPICS.run("--bootstrap-server", bootstrap, "--list"))
                .doesNotContain("tools-topics");
    }

    @Test
    void consoleProducerAndConsumerWithAGroup() throws Exception {
        create("tools-console", 1);
        String lines =
                IntStream.range(0, 500)
                        .mapToObj(i -> "key" + i % 7 + ":value" + i)
                        .collect(Collectors.joining("\n", "", "\n"));
        CONSOLE_PRODUCER.feed(
                lines,
                "--bootstrap-server",
                bootstrap,
                "--topic",
                "tools-console",
                "--reader-property",
                "parse.key=true",
                "--reader-property",
                "key.separator=:",
                "--compression-codec",
                "zstd");
        String read =
                CONSOLE_CONSUMER.run(
                        "--bootstrap-server",
                        bootstrap,
                        "--topic",
                        "tools-console",
                        "--group",
                        "tools-group",
                        "--from-beginning",
                        "--max-messages",
                        "500",
                        "--formatter-property",
                        "print.key=true",
                        "--formatter-property",
                        "key.separator=:");
        assertThat(
                        read.lines()
                                .filter(line -> line.startsWith("key"))
                                .collect(Collectors.joining("\n", "", "\n")))
                .isEqualTo(lines);
        groupIsShownResetAndDeleted();
    }

    private static void groupIsShownResetAndDeleted() throws Exception {
        assertThat(CONSUMER_GROUPS.run("--bootstrap-server", bootstrap, "--list"))
                .contains("tools-group");
        assertThat(
                        CONSUMER_GROUPS.run(
                                "--bootstrap-server",
                                bootstrap,
                                "--describe",
                                "--group",
                                "tools-group"))
                .containsPattern("tools-console\\s+0\\s+500\\s+500\\s+0");
        CONSUMER_GROUPS.run(
                "--bootstrap-server",
                bootstrap,
                "--group",
                "tools-group",
                "--topic",
                "tools-console",
                "--reset-offsets",
                "--to-offset",
                "100",
                "--execute");
        assertThat(
                        CONSUMER_GROUPS.run(
                                "--bootstrap-server",
                                bootstrap,
                                "--describe",
                                "--group",
                                "tools-group"))
                .containsPattern("tools-console\\s+0\\s+100\\s+500\\s+400");
        CONSUMER_GROUPS.run("--bootstrap-server", bootstrap, "--delete", "--group", "tools-group");
        assertThat(CONSUMER_GROUPS.run("--bootstrap-server", bootstrap, "--list"))
                .doesNotContain("tools-group");
    }

    @Test
    void perfToolsOffsetsAndLogDirs() throws Exception {
        create("tools-perf", 6);
        assertThat(
                        PRODUCER_PERF.run(
                                "--bootstrap-server",
                                bootstrap,
                                "--topic",
                                "tools-perf",
                                "--num-records",
                                "200000",
                                "--record-size",
                                "100",
                                "--throughput",
                                "-1",
                                "--command-property",
                                "acks=all"))
                .contains("200000 records sent");
        assertThat(GET_OFFSETS.run("--bootstrap-server", bootstrap, "--topic", "tools-perf"))
                .satisfies(
                        offsets ->
                                assertThat(
                                                offsets.lines()
                                                        .filter(l -> l.startsWith("tools-perf:"))
                                                        .mapToLong(
                                                                l ->
                                                                        Long.parseLong(
                                                                                l.substring(
                                                                                        l
                                                                                                        .lastIndexOf(
                                                                                                                ':')
                                                                                                + 1)))
                                                        .sum())
                                        .isEqualTo(200_000));
        assertThat(
                        CONSUMER_PERF.run(
                                "--bootstrap-server",
                                bootstrap,
                                "--topic",
                                "tools-perf",
                                "--num-records",
                                "200000",
                                "--timeout",
                                "20000"))
                .containsPattern("\\b200\\d{3}\\b");
        assertThat(LOG_DIRS.run("--bootstrap-server", bootstrap, "--describe"))
                .contains("\"partition\":\"tools-perf-5\"");
    }

    @Test
    void endToEndLatency() throws Exception {
        create("tools-latency", 1);
        assertThat(
                        LATENCY.run(
                                "--bootstrap-server",
                                bootstrap,
                                "--topic",
                                "tools-latency",
                                "--num-records",
                                "200",
                                "--producer-acks",
                                "all",
                                "--record-size",
                                "100"))
                .contains("Percentiles: 50th");
    }

    @Test
    void apiVersionsAreThoseOfKafka() throws Exception {
        assertThat(API_VERSIONS.run("--bootstrap-server", bootstrap))
                .contains("Produce(0): 0 to 13", "Fetch(1): 4 to 18", "JoinGroup(11): 0 to 9");
    }
}
