package io.headrace.protocol.config;

import org.jspecify.annotations.Nullable;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The configurations of a group (resource type GROUP), with Kafka's names, defaults and meaning.
 */
public final class GroupConfigs {
    public static final String CONSUMER_HEARTBEAT_INTERVAL_MS = "consumer.heartbeat.interval.ms";
    public static final String CONSUMER_SESSION_TIMEOUT_MS = "consumer.session.timeout.ms";

    private static final Map<String, ConfigDefinition> DEFINITIONS = new LinkedHashMap<>();

    static {
        number(
                CONSUMER_HEARTBEAT_INTERVAL_MS,
                5_000,
                100,
                60_000,
                "How often the members of a consumer group are to be heard of, in milliseconds."
                        + " Where none is set, groups with few members are heard of more often.");
        number(
                CONSUMER_SESSION_TIMEOUT_MS,
                45_000,
                1_000,
                1_800_000,
                "How long a member of a consumer group may be silent before it is taken out of the"
                        + " group, in milliseconds.");
    }

    private GroupConfigs() {}

    private static void number(
            String name, int defaultValue, int least, int most, String documentation) {
        DEFINITIONS.put(
                name,
                new ConfigDefinition(
                        name,
                        ConfigType.INT,
                        Integer.toString(defaultValue),
                        false,
                        "[" + least + ",...," + most + "]",
                        documentation,
                        value -> {
                            int number = Integer.parseInt(value);
                            return number < least || number > most
                                    ? "Value must be from " + least + " to " + most
                                    : null;
                        }));
    }

    /** Every configuration, in the order of names. */
    public static Collection<ConfigDefinition> all() {
        return List.copyOf(DEFINITIONS.values());
    }

    public static @Nullable ConfigDefinition find(String name) {
        return DEFINITIONS.get(name);
    }

    /** The number that is set of a configuration, or null when none is. */
    public static @Nullable Integer number(Map<String, String> configs, String name) {
        String value = configs.get(name);
        ConfigDefinition definition = DEFINITIONS.get(name);
        return value == null || definition == null || definition.problem(value) != null
                ? null
                : Integer.valueOf(value.trim());
    }

    /** Says what is wrong with the configurations set on a group; null when nothing is. */
    public static @Nullable String problem(Map<String, String> configs) {
        for (Map.Entry<String, String> config : configs.entrySet()) {
            ConfigDefinition definition = DEFINITIONS.get(config.getKey());
            if (definition == null) {
                return "Unknown group config name: " + config.getKey();
            }
            String problem = definition.problem(config.getValue());
            if (problem != null) {
                return problem;
            }
        }
        return heartbeatProblem(
                configs, CONSUMER_HEARTBEAT_INTERVAL_MS, CONSUMER_SESSION_TIMEOUT_MS);
    }

    private static @Nullable String heartbeatProblem(
            Map<String, String> configs, String heartbeat, String session) {
        return effective(configs, session) > effective(configs, heartbeat)
                ? null
                : session + " must be greater than " + heartbeat;
    }

    private static int effective(Map<String, String> configs, String name) {
        Integer own = number(configs, name);
        ConfigDefinition definition = DEFINITIONS.get(name);
        if (definition == null) {
            throw new IllegalArgumentException("No group config " + name);
        }
        return own == null ? Integer.parseInt(definition.defaultValue()) : own;
    }
}
