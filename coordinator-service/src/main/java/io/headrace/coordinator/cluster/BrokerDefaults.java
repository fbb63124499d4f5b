package io.headrace.coordinator.cluster;

import io.headrace.protocol.config.BrokerConfigNames;
import io.headrace.protocol.config.TopicConfigs;
import io.headrace.protocol.metadata.ConfigResourceKey;

import org.jspecify.annotations.Nullable;

import java.util.Map;

/**
 * The cluster-wide defaults that can be changed while running: Kafka's dynamic default broker
 * configs, as far as decisions of this service depend on them.
 */
final class BrokerDefaults {
    static final String NUM_PARTITIONS = "num.partitions";
    static final String REPLICATION_FACTOR = "default.replication.factor";

    /** The resource of the defaults: a broker without a name. */
    static final ConfigResourceKey RESOURCE = new ConfigResourceKey(ConfigResourceKey.BROKER, "");

    private BrokerDefaults() {}

    /** Says what is wrong with a default; null when nothing is. */
    static @Nullable String problem(String name, String value) {
        String topicConfig = BrokerConfigNames.dynamicTopicConfig(name);
        if (topicConfig != null) {
            return TopicConfigs.problem(Map.of(topicConfig, value));
        }
        if (!name.equals(NUM_PARTITIONS) && !name.equals(REPLICATION_FACTOR)) {
            return "Config "
                    + name
                    + " cannot be changed while running; "
                    + NUM_PARTITIONS
                    + ", "
                    + REPLICATION_FACTOR
                    + " and defaults of topic configs can, of all brokers";
        }
        int max = name.equals(NUM_PARTITIONS) ? Integer.MAX_VALUE : Short.MAX_VALUE;
        try {
            int number = Integer.parseInt(value.trim());
            return number >= 1 && number <= max
                    ? null
                    : "Invalid value " + value + " for configuration " + name + ": at least 1";
        } catch (NumberFormatException e) {
            return "Invalid value " + value + " for configuration " + name + ": Not a number";
        }
    }

    static int partitions(ControllerState state) {
        return number(state, NUM_PARTITIONS, state.rules().defaultPartitions());
    }

    /**
     * The default number of replicas, when not set as many as there are nodes if these are fewer.
     */
    static int replicationFactor(ControllerState state, int nodes) {
        int fallback = Math.clamp(nodes, 1, state.rules().defaultReplicationFactor());
        return number(state, REPLICATION_FACTOR, fallback);
    }

    private static int number(ControllerState state, String name, int fallback) {
        Map<String, String> configs = state.image().configsOf(RESOURCE);
        String value = configs.get(name);
        return value == null ? fallback : Integer.parseInt(value.trim());
    }
}
