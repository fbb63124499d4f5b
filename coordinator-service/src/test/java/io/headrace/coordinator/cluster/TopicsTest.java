package io.headrace.coordinator.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.coordinator.cluster.topic.AlterConfigs;
import io.headrace.coordinator.cluster.topic.AlterConfigs.Change;
import io.headrace.coordinator.cluster.topic.AlterConfigs.Entry;
import io.headrace.coordinator.cluster.topic.ConfigValue;
import io.headrace.coordinator.cluster.topic.CreatePartitions;
import io.headrace.coordinator.cluster.topic.CreateTopics;
import io.headrace.coordinator.cluster.topic.DescribeConfigs;
import io.headrace.coordinator.cluster.topic.EnsureInternalTopic;
import io.headrace.protocol.config.TopicConfigs;
import io.headrace.protocol.metadata.ConfigResourceKey;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.protocol.metadata.SnapshotRecords;

import org.apache.kafka.common.errors.InvalidConfigurationException;
import org.apache.kafka.common.message.CreatePartitionsRequestData;
import org.apache.kafka.common.message.CreatePartitionsRequestData.CreatePartitionsTopic;
import org.apache.kafka.common.message.CreateTopicsRequestData;
import org.apache.kafka.common.message.CreateTopicsRequestData.CreatableReplicaAssignment;
import org.apache.kafka.common.message.DescribeConfigsRequestData;
import org.apache.kafka.common.message.DescribeConfigsRequestData.DescribeConfigsResource;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Topics, partitions and their configs: Kafka's rules. */
class TopicsTest {
    private final Nodes nodes = new Nodes();

    @BeforeEach
    void startNodes() {
        nodes.start(1, 1);
        nodes.start(2, 1);
        nodes.start(3, 1);
    }

    @ParameterizedTest
    @CsvSource({
        "'', 1, 1, INVALID_TOPIC_EXCEPTION",
        "'a b', 1, 1, INVALID_TOPIC_EXCEPTION",
        "..., 1, 1, NONE",
        "__cluster_metadata, 1, 1, INVALID_REQUEST",
        "t, 0, 1, INVALID_PARTITIONS",
        "t, -2, 1, INVALID_PARTITIONS",
        "t, 1, 0, INVALID_REPLICATION_FACTOR",
        "t, 1, 4, INVALID_REPLICATION_FACTOR",
        "t, 10001, 1, POLICY_VIOLATION",
        "t, -1, -1, NONE",
        "t, 6, 3, NONE",
    })
    void aTopicIsCheckedAsInKafka(String name, int partitions, int replicas, Errors expected) {
        MetadataImage before = nodes.image();
        var result = nodes.create(name, partitions, replicas);
        assertThat(Errors.forCode(result.errorCode())).isEqualTo(expected);
        if (expected != Errors.NONE) {
            assertThat(nodes.image()).isSameAs(before);
        }
    }

    @Test
    void namesThatDifferByDotAndUnderscoreCollide() {
        nodes.create("a.b", 1, 1);
        assertThat(nodes.create("a_b", 1, 1).errorCode())
                .isEqualTo(Errors.INVALID_TOPIC_EXCEPTION.code());
    }

    @Test
    void leadersAndReplicasAreSpreadEvenly() {
        nodes.create("t", 30, 2);
        Map<Integer, Integer> leaders = new HashMap<>();
        Map<Integer, Integer> replicas = new HashMap<>();
        for (PartitionImage partition : topicPartitions("t")) {
            assertThat(partition.assignedReplicas()).doesNotHaveDuplicates().hasSize(2);
            leaders.merge(partition.leaderId(), 1, Integer::sum);
            partition.assignedReplicas().forEach(id -> replicas.merge(id, 1, Integer::sum));
        }
        assertThat(leaders.values()).containsOnly(10);
        assertThat(replicas.values()).allSatisfy(n -> assertThat(n).isBetween(16, 24));
    }

    private Iterable<PartitionImage> topicPartitions(String name) {
        return Objects.requireNonNull(nodes.image().topic(name)).partitions().values();
    }

    @Test
    void aManualAssignmentIsTakenAsItIs() {
        var topic = Nodes.topic("t", -1, -1, Map.of());
        topic.assignments().add(assignment(0, 2, 3));
        topic.assignments().add(assignment(1, 3, 1));
        assertThat(nodes.create(topic).errorCode()).isEqualTo(Errors.NONE.code());
        assertThat(topicPartitions("t"))
                .extracting(PartitionImage::assignedReplicas)
                .containsExactlyInAnyOrder(List.of(2, 3), List.of(3, 1));
        var unknown = Nodes.topic("u", -1, -1, Map.of());
        unknown.assignments().add(assignment(0, 9));
        assertThat(nodes.create(unknown).errorCode())
                .isEqualTo(Errors.INVALID_REPLICA_ASSIGNMENT.code());
        var gap = Nodes.topic("v", -1, -1, Map.of());
        gap.assignments().add(assignment(1, 1));
        assertThat(nodes.create(gap).errorCode())
                .isEqualTo(Errors.INVALID_REPLICA_ASSIGNMENT.code());
    }

    private static CreatableReplicaAssignment assignment(int partition, Integer... replicas) {
        return new CreatableReplicaAssignment()
                .setPartitionIndex(partition)
                .setBrokerIds(List.of(replicas));
    }

    @Test
    void validatingChangesNothing() {
        MetadataImage before = nodes.image();
        CreateTopicsRequestData request = new CreateTopicsRequestData().setValidateOnly(true);
        request.topics().add(Nodes.topic("t", 2, 1, Map.of()));
        var response = nodes.decide(new CreateTopics(request));
        assertThat(Objects.requireNonNull(response.topics().find("t")).numPartitions())
                .isEqualTo(2);
        assertThat(nodes.image()).isSameAs(before);
    }

    @Test
    void configsOfANewTopicAreCheckedAndDescribed() {
        assertThat(nodes.create(Nodes.topic("t", 1, 1, Map.of("no.such", "1"))).errorCode())
                .isEqualTo(Errors.INVALID_CONFIG.code());
        var result = nodes.create(Nodes.topic("t", 1, 1, Map.of("retention.ms", "5000")));
        assertThat(result.configs())
                .anySatisfy(
                        config -> {
                            assertThat(config.name()).isEqualTo("retention.ms");
                            assertThat(config.value()).isEqualTo("5000");
                            assertThat(config.configSource())
                                    .isEqualTo(ConfigValue.DYNAMIC_TOPIC_CONFIG);
                        });
    }

    @Test
    void partitionsAreAddedNeverTakenAway() {
        nodes.create("t", 2, 1);
        assertThat(addPartitions("t", 2)).isEqualTo(Errors.INVALID_PARTITIONS);
        assertThat(addPartitions("t", 1)).isEqualTo(Errors.INVALID_PARTITIONS);
        assertThat(addPartitions("none", 1)).isEqualTo(Errors.UNKNOWN_TOPIC_OR_PARTITION);
        assertThat(addPartitions("t", 5)).isEqualTo(Errors.NONE);
        assertThat(Objects.requireNonNull(nodes.image().topic("t")).partitionCount()).isEqualTo(5);
    }

    private Errors addPartitions(String name, int count) {
        CreatePartitionsRequestData request = new CreatePartitionsRequestData();
        request.topics()
                .add(
                        new CreatePartitionsTopic()
                                .setName(name)
                                .setCount(count)
                                .setAssignments(null));
        var response = nodes.decide(new CreatePartitions(request));
        return Errors.forCode(response.results().getFirst().errorCode());
    }

    @Test
    void configsAreSetAppendedSubtractedAndDeleted() {
        nodes.create("t", 1, 1);
        alter(new Entry("cleanup.policy", (byte) 2, "compact"));
        assertThat(configs()).containsEntry("cleanup.policy", "delete,compact");
        alter(new Entry("cleanup.policy", (byte) 3, "delete"));
        assertThat(configs()).containsEntry("cleanup.policy", "compact");
        alter(new Entry("cleanup.policy", (byte) 1, null), new Entry("segment.ms", (byte) 0, "7"));
        assertThat(configs()).containsOnly(Map.entry("segment.ms", "7"));
        var refused = alter(new Entry("segment.ms", (byte) 0, "seven"));
        assertThat(refused.refusal()).isInstanceOf(InvalidConfigurationException.class);
        var unlisted = alter(new Entry("segment.ms", (byte) 2, "7"));
        assertThat(unlisted.refusal()).isInstanceOf(InvalidConfigurationException.class);
        assertThat(configs()).containsOnly(Map.entry("segment.ms", "7"));
    }

    @Test
    void theEffectiveMinimumOfInSyncReplicasFollowsTheConfig() {
        nodes.create("t", 1, 3);
        assertThat(topicPartitions("t"))
                .allSatisfy(p -> assertThat(p.minInSyncReplicas()).isEqualTo(2));
        alter(new Entry(TopicConfigs.MIN_INSYNC_REPLICAS, (byte) 0, "3"));
        assertThat(topicPartitions("t"))
                .allSatisfy(p -> assertThat(p.minInSyncReplicas()).isEqualTo(3))
                .allSatisfy(p -> assertThat(p.partitionEpoch()).isEqualTo(1));
    }

    @Test
    void describingSaysWhereAValueComesFrom() {
        nodes.create("t", 1, 1);
        alter(new Entry("segment.ms", (byte) 0, "7"));
        DescribeConfigsRequestData request =
                new DescribeConfigsRequestData().setIncludeSynonyms(true);
        request.resources()
                .add(
                        new DescribeConfigsResource()
                                .setResourceType(ConfigResourceKey.TOPIC)
                                .setResourceName("t")
                                .setConfigurationKeys(List.of("segment.ms", "retention.ms")));
        var configs = nodes.decide(new DescribeConfigs(request)).results().getFirst().configs();
        assertThat(configs).hasSize(2);
        for (var config : configs) {
            boolean set = config.name().equals("segment.ms");
            assertThat(config.configSource())
                    .isEqualTo(set ? ConfigValue.DYNAMIC_TOPIC_CONFIG : ConfigValue.DEFAULT_CONFIG);
            assertThat(config.synonyms()).hasSize(set ? 2 : 1);
        }
    }

    @Test
    void aSnapshotMakesTheSameImage() {
        nodes.create(Nodes.topic("t", 3, 2, Map.of("segment.ms", "7")));
        nodes.decide(new EnsureInternalTopic("__consumer_offsets"));
        MetadataImage image = nodes.image();
        assertThat(MetadataImage.EMPTY.applyAll(SnapshotRecords.of(image), image.nextOffset()))
                .isEqualTo(image);
    }

    private AlterConfigs.Verdict alter(Entry... entries) {
        Change change = new Change(ConfigResourceKey.TOPIC, "t", List.of(entries), false);
        return nodes.decide(new AlterConfigs(List.of(change), false)).getFirst();
    }

    private Map<String, String> configs() {
        return nodes.image().configsOf(ConfigResourceKey.topic("t"));
    }
}
