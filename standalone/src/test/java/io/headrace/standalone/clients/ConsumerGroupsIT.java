package io.headrace.standalone.clients;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.headrace.standalone.RunningPlatform;
import io.headrace.testkit.wait.Eventually;

import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.GroupListing;
import org.apache.kafka.clients.admin.ListGroupsOptions;
import org.apache.kafka.clients.admin.MemberDescription;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.consumer.RangeAssignor;
import org.apache.kafka.clients.consumer.SubscriptionPattern;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.GroupState;
import org.apache.kafka.common.GroupType;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.GroupNotEmptyException;
import org.apache.kafka.common.errors.InvalidConfigurationException;
import org.apache.kafka.common.errors.InvalidRegularExpression;
import org.apache.kafka.common.errors.UnreleasedInstanceIdException;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/** Groups of the consumer protocol (KIP-848) with the Java clients of Kafka 4.3.1, unmodified. */
@Timeout(120)
class ConsumerGroupsIT {
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

    private static Map<String, Object> member(String group, Map<String, Object> more) {
        Map<String, Object> configs = new HashMap<>();
        configs.put("bootstrap.servers", platform.kafkaAddress());
        configs.put("group.id", group);
        configs.put("group.protocol", "consumer");
        configs.put("auto.offset.reset", "earliest");
        configs.put("enable.auto.commit", "false");
        configs.putAll(more);
        return configs;
    }

    private static Map<String, Object> classicMember(String group, Class<?> assignor) {
        return member(
                group,
                Map.of(
                        "group.protocol",
                        "classic",
                        "heartbeat.interval.ms",
                        200,
                        "partition.assignment.strategy",
                        assignor.getName()));
    }

    private static Admin admin() {
        return Admin.create(Map.of("bootstrap.servers", platform.kafkaAddress()));
    }

    private static void create(String topic, int partitions) throws Exception {
        try (Admin admin = admin()) {
            admin.createTopics(List.of(new NewTopic(topic, partitions, (short) 1))).all().get();
        }
    }

    /** Sends values 0 to count - 1, round the partitions. */
    private static void send(String topic, int partitions, int count) throws Exception {
        Map<String, Object> configs = Map.of("bootstrap.servers", platform.kafkaAddress());
        try (var producer =
                new KafkaProducer<>(configs, new StringSerializer(), new StringSerializer())) {
            for (int i = 0; i < count; i++) {
                producer.send(new ProducerRecord<>(topic, i % partitions, "", topic + "-" + i));
            }
            producer.flush();
        }
    }

    private static Set<TopicPartition> partitions(String topic, int count) {
        Set<TopicPartition> partitions = new HashSet<>();
        for (int i = 0; i < count; i++) {
            partitions.add(new TopicPartition(topic, i));
        }
        return partitions;
    }

    /** Waits until the members have all partitions, each of them once, and as many each. */
    private static void awaitShared(Set<TopicPartition> expected, GroupMember... members) {
        Eventually.until(
                LIMIT,
                () -> {
                    List<TopicPartition> all = new ArrayList<>();
                    boolean isLevel = true;
                    for (GroupMember member : members) {
                        assertThat(member.failure()).isNull();
                        Set<TopicPartition> assigned = member.assigned();
                        isLevel &= assigned.size() >= expected.size() / members.length;
                        all.addAll(assigned);
                    }
                    return isLevel
                            && all.size() == expected.size()
                            && expected.equals(new HashSet<>(all));
                },
                expected.size() + " partitions shared by " + members.length + " members");
    }

    private static ConsumerGroupDescription describe(String group) throws Exception {
        try (Admin admin = admin()) {
            return Objects.requireNonNull(
                    admin.describeConsumerGroups(List.of(group)).all().get().get(group));
        }
    }

    private static void awaitState(String group, GroupState state) {
        Eventually.until(LIMIT, () -> describe(group).groupState() == state, group + " " + state);
    }

    @Test
    void membersShareThePartitionsAndEveryRecordIsReadOnce() throws Exception {
        create("shared", 6);
        send("shared", 6, 600);
        List<String> read = new ArrayList<>();
        try (GroupMember first = GroupMember.of(member("sharing", Map.of()), "shared")) {
            awaitShared(partitions("shared", 6), first);
            try (GroupMember second = GroupMember.of(member("sharing", Map.of()), "shared");
                    GroupMember third = GroupMember.of(member("sharing", Map.of()), "shared")) {
                awaitShared(partitions("shared", 6), first, second, third);
                assertThat(List.of(first, second, third))
                        .allSatisfy(each -> assertThat(each.assigned()).hasSize(2));
                awaitState("sharing", GroupState.STABLE);
                ConsumerGroupDescription described = describe("sharing");
                assertThat(described.type()).isEqualTo(GroupType.CONSUMER);
                assertThat(described.partitionAssignor()).isEqualTo("uniform");
                assertThat(described.members()).hasSize(3);
                assertThat(described.members())
                        .allSatisfy(
                                each -> assertThat(each.assignment().topicPartitions()).hasSize(2));
                send("shared", 6, 600);
                Eventually.until(
                        LIMIT,
                        () ->
                                first.values().size()
                                                + second.values().size()
                                                + third.values().size()
                                        >= 1200,
                        "all records");
                read.addAll(second.values());
                read.addAll(third.values());
            }
            awaitShared(partitions("shared", 6), first);
            read.addAll(first.values());
            try (Admin admin = admin()) {
                assertThatThrownBy(() -> admin.deleteConsumerGroups(List.of("sharing")).all().get())
                        .hasCauseInstanceOf(GroupNotEmptyException.class);
            }
        }
        assertThat(read).hasSize(1200);
        awaitState("sharing", GroupState.EMPTY);
        try (Admin admin = admin()) {
            var committed =
                    admin.listConsumerGroupOffsets("sharing").partitionsToOffsetAndMetadata().get();
            assertThat(committed).hasSize(6);
            assertThat(committed.values())
                    .allSatisfy(each -> assertThat(each.offset()).isEqualTo(200));
            assertThat(
                            admin.listGroups(
                                            new ListGroupsOptions()
                                                    .withTypes(Set.of(GroupType.CONSUMER))
                                                    .inGroupStates(Set.of(GroupState.EMPTY)))
                                    .all()
                                    .get())
                    .extracting(GroupListing::groupId)
                    .contains("sharing");
            admin.deleteConsumerGroups(List.of("sharing")).all().get();
            assertThat(admin.listGroups().all().get())
                    .extracting(GroupListing::groupId)
                    .doesNotContain("sharing");
        }
    }

    @Test
    void newPartitionsAreShared() throws Exception {
        create("growing", 2);
        try (GroupMember first = GroupMember.of(member("grow", Map.of()), "growing");
                GroupMember second = GroupMember.of(member("grow", Map.of()), "growing")) {
            awaitShared(partitions("growing", 2), first, second);
            try (Admin admin = admin()) {
                admin.createPartitions(Map.of("growing", NewPartitions.increaseTo(8))).all().get();
            }
            awaitShared(partitions("growing", 8), first, second);
        }
    }

    @Test
    void theBrokerFindsTopicsByExpression() throws Exception {
        create("regex-a", 2);
        Map<String, Object> configs = member("regex", Map.of());
        try (GroupMember member =
                GroupMember.subscribed(
                        configs,
                        (consumer, listener) ->
                                consumer.subscribe(
                                        new SubscriptionPattern("regex-[a-c]"), listener))) {
            awaitShared(partitions("regex-a", 2), member);
            create("regex-b", 1);
            create("regex-d", 1);
            Set<TopicPartition> both = partitions("regex-a", 2);
            both.addAll(partitions("regex-b", 1));
            awaitShared(both, member);
        }
    }

    @Test
    void aGroupHasConfigsOfItsOwn() throws Exception {
        ConfigResource resource = new ConfigResource(ConfigResource.Type.GROUP, "configured");
        try (Admin admin = admin()) {
            admin.incrementalAlterConfigs(Map.of(resource, List.of(set("1000")))).all().get();
            assertThat(
                            Objects.requireNonNull(
                                            admin.describeConfigs(List.of(resource))
                                                    .all()
                                                    .get()
                                                    .get(resource))
                                    .get("consumer.heartbeat.interval.ms"))
                    .satisfies(
                            entry -> {
                                assertThat(entry.value()).isEqualTo("1000");
                                assertThat(entry.source())
                                        .isEqualTo(ConfigEntry.ConfigSource.DYNAMIC_GROUP_CONFIG);
                            });
            assertThatThrownBy(
                            () ->
                                    admin.incrementalAlterConfigs(
                                                    Map.of(resource, List.of(set("soon"))))
                                            .all()
                                            .get())
                    .hasCauseInstanceOf(InvalidConfigurationException.class);
        }
    }

    private static AlterConfigOp set(String heartbeatMs) {
        return new AlterConfigOp(
                new ConfigEntry("consumer.heartbeat.interval.ms", heartbeatMs),
                AlterConfigOp.OpType.SET);
    }

    @Test
    void anExpressionThatIsNoneIsRefused() throws Exception {
        try (GroupMember member =
                GroupMember.subscribed(
                        member("bad-regex", Map.of()),
                        (consumer, listener) ->
                                consumer.subscribe(new SubscriptionPattern("(a"), listener))) {
            Eventually.until(LIMIT, () -> member.failure() != null, "a refusal");
            assertThat(member.failure()).isInstanceOf(InvalidRegularExpression.class);
        }
    }

    @Test
    void aStaticMemberComesBackToWhatItHad() throws Exception {
        create("static", 4);
        Map<String, Object> one = member("statics", Map.of("group.instance.id", "one"));
        Map<String, Object> two = member("statics", Map.of("group.instance.id", "two"));
        try (GroupMember stays = GroupMember.of(two, "static")) {
            Set<TopicPartition> had;
            try (GroupMember first = GroupMember.of(one, "static")) {
                awaitShared(partitions("static", 4), first, stays);
                had = first.assigned();
                try (GroupMember rival = GroupMember.of(one, "static")) {
                    Eventually.until(LIMIT, () -> rival.failure() != null, "a refusal");
                    assertThat(rival.failure()).isInstanceOf(UnreleasedInstanceIdException.class);
                }
            }
            int epoch = describe("statics").groupEpoch().orElseThrow();
            try (GroupMember back = GroupMember.of(one, "static")) {
                awaitShared(partitions("static", 4), back, stays);
                assertThat(back.assigned()).isEqualTo(had);
                assertThat(describe("statics").groupEpoch()).hasValue(epoch);
            }
        }
    }

    @Test
    void theRangeAssignorIsWhatMembersAskFor() throws Exception {
        create("ranged", 4);
        Map<String, Object> configs = member("ranging", Map.of("group.remote.assignor", "range"));
        try (GroupMember first = GroupMember.of(configs, "ranged");
                GroupMember second = GroupMember.of(configs, "ranged")) {
            awaitShared(partitions("ranged", 4), first, second);
            assertThat(describe("ranging").partitionAssignor()).isEqualTo("range");
            Set<TopicPartition> low = partitions("ranged", 2);
            assertThat(List.of(first.assigned(), second.assigned())).contains(low);
        }
    }

    @ParameterizedTest
    @ValueSource(classes = {RangeAssignor.class, CooperativeStickyAssignor.class})
    void aGroupMigratesToTheConsumerProtocolAndBack(Class<?> assignor) throws Exception {
        String topic = "migrating-" + assignor.getSimpleName();
        create(topic, 6);
        send(topic, 6, 60);
        try (GroupMember classic = GroupMember.of(classicMember(topic, assignor), topic)) {
            awaitShared(partitions(topic, 6), classic);
            assertThat(describe(topic).type()).isEqualTo(GroupType.CLASSIC);
            try (GroupMember modern = GroupMember.of(member(topic, Map.of()), topic)) {
                awaitShared(partitions(topic, 6), classic, modern);
                assertThat(modern.assigned()).hasSize(3);
                ConsumerGroupDescription described = describe(topic);
                assertThat(described.type()).isEqualTo(GroupType.CONSUMER);
                assertThat(described.members())
                        .extracting(MemberDescription::upgraded)
                        .containsExactlyInAnyOrder(Optional.of(false), Optional.of(true));
                send(topic, 6, 60);
                Eventually.until(
                        LIMIT,
                        () -> classic.values().size() + modern.values().size() >= 120,
                        "all records");
            }
            awaitShared(partitions(topic, 6), classic);
            assertThat(describe(topic).type()).isEqualTo(GroupType.CLASSIC);
            assertThat(classic.failure()).isNull();
        }
    }
}
