package io.headrace.protocol.config;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The configurations of a group (resource type GROUP), with Kafka's names, defaults and meaning.
 */
public final class GroupConfigs {
    public static final String CONSUMER_ASSIGNMENT_INTERVAL_MS = "consumer.assignment.interval.ms";
    public static final String CONSUMER_HEARTBEAT_INTERVAL_MS = "consumer.heartbeat.interval.ms";
    public static final String CONSUMER_SESSION_TIMEOUT_MS = "consumer.session.timeout.ms";

    public static final String SHARE_ASSIGNMENT_INTERVAL_MS = "share.assignment.interval.ms";
    public static final String SHARE_HEARTBEAT_INTERVAL_MS = "share.heartbeat.interval.ms";
    public static final String SHARE_SESSION_TIMEOUT_MS = "share.session.timeout.ms";
    public static final String SHARE_RECORD_LOCK_DURATION_MS = "share.record.lock.duration.ms";
    public static final String SHARE_DELIVERY_COUNT_LIMIT = "share.delivery.count.limit";
    public static final String SHARE_PARTITION_MAX_RECORD_LOCKS =
            "share.partition.max.record.locks";
    public static final String SHARE_AUTO_OFFSET_RESET = "share.auto.offset.reset";
    public static final String SHARE_ISOLATION_LEVEL = "share.isolation.level";
    public static final String SHARE_RENEW_ACKNOWLEDGE_ENABLE = "share.renew.acknowledge.enable";

    private static final String BY_DURATION = "by_duration:";
    private static final Map<String, ConfigDefinition> DEFINITIONS = new LinkedHashMap<>();

    static {
        number(
                CONSUMER_ASSIGNMENT_INTERVAL_MS,
                1_000,
                0,
                15_000,
                "How long changes of a consumer group are gathered after an assignment, before the"
                        + " next one, in milliseconds. Where none is set, groups with few members"
                        + " are assigned at once for each change.");
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
        number(
                SHARE_ASSIGNMENT_INTERVAL_MS,
                1_000,
                0,
                15_000,
                "How long changes of a share group are gathered after an assignment, before the"
                        + " next one, in milliseconds. Where none is set, groups with few members"
                        + " are assigned at once for each change.");
        number(
                SHARE_HEARTBEAT_INTERVAL_MS,
                5_000,
                100,
                60_000,
                "How often the members of a share group are to be heard of, in milliseconds."
                        + " Where none is set, groups with few members are heard of more often.");
        number(
                SHARE_SESSION_TIMEOUT_MS,
                45_000,
                1_000,
                1_800_000,
                "How long a member of a share group may be silent before it is taken out of the"
                        + " group, in milliseconds.");
        number(
                SHARE_RECORD_LOCK_DURATION_MS,
                30_000,
                1_000,
                60_000,
                "How long a member of a share group may hold a record before it is given to another"
                        + " member, in milliseconds.");
        number(
                SHARE_DELIVERY_COUNT_LIMIT,
                5,
                2,
                10,
                "How often a record is delivered to a share group at most.");
        number(
                SHARE_PARTITION_MAX_RECORD_LOCKS,
                2_000,
                100,
                4_000,
                "How many records of one partition the members of a share group may hold.");
        text(
                SHARE_AUTO_OFFSET_RESET,
                "latest",
                "one of earliest, latest, by_duration:<ISO-8601 duration>",
                "Where a share group begins in a partition that it never read: earliest, latest, or"
                        + " by_duration: and an ISO-8601 duration before now.",
                GroupConfigs::offsetResetProblem);
        text(
                SHARE_ISOLATION_LEVEL,
                "read_uncommitted",
                "one of read_committed, read_uncommitted",
                "Whether a share group is given records of transactions that are open or aborted:"
                        + " read_uncommitted, or not: read_committed.",
                value ->
                        value.equals("read_committed") || value.equals("read_uncommitted")
                                ? null
                                : "String must be one of: read_committed, read_uncommitted");
        DEFINITIONS.put(
                SHARE_RENEW_ACKNOWLEDGE_ENABLE,
                new ConfigDefinition(
                        SHARE_RENEW_ACKNOWLEDGE_ENABLE,
                        ConfigType.BOOLEAN,
                        "true",
                        false,
                        "",
                        "Whether members of a share group may renew their hold of a record.",
                        value -> null));
    }

    private GroupConfigs() {}

    private static void text(
            String name,
            String defaultValue,
            String valid,
            String documentation,
            ConfigDefinition.Rule rule) {
        DEFINITIONS.put(
                name,
                new ConfigDefinition(
                        name, ConfigType.STRING, defaultValue, false, valid, documentation, rule));
    }

    private static @Nullable String offsetResetProblem(String value) {
        if (value.equals("earliest") || value.equals("latest")) {
            return null;
        }
        if (value.startsWith(BY_DURATION)) {
            try {
                return Duration.parse(value.substring(BY_DURATION.length())).isNegative()
                        ? "The duration must not be negative"
                        : null;
            } catch (DateTimeParseException e) {
                return "Not an ISO-8601 duration (PnDTnHnMn.nS) behind " + BY_DURATION;
            }
        }
        return "Use earliest, latest or by_duration:<ISO-8601 duration>";
    }

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
        String consumers =
                heartbeatProblem(
                        configs, CONSUMER_HEARTBEAT_INTERVAL_MS, CONSUMER_SESSION_TIMEOUT_MS);
        return consumers == null
                ? heartbeatProblem(configs, SHARE_HEARTBEAT_INTERVAL_MS, SHARE_SESSION_TIMEOUT_MS)
                : consumers;
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
