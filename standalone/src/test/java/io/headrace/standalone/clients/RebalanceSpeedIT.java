package io.headrace.standalone.clients;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.standalone.RunningPlatform;
import io.headrace.testkit.wait.Eventually;

import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Ten consumers and 900 new partitions: from the answer to CreatePartitions to the first record of
 * a new partition at the last consumer. Wants an otherwise idle machine.
 */
@Tag("fault")
@Timeout(180)
class RebalanceSpeedIT {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final int CONSUMERS = 10;
    private static final int BEFORE = 100;
    private static final int AFTER = 1_000;

    @TempDir private Path data;

    @ParameterizedTest
    @CsvSource({"consumer, 2000", "classic, 5000"})
    void newPartitionsAreReadSoon(String protocol, long withinMs) throws Exception {
        try (RunningPlatform platform = RunningPlatform.start(data);
                Admin admin = Admin.create(Map.of("bootstrap.servers", platform.kafkaAddress()))) {
            admin.createTopics(List.of(new NewTopic("wide", BEFORE, (short) 1))).all().get();
            List<GroupMember> members = new ArrayList<>();
            try {
                for (int i = 0; i < CONSUMERS; i++) {
                    members.add(GroupMember.of(configs(platform, protocol), "wide"));
                }
                Eventually.until(
                        LIMIT,
                        () ->
                                members.stream()
                                        .allMatch(
                                                each ->
                                                        each.assigned().size()
                                                                == BEFORE / CONSUMERS),
                        "a level group");
                admin.createPartitions(Map.of("wide", NewPartitions.increaseTo(AFTER))).all().get();
                long answeredNanos = System.nanoTime();
                send(platform);
                Eventually.until(
                        LIMIT,
                        () -> members.stream().allMatch(RebalanceSpeedIT::hasReadNew),
                        "a new partition's record at each member");
                long tookMs = (System.nanoTime() - answeredNanos) / 1_000_000;
                System.out.printf(
                        "RebalanceSpeedIT: %s protocol, 900 new partitions at 10 members after %d"
                                + " ms (limit %d ms)%n",
                        protocol, tookMs, withinMs);
                assertThat(tookMs).isLessThan(withinMs);
            } finally {
                for (GroupMember member : members) {
                    member.close();
                }
            }
        }
    }

    private static Map<String, Object> configs(RunningPlatform platform, String protocol) {
        return Map.of(
                "bootstrap.servers",
                platform.kafkaAddress(),
                "group.id",
                "wide-" + protocol,
                "group.protocol",
                protocol,
                "metadata.max.age.ms",
                1_000,
                "auto.offset.reset",
                "earliest",
                "enable.auto.commit",
                "false");
    }

    /** It has its share, and a record of a new partition unless it was given old ones only. */
    private static boolean hasReadNew(GroupMember member) {
        assertThat(member.failure()).isNull();
        Set<TopicPartition> assigned = member.assigned();
        return assigned.size() == AFTER / CONSUMERS
                && (assigned.stream().noneMatch(RebalanceSpeedIT::isNew)
                        || member.fetched().stream().anyMatch(RebalanceSpeedIT::isNew));
    }

    private static boolean isNew(TopicPartition partition) {
        return partition.partition() >= BEFORE;
    }

    private static void send(RunningPlatform platform) {
        Map<String, Object> configs = Map.of("bootstrap.servers", platform.kafkaAddress());
        try (var producer =
                new KafkaProducer<>(configs, new StringSerializer(), new StringSerializer())) {
            for (int partition = BEFORE; partition < AFTER; partition++) {
                producer.send(new ProducerRecord<>("wide", partition, "", "new"));
            }
            producer.flush();
        }
    }
}
