package io.headrace.standalone.clients;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.standalone.RunningPlatform;

import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Sixteen connections of as many groups that commit ten partitions at a time, as fast as they are
 * answered with a few requests under way. Wants an otherwise idle machine.
 */
@Tag("fault")
@Timeout(180)
class CommitSpeedIT {
    private static final int CONNECTIONS = 16;
    private static final int PARTITIONS = 10;
    private static final int UNDER_WAY = 5;
    private static final long WARM_UP_SECONDS = Long.getLong("warmup", 10);
    private static final long SECONDS = 10;

    @TempDir private Path data;

    @Test
    void fiftyThousandOffsetsASecond() throws Exception {
        List<String> groups =
                IntStream.range(0, CONNECTIONS).mapToObj(i -> "committer-" + i).toList();
        try (RunningPlatform platform = RunningPlatform.start(data);
                Admin admin = Admin.create(Map.of("bootstrap.servers", platform.kafkaAddress()))) {
            admin.createTopics(List.of(new NewTopic("read", PARTITIONS, (short) 1))).all().get();
            for (String group : groups) { // retried until the group's shard is there
                admin.alterConsumerGroupOffsets(group, offsets(0)).all().get();
            }
            try (CommitLoad load =
                    new CommitLoad(
                            platform.kafkaAddress(), groups, "read", PARTITIONS, UNDER_WAY)) {
                run(load, WARM_UP_SECONDS); // the server's code is compiled while it works
                Duration cpuBefore = cpu(platform);
                double requests = run(load, SECONDS);
                double cpuMicros = cpu(platform).minus(cpuBefore).toNanos() / 1e3;
                System.out.printf(
                        "CommitSpeedIT: %.0f partition offsets a second, %.0f us of the server's"
                                + " processors for a request of %d%n",
                        requests * PARTITIONS / SECONDS, cpuMicros / requests, PARTITIONS);
                assertThatLastOffsetsAreKept(admin, groups, load.lastOffsets());
                assertThat(requests * PARTITIONS / SECONDS).isGreaterThanOrEqualTo(50_000);
            }
        }
    }

    private static long run(CommitLoad load, long seconds) throws Exception {
        return load.run(System.nanoTime() + Duration.ofSeconds(seconds).toNanos());
    }

    private static Duration cpu(RunningPlatform platform) {
        return ProcessHandle.of(platform.process().pid())
                .orElseThrow()
                .info()
                .totalCpuDuration()
                .orElseThrow();
    }

    private static void assertThatLastOffsetsAreKept(
            Admin admin, List<String> groups, List<Long> lastOffsets) throws Exception {
        for (int i = 0; i < groups.size(); i++) {
            assertThat(
                            admin.listConsumerGroupOffsets(groups.get(i))
                                    .partitionsToOffsetAndMetadata()
                                    .get())
                    .as(groups.get(i))
                    .isEqualTo(offsets(lastOffsets.get(i)));
        }
    }

    private static Map<TopicPartition, OffsetAndMetadata> offsets(long offset) {
        Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
        for (int partition = 0; partition < PARTITIONS; partition++) {
            offsets.put(new TopicPartition("read", partition), new OffsetAndMetadata(offset));
        }
        return offsets;
    }
}
