package io.headrace.standalone.clients;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.standalone.RunningPlatform;

import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Sixteen consumers of as many groups that commit ten partitions at a time, as fast as they are
 * answered with a few requests under way. Wants an otherwise idle machine.
 */
@Tag("fault")
@Timeout(180)
class CommitSpeedIT {
    private static final int CONNECTIONS = 16;
    private static final int PARTITIONS = 10;
    private static final int UNDER_WAY = 5;
    private static final long SECONDS = 10;

    @TempDir private Path data;

    @Test
    void fiftyThousandOffsetsASecond() throws Exception {
        try (RunningPlatform platform = RunningPlatform.start(data)) {
            try (Admin admin = Admin.create(Map.of("bootstrap.servers", platform.kafkaAddress()))) {
                admin.createTopics(List.of(new NewTopic("read", PARTITIONS, (short) 1)))
                        .all()
                        .get();
            }
            run(platform, 5); // the servers' code is compiled while they work
            double rate = run(platform, SECONDS);
            System.out.printf("CommitSpeedIT: %.0f partition offsets a second%n", rate);
            assertThat(rate).isGreaterThanOrEqualTo(50_000);
        }
    }

    private static double run(RunningPlatform platform, long seconds) throws Exception {
        long untilNanos = System.nanoTime() + seconds * 1_000_000_000;
        long committed = 0;
        try (ExecutorService threads = Executors.newFixedThreadPool(CONNECTIONS)) {
            List<Future<Long>> all = new ArrayList<>();
            for (int i = 0; i < CONNECTIONS; i++) {
                String group = "committer-" + i;
                all.add(threads.submit(() -> commit(platform, group, untilNanos)));
            }
            for (Future<Long> each : all) {
                committed += each.get();
            }
        }
        return (double) committed / seconds;
    }

    /** How many offsets one consumer had committed until then. */
    private static long commit(RunningPlatform platform, String group, long untilNanos) {
        Map<String, Object> configs =
                Map.of(
                        "bootstrap.servers",
                        platform.kafkaAddress(),
                        "group.id",
                        group,
                        "enable.auto.commit",
                        false);
        long committed = 0;
        AtomicInteger underWay = new AtomicInteger();
        AtomicInteger failed = new AtomicInteger();
        try (KafkaConsumer<String, String> consumer =
                new KafkaConsumer<>(configs, new StringDeserializer(), new StringDeserializer())) {
            // Retried until the group's coordinator has its state: an asynchronous one is not.
            consumer.commitSync(offsets(0));
            for (long offset = 1; System.nanoTime() < untilNanos; offset++) {
                Map<TopicPartition, OffsetAndMetadata> offsets = offsets(offset);
                if (underWay.get() < UNDER_WAY) {
                    underWay.incrementAndGet();
                    consumer.commitAsync(
                            offsets,
                            (done, failure) -> {
                                underWay.decrementAndGet();
                                if (failure != null) {
                                    failed.incrementAndGet();
                                }
                            });
                } else {
                    consumer.commitSync(offsets);
                }
                committed += PARTITIONS;
            }
        }
        assertThat(failed).hasValue(0);
        return committed;
    }

    private static Map<TopicPartition, OffsetAndMetadata> offsets(long offset) {
        Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
        for (int partition = 0; partition < PARTITIONS; partition++) {
            offsets.put(new TopicPartition("read", partition), new OffsetAndMetadata(offset));
        }
        return offsets;
    }
}
