package io.headrace.standalone.tools;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.standalone.RunningPlatform;

import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.util.Map;

/** Kafka's own {@code kafka-transactions}, unmodified. */
@Timeout(120)
class TransactionsToolCompatibilityIT {
    @Test
    void openTransactionsAreListedDescribedAndNotTakenForHanging(@TempDir Path data)
            throws Exception {
        try (RunningPlatform platform = RunningPlatform.start(data);
                KafkaProducer<String, String> producer =
                        new KafkaProducer<>(
                                Map.of(
                                        "bootstrap.servers",
                                        platform.kafkaAddress(),
                                        "transactional.id",
                                        "tool-test"),
                                new StringSerializer(),
                                new StringSerializer())) {
            KafkaTool transactions = KafkaTool.of("org.apache.kafka.tools.TransactionsCommand");
            producer.initTransactions();
            producer.beginTransaction();
            producer.send(new ProducerRecord<>("moves", "open")).get();
            String server = platform.kafkaAddress();
            assertThat(transactions.run("--bootstrap-server", server, "list"))
                    .containsPattern("tool-test\\s+\\d+\\s+\\d+\\s+Ongoing");
            assertThat(
                            transactions.run(
                                    "--bootstrap-server",
                                    server,
                                    "describe",
                                    "--transactional-id",
                                    "tool-test"))
                    .contains("Ongoing")
                    .contains("moves-0");
            assertThat(
                            transactions.run(
                                    "--bootstrap-server",
                                    server,
                                    "describe-producers",
                                    "--topic",
                                    "moves",
                                    "--partition",
                                    "0"))
                    .contains("ProducerId");
            assertThat(
                            transactions.run(
                                    "--bootstrap-server",
                                    server,
                                    "find-hanging",
                                    "--broker-id",
                                    "1",
                                    "--max-transaction-timeout",
                                    "0"))
                    .doesNotContain("moves");
            producer.commitTransaction();
            assertThat(transactions.run("--bootstrap-server", server, "list"))
                    .containsPattern("tool-test\\s+\\d+\\s+\\d+\\s+CompleteCommit");
        }
    }
}
