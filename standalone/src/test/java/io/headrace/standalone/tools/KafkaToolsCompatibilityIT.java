package io.headrace.standalone.tools;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.headrace.standalone.RunningPlatform;
import io.headrace.testkit.wait.Eventually;

import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Kafka 4.3's own command-line tools, unmodified, from Maven Central. */
@Timeout(180)
class KafkaToolsCompatibilityIT {
    private static final String TOPICS = "org.apache.kafka.tools.TopicCommand";
    private static final String CONFIGS = "kafka.admin.ConfigCommand";
    private static final String CONSOLE_PRODUCER = "org.apache.kafka.tools.ConsoleProducer";
    private static final String CONSOLE_CONSUMER =
            "org.apache.kafka.tools.consumer.ConsoleConsumer";
    private static final String CONSUMER_GROUPS =
            "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand";
    private static final String GET_OFFSETS = "org.apache.kafka.tools.GetOffsetShell";
    private static final String LOG_DIRS = "org.apache.kafka.tools.LogDirsCommand";
    private static final String PRODUCER_PERF = "org.apache.kafka.tools.ProducerPerformance";
    private static final String CONSUMER_PERF = "org.apache.kafka.tools.ConsumerPerformance";
    private static final String LATENCY = "org.apache.kafka.tools.EndToEndLatency";
    private static final String API_VERSIONS = "org.apache.kafka.tools.BrokerApiVersionsCommand";

    private static final Duration LIMIT = Duration.ofSeconds(30);

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

    private static KafkaTool tool(String mainClass) {
        return KafkaTool.of(mainClass);
    }

    private static void create(String topic, int partitions) throws Exception {
        tool(TOPICS)
                .run(
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
        assertThat(tool(TOPICS).run("--bootstrap-server", bootstrap, "--list"))
                .contains("tools-topics");
        tool(TOPICS)
                .run(
                        "--bootstrap-server",
                        bootstrap,
                        "--alter",
                        "--topic",
                        "tools-topics",
                        "--partitions",
                        "5");
        tool(CONFIGS)
                .run(
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
                        tool(TOPICS)
                                .run(
                                        "--bootstrap-server",
                                        bootstrap,
                                        "--describe",
                                        "--topic",
                                        "tools-topics"))
                .contains("PartitionCount: 5", "ReplicationFactor: 1", "retention.ms=86400000");
        assertThat(
                        tool(CONFIGS)
                                .run(
                                        "--bootstrap-server",
                                        bootstrap,
                                        "--describe",
                                        "--entity-type",
                                        "topics",
                                        "--entity-name",
                                        "tools-topics"))
                .contains("retention.ms=86400000");
        assertThat(
                        tool(CONFIGS)
                                .run(
                                        "--bootstrap-server",
                                        bootstrap,
                                        "--describe",
                                        "--entity-type",
                                        "brokers",
                                        "--entity-name",
                                        "1",
                                        "--all"))
                .contains("node.id");
        tool(TOPICS).run("--bootstrap-server", bootstrap, "--delete", "--topic", "tools-topics");
        assertThat(tool(TOPICS).run("--bootstrap-server", bootstrap, "--list"))
                .doesNotContain("tools-topics");
    }

    @Test
    void consoleProducerAndConsumerWithAGroup() throws Exception {
        create("tools-console", 1);
        String lines =
                IntStream.range(0, 500)
                        .mapToObj(i -> "key" + i % 7 + ":value" + i)
                        .collect(Collectors.joining("\n", "", "\n"));
        tool(CONSOLE_PRODUCER)
                .feed(
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
                tool(CONSOLE_CONSUMER)
                        .run(
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
        assertThat(tool(CONSUMER_GROUPS).run("--bootstrap-server", bootstrap, "--list"))
                .contains("tools-group");
        assertThat(
                        tool(CONSUMER_GROUPS)
                                .run(
                                        "--bootstrap-server",
                                        bootstrap,
                                        "--describe",
                                        "--group",
                                        "tools-group"))
                .containsPattern("tools-console\\s+0\\s+500\\s+500\\s+0");
        tool(CONSUMER_GROUPS)
                .run(
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
                        tool(CONSUMER_GROUPS)
                                .run(
                                        "--bootstrap-server",
                                        bootstrap,
                                        "--describe",
                                        "--group",
                                        "tools-group"))
                .containsPattern("tools-console\\s+0\\s+100\\s+500\\s+400");
        tool(CONSUMER_GROUPS)
                .run("--bootstrap-server", bootstrap, "--delete", "--group", "tools-group");
        assertThat(tool(CONSUMER_GROUPS).run("--bootstrap-server", bootstrap, "--list"))
                .doesNotContain("tools-group");
    }

    /** A group of the consumer protocol (KIP-848) while it lives, and when it is empty. */
    @Test
    void aGroupOfTheConsumerProtocol() throws Exception {
        String group = "tools-consumer";
        create(group, 2);
        tool(CONSOLE_PRODUCER).feed("a\nb\nc\n", "--bootstrap-server", bootstrap, "--topic", group);
        try (KafkaConsumer<String, String> member =
                new KafkaConsumer<>(
                        Map.of(
                                "bootstrap.servers",
                                bootstrap,
                                "group.id",
                                group,
                                "group.protocol",
                                "consumer",
                                "client.id",
                                "tools-member",
                                "auto.offset.reset",
                                "earliest",
                                "enable.auto.commit",
                                false),
                        new StringDeserializer(),
                        new StringDeserializer())) {
            member.subscribe(List.of(group));
            Set<String> read = new HashSet<>();
            Eventually.until(
                    LIMIT,
                    () -> {
                        member.poll(Duration.ofMillis(200))
                                .forEach(record -> read.add(record.value()));
                        return read.size() == 3 && member.assignment().size() == 2;
                    },
                    "all records");
            member.commitSync();
            assertThat(groups("--list", "--type", "consumer", "--state", "stable"))
                    .containsPattern(group + "\\s+Consumer\\s+Stable");
            assertThat(groups("--describe", "--group", group))
                    .containsPattern(group + "\\s+" + group + "\\s+[01]\\s+\\d\\s+\\d\\s+0\\s+\\S+")
                    .contains("tools-member");
            assertThat(groups("--describe", "--group", group, "--state"))
                    .containsPattern("uniform\\s+Stable\\s+1");
            assertThat(groups("--describe", "--group", group, "--members", "--verbose"))
                    .containsPattern("tools-member\\s+2\\s")
                    .contains(group + ":0,1");
            assertThat(groups("--delete", "--group", group))
                    .contains("could not be deleted", "GroupNotEmptyException");
        }
        assertThat(groups("--describe", "--group", group, "--state")).containsPattern("Empty\\s+0");
        groups("--group", group, "--topic", group, "--reset-offsets", "--to-earliest", "--execute");
        assertThat(groups("--describe", "--group", group))
                .containsPattern(group + "\\s+[01]\\s+0\\s+(\\d)\\s+\\1");
        groups("--delete-offsets", "--group", group, "--topic", group);
        assertThat(groups("--describe", "--group", group))
                .doesNotContainPattern(group + "\\s+" + group);
        groups("--delete", "--group", group);
        assertThat(groups("--list")).doesNotContain(group);
    }

    private static String groups(String... arguments) throws Exception {
        List<String> all = new ArrayList<>(List.of("--bootstrap-server", bootstrap));
        all.addAll(List.of(arguments));
        return tool(CONSUMER_GROUPS).run(all.toArray(String[]::new));
    }

    @Test
    void perfToolsOffsetsAndLogDirs() throws Exception {
        create("tools-perf", 6);
        assertThat(
                        tool(PRODUCER_PERF)
                                .run(
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
        assertThat(tool(GET_OFFSETS).run("--bootstrap-server", bootstrap, "--topic", "tools-perf"))
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
                        tool(CONSUMER_PERF)
                                .run(
                                        "--bootstrap-server",
                                        bootstrap,
                                        "--topic",
                                        "tools-perf",
                                        "--num-records",
                                        "200000",
                                        "--timeout",
                                        "20000"))
                .containsPattern("\\b200\\d{3}\\b");
        assertThat(tool(LOG_DIRS).run("--bootstrap-server", bootstrap, "--describe"))
                .contains("\"partition\":\"tools-perf-5\"");
    }

    @Test
    void endToEndLatency() throws Exception {
        create("tools-latency", 1);
        assertThat(
                        tool(LATENCY)
                                .run(
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
    void aToolThatFailsIsSeenToFail() throws Exception {
        assertThatThrownBy(
                        () -> tool(TOPICS).run("--bootstrap-server", bootstrap, "--no-such-option"))
                .hasMessageContaining("no-such-option");
        assertThatThrownBy(
                        () ->
                                tool(TOPICS)
                                        .run(
                                                "--bootstrap-server",
                                                bootstrap,
                                                "--delete",
                                                "--topic",
                                                "tools-no-such-topic"))
                .hasMessageContaining("tools-no-such-topic");
    }

    @Test
    void apiVersionsAreThoseOfKafka() throws Exception {
        assertThat(tool(API_VERSIONS).run("--bootstrap-server", bootstrap))
                .contains("Produce(0): 0 to 13", "Fetch(1): 4 to 18", "JoinGroup(11): 0 to 9");
    }
}
