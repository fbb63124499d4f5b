package io.headrace.coordinator.cluster;

import io.headrace.protocol.config.TopicConfigs;
import io.headrace.protocol.metadata.ShardOwnerImage;
import io.headrace.protocol.metadata.TopicImage;

import org.apache.kafka.common.internals.Topic;

import java.util.Map;

/** How the platform's own topics are made. */
final class InternalTopicRules {
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

    /** How many shards there are of each kind. */
    static Map<Byte, Integer> shards(ControllerState state) {
        return Map.of(ShardOwnerImage.GROUP, groupShards(state));
    }

    /** How many group shards there are: the partitions of the topic, once it exists. */
    static int groupShards(ControllerState state) {
        TopicImage topic = state.image().topic(Topic.GROUP_METADATA_TOPIC_NAME);
        return topic == null ? state.rules().offsetsPartitions() : topic.partitionCount();
    }

    /** Replicas of a new internal topic: three, or as many as there are nodes. */
    static int replicationFactor(int nodes) {
        return Math.clamp(nodes, 1, REPLICATION_FACTOR);
    }
}
