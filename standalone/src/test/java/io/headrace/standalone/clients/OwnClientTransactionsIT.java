package io.headrace.standalone.clients;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.headrace.client.HeadraceClient;
import io.headrace.client.error.HeadraceException;
import io.headrace.client.produce.ProducerRecord;
import io.headrace.client.produce.TransactionOptions;
import io.headrace.client.produce.TransactionalProducer;
import io.headrace.client.produce.TransactionalProducer.GroupOffsets;
import io.headrace.standalone.RunningPlatform;
import io.headrace.testkit.wait.Eventually;

import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import reactor.core.publisher.Mono;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/** Transactions of our own client, read by Kafka's. */
@Timeout(120)
class OwnClientTransactionsIT {
    private static final Duration LIMIT = Duration.ofSeconds(30);

    private static void run(Mono<?> mono) {
        mono.block(LIMIT);
    }

    @Test
    void whatIsCommittedIsSeenAndWhatIsAbortedIsNot(@TempDir Path data) throws Exception {
        TopicPartition moves = new TopicPartition("moves", 0);
        try (RunningPlatform platform = RunningPlatform.start(data)) {
            HeadraceClient client =
                    HeadraceClient.builder().bootstrap(platform.kafkaAddress()).build();
            try {
                TransactionalProducer producer =
                        client.transactionalProducer(TransactionOptions.of("mover"));
                assertThatThrownBy(() -> run(producer.begin()))
                        .isInstanceOf(HeadraceException.class);
                run(producer.init());
                run(producer.begin());
                run(producer.commit()); // of nothing
                for (int round = 0; round < 5; round++) {
                    boolean commits = round % 2 == 0;
                    String value = (commits ? "yes" : "no") + round;
                    run(
                            producer.begin()
                                    .then(producer.send(ProducerRecord.ofText("moves", "k", value)))
                                    .then(
                                            producer.sendOffsets(
                                                    GroupOffsets.of(
                                                            "movers", Map.of(moves, (long) round))))
                                    .then(commits ? producer.commit() : producer.abort()));
                }
                TransactionalProducer newer =
                        client.transactionalProducer(TransactionOptions.of("mover"));
                run(newer.init());
                run(producer.begin());
                assertThatThrownBy(
                                () -> {
                                    run(producer.send(ProducerRecord.ofText("moves", "k", "late")));
                                    run(producer.commit());
                                })
                        .isInstanceOf(HeadraceException.class);
                assertThatThrownBy(() -> run(producer.abort()))
                        .isInstanceOfSatisfying(
                                HeadraceException.class,
                                e -> assertThat(e.error()).isEqualTo(Errors.PRODUCER_FENCED));
            } finally {
                client.close().block(LIMIT);
            }
            assertCommittedIsSeen(platform.kafkaAddress(), moves);
        }
    }

    private static void assertCommittedIsSeen(String bootstrap, TopicPartition moves) {
        Map<String, Object> reading =
                Map.of(
                        "bootstrap.servers",
                        bootstrap,
                        "group.id",
                        "movers",
                        "isolation.level",
                        "read_committed",
                        "auto.offset.reset",
                        "earliest");
        try (KafkaConsumer<String, String> consumer =
                new KafkaConsumer<>(reading, new StringDeserializer(), new StringDeserializer())) {
            consumer.assign(List.of(moves));
            Eventually.passes(
                    LIMIT,
                    () ->
                            assertThat(
                                            Objects.requireNonNull(
                                                            consumer.committed(Set.of(moves))
                                                                    .get(moves))
                                                    .offset())
                                    .isEqualTo(4),
                    "the offsets of the last committed transaction");
            consumer.seekToBeginning(List.of(moves));
            List<String> values = new ArrayList<>();
            Eventually.passes(
                    LIMIT,
                    () -> {
                        consumer.poll(Duration.ofMillis(100))
                                .forEach(record -> values.add(record.value()));
                        assertThat(values).containsExactly("yes0", "yes2", "yes4");
                    },
                    "the committed records");
        }
    }
}
