package io.headrace.coordinator.cluster;

import io.headrace.protocol.config.BrokerConfigNames;
import io.headrace.protocol.config.TopicConfigs;
import io.headrace.protocol.metadata.ConfigResourceKey;

import org.jspecify.annotations.Nullable;

import java.util.Map;
import java.util.TreeSet;

/**
 * The cluster-wide defaults that can be changed while running: Kafka's dynamic default broker
 * configs, as far as decisions of this service depend on them.
 */
public final class BrokerDefaults {
    static final String NUM_PARTITIONS = "num.partitions";
    static final String REPLICATION_FACTOR = "default.replication.factor";
    static final String BALANCE = "auto.leader.rebalance.enable";
    static final String IMBALANCE_PERCENT = "leader.imbalance.per.broker.percentage";
    static final String IMBALANCE_INTERVAL = "leader.imbalance.check.interval.seconds";

    /** A config of one node, not of all: whether its replicas are moved elsewhere. */
    static final String DRAIN = "headrace.drain";

    private static final Map<String, Integer> NUMBERS =
            Map.of(
                    NUM_PARTITIONS,
                    Integer.MAX_VALUE,
                    REPLICATION_FACTOR,
                    (int) Short.MAX_VALUE,
                    IMBALANCE_PERCENT,
                    100,
                    IMBALANCE_INTERVAL,
                    Integer.MAX_VALUE);

    /** The resource of the defaults: a broker without a name. */
    public static final ConfigResourceKey RESOURCE =
            new ConfigResourceKey(ConfigResourceKey.BROKER, "");

    private BrokerDefaults() {}

    /** Says what is wrong with a default; null when nothing is. */
    public static @Nullable String problem(String name, String value) {
        String topicConfig = BrokerConfigNames.dynamicTopicConfig(name);
        if (topicConfig != null) {
            return TopicConfigs.problem(Map.of(topicConfig, value));
        }
        if (BrokerConfigNames.RATES.contains(name)) {
            return rateProblem(name, value);
        }
        if (name.equals(BALANCE) || name.equals(BrokerConfigNames.BALANCE_BY_LOAD)) {
            return booleanProblem(name, value);
        }
        Integer max = NUMBERS.get(name);
        if (max == null) {
            return "Config "
                    + name
                    + " cannot be changed while running; of all brokers defaults of topic configs"
                    + " can, and these: "
                    + BALANCE
                    + ", "
                    + BrokerConfigNames.BALANCE_BY_LOAD
                    + ", "
                    + String.join(", ", new TreeSet<>(NUMBERS.keySet()));
        }
        try {
            int number = Integer.parseInt(value.trim());
            int min = name.equals(IMBALANCE_PERCENT) ? 0 : 1;
            return number >= min && number <= max
                    ? null
                    : "Invalid value "
                            + value
                            + " for configuration "
                            + name
                            + ": between "
                            + min
                            + " and "
                            + max;
        } catch (NumberFormatException e) {
            return "Invalid value " + value + " for configuration " + name + ": Not a number";
        }
    }

    /** Says what is wrong with a config of one node; null when nothing is. */
    public static @Nullable String nodeProblem(String name, String value) {
        if (BrokerConfigNames.RATES.contains(name)) {
            return rateProblem(name, value);
        }
        return name.equals(DRAIN)
                ? booleanProblem(name, value)
                : "Configs of a single broker are set where it starts; while running only "
                        + DRAIN
                        + " and rates ("
                        + String.join(", ", new TreeSet<>(BrokerConfigNames.RATES))
                        + ") can be changed, others for all brokers";
    }

    private static @Nullable String rateProblem(String name, String value) {
        try {
            if (Long.parseLong(value.trim()) >= 0) {
                return null;
            }
        } catch (NumberFormatException e) {
            return "Invalid value " + value + " for configuration " + name + ": Not a number";
        }
        return "Invalid value " + value + " for configuration " + name + ": at least 0";
    }

    private static @Nullable String booleanProblem(String name, String value) {
        return value.equals("true") || value.equals("false")
                ? null
                : "Invalid value " + value + " for configuration " + name + ": true or false";
    }

    /** Whether leaders go back to the preferred replicas by themselves, as in Kafka. */
    static boolean balancesLeaders(ControllerState state) {
        return !"false".equals(state.image().configsOf(RESOURCE).get(BALANCE));
    }

    /** Whether leaders move to where less is appended. */
    static boolean balancesByLoad(ControllerState state) {
        String value = state.image().configsOf(RESOURCE).get(BrokerConfigNames.BALANCE_BY_LOAD);
        return balancesLeaders(state) && "true".equals(value);
    }

    /** The share of a node's preferred partitions that others may lead before that is mended. */
    public static int imbalancePercent(ControllerState state) {
        return number(state, IMBALANCE_PERCENT, 10);
    }

    static long balanceIntervalMs(ControllerState state) {
        return number(state, IMBALANCE_INTERVAL, 300) * 1_000L;
    }

    public static int partitions(ControllerState state) {
        return number(state, NUM_PARTITIONS, state.rules().defaultPartitions());
    }

    /**
     * The default number of replicas, when not set as many as there are nodes if these are fewer.
     */
    public static int replicationFactor(ControllerState state, int nodes) {
        int fallback = Math.clamp(nodes, 1, state.rules().defaultReplicationFactor());
        return number(state, REPLICATION_FACTOR, fallback);
    }

    private static int number(ControllerState state, String name, int fallback) {
        Map<String, String> configs = state.image().configsOf(RESOURCE);
        String value = configs.get(name);
        return value == null ? fallback : Integer.parseInt(value.trim());
    }
}
