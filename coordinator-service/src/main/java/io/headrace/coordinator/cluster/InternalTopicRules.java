package io.headrace.coordinator.cluster;

import io.headrace.protocol.config.TopicConfigs;
import io.headrace.protocol.metadata.ShardOwnerImage;
import io.headrace.protocol.metadata.TopicImage;

import org.apache.kafka.common.internals.Topic;
import org.jspecify.annotations.Nullable;

import java.util.Map;
import java.util.TreeMap;

/** How the platform's own topics are made. */
public final class InternalTopicRules {
    private static final int REPLICATION_FACTOR = 3;

    private InternalTopicRules() {}

    /** Configs of {@code __consumer_offsets}, as in Kafka. */
    static final Map<String, String> OFFSETS_CONFIGS =
            Map.of(
                    TopicConfigs.CLEANUP_POLICY,
                    "compact",
                    TopicConfigs.COMPRESSION_TYPE,
                    "producer",
                    TopicConfigs.SEGMENT_BYTES,
                    "104857600");

    /** Configs of {@code __transaction_state}, as in Kafka but for min.insync.replicas. */
    static final Map<String, String> TRANSACTIONS_CONFIGS =
            Map.of(
                    TopicConfigs.CLEANUP_POLICY,
                    "compact",
                    TopicConfigs.COMPRESSION_TYPE,
                    "uncompressed",
                    TopicConfigs.SEGMENT_BYTES,
                    "104857600");

    /** Configs of {@code __share_group_state}; compacted, where Kafka deletes what is behind. */
    static final Map<String, String> SHARE_STATE_CONFIGS =
            Map.of(
                    TopicConfigs.CLEANUP_POLICY,
                    "compact",
                    TopicConfigs.COMPRESSION_TYPE,
                    "uncompressed",
                    TopicConfigs.SEGMENT_BYTES,
                    "104857600");

    /** The topics whose partitions are shards, by kind. */
    static final Map<Byte, String> SHARD_TOPICS =
            Map.of(
                    ShardOwnerImage.GROUP, Topic.GROUP_METADATA_TOPIC_NAME,
                    ShardOwnerImage.TRANSACTION, Topic.TRANSACTION_STATE_TOPIC_NAME,
                    ShardOwnerImage.SHARE, Topic.SHARE_GROUP_STATE_TOPIC_NAME);

    /** What an internal topic is made with. */
    public record Shape(int partitions, Map<String, String> configs) {}

    /** The shape of an internal topic, or null when there is no such one. */
    public static @Nullable Shape shapeOf(String topic, ClusterRules rules) {
        return switch (topic) {
            case Topic.GROUP_METADATA_TOPIC_NAME ->
                    new Shape(rules.offsetsPartitions(), OFFSETS_CONFIGS);
            case Topic.TRANSACTION_STATE_TOPIC_NAME ->
                    new Shape(rules.transactionsPartitions(), TRANSACTIONS_CONFIGS);
            case Topic.SHARE_GROUP_STATE_TOPIC_NAME ->
                    new Shape(rules.shareStatePartitions(), SHARE_STATE_CONFIGS);
            default -> null;
        };
    }

    /** How many shards of a kind there are: the partitions of its topic, once it exists. */
    static int shardCount(String shardTopic, ControllerState state) {
        TopicImage topic = state.image().topic(shardTopic);
        if (topic != null) {
            return topic.partitionCount();
        }
        Shape shape = shapeOf(shardTopic, state.rules());
        return shape == null ? 0 : shape.partitions();
    }

    /** How many shards there are of each kind. */
    public static Map<Byte, Integer> shards(ControllerState state) {
        Map<Byte, Integer> counts = new TreeMap<>();
        SHARD_TOPICS.forEach((kind, topic) -> counts.put(kind, shardCount(topic, state)));
        return counts;
    }

    /** Replicas of a new internal topic: three, or as many as there are nodes. */
    public static int replicationFactor(int nodes) {
        return Math.clamp(nodes, 1, REPLICATION_FACTOR);
    }
}
