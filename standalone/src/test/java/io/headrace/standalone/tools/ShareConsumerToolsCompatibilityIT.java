package io.headrace.standalone.tools;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.standalone.RunningPlatform;

import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** {@code kafka-console-share-consumer} and {@code kafka-verifiable-share-consumer}, unmodified. */
@Timeout(120)
class ShareConsumerToolsCompatibilityIT {
    private static final KafkaTool CONFIGS = KafkaTool.of("kafka.admin.ConfigCommand");
    private static final KafkaTool CONSOLE =
            KafkaTool.of("org.apache.kafka.tools.consumer.ConsoleShareConsumer");
    private static final KafkaTool VERIFIABLE =
            KafkaTool.of("org.apache.kafka.tools.VerifiableShareConsumer");

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

    private static void fill(String topic, int count) throws Exception {
        Map<String, Object> configs = Map.of("bootstrap.servers", platform.kafkaAddress());
        try (Admin admin = Admin.create(configs);
                KafkaProducer<String, String> producer =
                        new KafkaProducer<>(
                                configs, new StringSerializer(), new StringSerializer())) {
            admin.createTopics(List.of(new NewTopic(topic, 1, (short) 1))).all().get();
            for (int i = 0; i < count; i++) {
                producer.send(new ProducerRecord<>(topic, "value-" + i));
            }
            producer.flush();
        }
    }

    @Test
    void theConsoleConsumerPrintsWhatTheGroupIsGiven() throws Exception {
        fill("printed", 20);
        CONFIGS.run(
                "--bootstrap-server",
                platform.kafkaAddress(),
                "--alter",
                "--entity-type",
                "groups",
                "--entity-name",
                "printers",
                "--add-config",
                "share.auto.offset.reset=earliest");
        String printed =
                CONSOLE.run(
                        "--bootstrap-server",
                        platform.kafkaAddress(),
                        "--topic",
                        "printed",
                        "--group",
                        "printers",
                        "--max-messages",
                        "20");
        for (int i = 0; i < 20; i++) {
            assertThat(printed.lines()).contains("value-" + i);
        }
    }

    @Test
    void theVerifiableConsumerAcknowledgesAll() throws Exception {
        fill("verified", 50);
        String said =
                VERIFIABLE.run(
                        "--bootstrap-server",
                        platform.kafkaAddress(),
                        "--topic",
                        "verified",
                        "--group-id",
                        "verifiers",
                        "--offset-reset-strategy",
                        "earliest",
                        "--acknowledgement-mode",
                        "sync",
                        "--max-messages",
                        "50");
        assertThat(said).contains("records_consumed").contains("offsets_acknowledged");
        assertThat(said).contains("\"count\":50").contains("\"success\":true");
    }
}
