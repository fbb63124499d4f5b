package io.headrace.standalone.tools;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.headrace.standalone.RunningPlatform;
import io.headrace.testkit.wait.Eventually;

import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.GroupListing;
import org.apache.kafka.clients.admin.ListShareGroupOffsetsSpec;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.ShareGroupDescription;
import org.apache.kafka.clients.admin.SharePartitionOffsetInfo;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.GroupState;
import org.apache.kafka.common.GroupType;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.errors.GroupNotEmptyException;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Share groups (KIP-932) as Kafka's Admin and {@code kafka-share-groups} see them, unmodified. */
@Timeout(180)
class ShareGroupsToolCompatibilityIT {
    private static final Duration LIMIT = Duration.ofSeconds(30);

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

    private static Admin admin() {
        return Admin.create(Map.of("bootstrap.servers", platform.kafkaAddress()));
    }

    private static KafkaShareConsumer<String, String> member(String group) {
        return new KafkaShareConsumer<>(
                Map.of("bootstrap.servers", platform.kafkaAddress(), "group.id", group),
                new StringDeserializer(),
                new StringDeserializer());
    }

    private static void send(String topic, int count) throws Exception {
        try (KafkaProducer<String, String> producer =
                new KafkaProducer<>(
                        Map.of("bootstrap.servers", platform.kafkaAddress()),
                        new StringSerializer(),
                        new StringSerializer())) {
            for (int i = 0; i < count; i++) {
                producer.send(new ProducerRecord<>(topic, 0, null, "value-" + i)).get();
            }
        }
    }

    private static ShareGroupDescription described(Admin admin, String group) throws Exception {
        return admin.describeShareGroups(List.of(group)).describedGroups().get(group).get();
    }

    private static Map<TopicPartition, SharePartitionOffsetInfo> offsets(Admin admin, String group)
            throws Exception {
        return admin.listShareGroupOffsets(Map.of(group, new ListShareGroupOffsetsSpec()))
                .partitionsToOffsetInfo(group)
                .get();
    }

    @Test
    void featuresSayThatShareGroupsAreOn() throws Exception {
        try (Admin admin = admin()) {
            var finalized = admin.describeFeatures().featureMetadata().get().finalizedFeatures();
            assertThat(finalized.get("share.version").maxVersionLevel()).isEqualTo((short) 1);
            assertThat(finalized).doesNotContainKey("streams.version");
        }
    }

    /** Polls until the group's one member has so many partitions. */
    private static void awaitAssignment(
            Admin admin,
            KafkaShareConsumer<String, String> consumer,
            String group,
            int partitions) {
        Eventually.passes(
                LIMIT,
                () -> {
                    consumer.poll(Duration.ofMillis(100));
                    ShareGroupDescription now = described(admin, group);
                    assertThat(now.groupState()).isEqualTo(GroupState.STABLE);
                    assertThat(now.members()).hasSize(1);
                    assertThat(now.members().iterator().next().assignment().topicPartitions())
                            .hasSize(partitions);
                },
                "the member has its partitions");
    }

    private static void awaitEmpty(Admin admin, String group) {
        Eventually.until(
                LIMIT,
                () -> described(admin, group).groupState() == GroupState.EMPTY,
                "the group is empty");
    }

    /** Members come and go; what they were given is seen, set and forgotten. */
    @Test
    void aGroupIsSeenAndItsOffsetsAreSetAndForgotten() throws Exception {
        String group = "queue";
        TopicPartition first = new TopicPartition("jobs", 0);
        try (Admin admin = admin()) {
            admin.createTopics(List.of(new NewTopic("jobs", 2, (short) 1))).all().get();
            send("jobs", 10);
            try (KafkaShareConsumer<String, String> consumer = member(group)) {
                consumer.subscribe(List.of("jobs"));
                awaitAssignment(admin, consumer, group, 2);
                assertThat(admin.listGroups().all().get())
                        .filteredOn(listing -> listing.groupId().equals(group))
                        .extracting(GroupListing::type)
                        .containsExactly(Optional.of(GroupType.SHARE));
                assertThatThrownBy(
                                () ->
                                        admin.alterShareGroupOffsets(group, Map.of(first, 3L))
                                                .all()
                                                .get())
                        .hasCauseInstanceOf(GroupNotEmptyException.class);
            }
            awaitEmpty(admin, group);
            admin.alterShareGroupOffsets(group, Map.of(first, 3L)).all().get();
            assertThat(offsets(admin, group).get(first).startOffset()).isEqualTo(3);
            assertThat(offsets(admin, group).get(first).lag()).contains(7L);
            admin.deleteShareGroupOffsets(group, Set.of("jobs")).all().get();
            assertThat(offsets(admin, group)).isEmpty();
            admin.deleteShareGroups(List.of(group)).all().get();
            assertThatThrownBy(() -> described(admin, group))
                    .hasCauseInstanceOf(GroupIdNotFoundException.class);
        }
    }

    private static String tool(String... arguments) throws Exception {
        List<String> all = new ArrayList<>(List.of("--bootstrap-server", platform.kafkaAddress()));
        all.addAll(List.of(arguments));
        return KafkaTool.of("org.apache.kafka.tools.consumer.group.ShareGroupCommand")
                .run(all.toArray(String[]::new));
    }

    @Test
    void theToolListsDescribesResetsAndDeletes() throws Exception {
        try (Admin admin = admin()) {
            admin.createTopics(List.of(new NewTopic("tasks", 1, (short) 1))).all().get();
            send("tasks", 5);
            try (KafkaShareConsumer<String, String> consumer = member("workers")) {
                consumer.subscribe(List.of("tasks"));
                awaitAssignment(admin, consumer, "workers", 1);
                assertThat(tool("--list")).contains("workers");
                assertThat(tool("--describe", "--group", "workers", "--members"))
                        .contains("tasks:0");
            }
            awaitEmpty(admin, "workers");
            assertThat(
                            tool(
                                    "--reset-offsets",
                                    "--group",
                                    "workers",
                                    "--topic",
                                    "tasks",
                                    "--to-earliest",
                                    "--execute"))
                    .containsPattern("tasks\\s+0\\s+0");
            assertThat(tool("--describe", "--group", "workers", "--offsets"))
                    .containsPattern("workers\\s+tasks\\s+0\\s+0\\s+5");
            assertThat(tool("--delete-offsets", "--group", "workers", "--topic", "tasks"))
                    .contains("tasks");
            assertThat(tool("--delete", "--group", "workers")).contains("success");
        }
    }
}
