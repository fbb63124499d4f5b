package io.headrace.coordinator.cluster.topic;

import io.headrace.coordinator.cluster.NewPartitions;
import io.headrace.protocol.config.BrokerConfigNames;
import io.headrace.protocol.config.ConfigDefinition;
import io.headrace.protocol.config.TopicConfigs;

import java.util.Map;

/**
 * A config in force and where it comes from.
 *
 * @param source the number of Kafka's {@code ConfigSource}
 */
public record ConfigValue(String value, byte source) {
    public static final byte DYNAMIC_TOPIC_CONFIG = 1;
    static final byte DYNAMIC_DEFAULT_BROKER_CONFIG = 3;
    public static final byte DEFAULT_CONFIG = 5;
    static final byte DYNAMIC_GROUP_CONFIG = 8;

    /** A topic's config: its own value, or the default, which may depend on the replicas. */
    static ConfigValue ofTopic(
            ConfigDefinition definition,
            Map<String, String> overrides,
            Map<String, String> defaults,
            int replicationFactor) {
        String own = overrides.get(definition.name());
        return own == null
                ? ofDefault(definition, defaults, replicationFactor)
                : new ConfigValue(own, DYNAMIC_TOPIC_CONFIG);
    }

    /** What a topic has that does not say: the default that was set for all nodes, or Kafka's. */
    static ConfigValue ofDefault(
            ConfigDefinition definition, Map<String, String> defaults, int replicationFactor) {
        String name = BrokerConfigNames.of(definition.name());
        String set = BrokerConfigNames.dynamicTopicConfig(name) == null ? null : defaults.get(name);
        if (set != null) {
            return new ConfigValue(set, DYNAMIC_DEFAULT_BROKER_CONFIG);
        }
        boolean minIsr = definition.name().equals(TopicConfigs.MIN_INSYNC_REPLICAS);
        return new ConfigValue(
                minIsr ? NewPartitions.defaultMinIsr(replicationFactor) : definition.defaultValue(),
                DEFAULT_CONFIG);
    }
}
