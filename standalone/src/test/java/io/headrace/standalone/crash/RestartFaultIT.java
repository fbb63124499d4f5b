package io.headrace.standalone.crash;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.standalone.RunningPlatform;

import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * How long clients wait after a kill of a node that keeps much: 1,000 partitions and 5 GB, or what
 * {@code -Drestart.partitions=} and {@code -Drestart.megabytes=} say.
 */
@Tag("fault")
@Timeout(1200)
class RestartFaultIT {
    private static final int PARTITIONS = Integer.getInteger("restart.partitions", 1_000);
    private static final int MEGABYTES = Integer.getInteger("restart.megabytes", 5_000);
    private static final int RECORD_BYTES = 100_000;
    private static final long LIMIT_MS = 3_000;
    private static final String TOPIC = "much";

    @TempDir private Path folder;

    @Test
    void aKilledNodeServesAgainSoon() throws Exception {
        long emptyMs = startMs(folder.resolve("empty"));
        Path data = folder.resolve("data");
        int recordsEach = (int) (MEGABYTES * 1_000_000L / RECORD_BYTES / PARTITIONS);
        try (RunningPlatform platform = RunningPlatform.start(data)) {
            fill(platform.kafkaAddress(), recordsEach);
            platform.process().killHard();
        }
        long begun = System.nanoTime();
        try (RunningPlatform platform = RunningPlatform.start(data)) {
            long restartMs = (System.nanoTime() - begun) / 1_000_000;
            long recoveryMs = recoveryMs(data);
            System.out.printf(
                    "%d partitions, %d MB: served %d ms after the restart, %d ms for an empty one;"
                            + " the logs took %d ms%n",
                    PARTITIONS, MEGABYTES, restartMs, emptyMs, recoveryMs);
            check(platform.kafkaAddress(), recordsEach);
            // The limit is for what is kept; how long the program itself takes is another figure.
            assertThat(restartMs - emptyMs).isLessThan(LIMIT_MS);
            assertThat(recoveryMs).isLessThan(LIMIT_MS);
        }
    }

    private static long startMs(Path data) throws Exception {
        try (RunningPlatform first = RunningPlatform.start(data)) {
            first.process().killHard();
        }
        long begun = System.nanoTime();
        try (RunningPlatform again = RunningPlatform.start(data)) {
            assertThat(again.process().isAlive()).isTrue();
            return (System.nanoTime() - begun) / 1_000_000;
        }
    }

    private static void fill(String bootstrap, int recordsEach) throws Exception {
        Map<String, Object> configs =
                Map.of(
                        "bootstrap.servers",
                        bootstrap,
                        "linger.ms",
                        20,
                        "batch.size",
                        4 * RECORD_BYTES,
                        "buffer.memory",
                        128 << 20,
                        "delivery.timeout.ms",
                        600_000,
                        "max.block.ms",
                        600_000);
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
            admin.createTopics(List.of(new NewTopic(TOPIC, PARTITIONS, (short) 1))).all().get();
        }
        byte[] value = new byte[RECORD_BYTES];
        new Random(1).nextBytes(value);
        try (var producer =
                new KafkaProducer<>(
                        configs, new ByteArraySerializer(), new ByteArraySerializer())) {
            for (int i = 0; i < recordsEach; i++) {
                for (int partition = 0; partition < PARTITIONS; partition++) {
                    producer.send(new ProducerRecord<>(TOPIC, partition, null, value));
                }
            }
            producer.flush();
        }
    }

    private static long recoveryMs(Path data) throws Exception {
        Matcher told =
                Pattern.compile("Recovered (\\d+) logs in (\\d+) ms")
                        .matcher(Files.readString(data.resolve("headrace.log")));
        long last = -1;
        while (told.find()) {
            last = Long.parseLong(told.group(2));
        }
        assertThat(last).isNotNegative();
        return last;
    }

    private static void check(String bootstrap, int recordsEach) {
        List<TopicPartition> all =
                IntStream.range(0, PARTITIONS).mapToObj(p -> new TopicPartition(TOPIC, p)).toList();
        try (var consumer =
                new KafkaConsumer<>(
                        Map.of("bootstrap.servers", bootstrap),
                        new ByteArrayDeserializer(),
                        new ByteArrayDeserializer())) {
            assertThat(consumer.endOffsets(all).values()).containsOnly((long) recordsEach);
        }
    }
}
