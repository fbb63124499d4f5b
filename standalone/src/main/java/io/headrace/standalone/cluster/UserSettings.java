package io.headrace.standalone.cluster;

import io.headrace.protocol.config.ConfigDefinition;
import io.headrace.protocol.config.TopicConfigs;
import io.headrace.standalone.serve.WatchdogSettings;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * What {@code --set} takes: this platform's own properties, which are passed on as they are, and
 * Kafka's names of broker configs, which are translated.
 */
final class UserSettings {
    private static final List<String> OWN_PREFIXES =
            List.of("headrace.", "logging.", "management.", "server.", "spring.");

    private static final Map<String, String> COORDINATOR =
            Map.ofEntries(
                    Map.entry("num.partitions", "headrace.coordinator.topic-defaults.partitions"),
                    Map.entry(
                            "default.replication.factor",
                            "headrace.coordinator.topic-defaults.replication-factor"),
                    Map.entry(
                            "offsets.topic.num.partitions",
                            "headrace.coordinator.topic-defaults.offsets-partitions"),
                    Map.entry(
                            "transaction.state.log.num.partitions",
                            "headrace.coordinator.topic-defaults.transactions-partitions"),
                    Map.entry(
                            "group.initial.rebalance.delay.ms",
                            "headrace.coordinator.group.initial-rebalance-delay"),
                    Map.entry(
                            "group.min.session.timeout.ms",
                            "headrace.coordinator.group.min-session-timeout"),
                    Map.entry(
                            "group.max.session.timeout.ms",
                            "headrace.coordinator.group.max-session-timeout"),
                    Map.entry("group.max.size", "headrace.coordinator.group.max-size"),
                    Map.entry(
                            "group.consumer.session.timeout.ms",
                            "headrace.coordinator.group.consumer.session-timeout"),
                    Map.entry(
                            "transaction.max.timeout.ms",
                            "headrace.coordinator.transaction.max-timeout"),
                    Map.entry(
                            "transactional.id.expiration.ms",
                            "headrace.coordinator.transaction.id-expiration"));

    private static final Map<String, String> STORAGE =
            Map.of(
                    "auto.create.topics.enable", "headrace.storage.auto-create-topics",
                    "num.network.threads", "headrace.storage.loops",
                    "num.io.threads", "headrace.storage.io-threads",
                    "socket.request.max.bytes", "headrace.storage.limits.max-request-bytes",
                    "queued.max.request.bytes", "headrace.storage.limits.max-request-memory-bytes",
                    "fetch.max.bytes", "headrace.storage.limits.max-fetch-bytes",
                    "max.connections", "headrace.storage.limits.max-connections",
                    "max.connections.per.ip",
                            "headrace.storage.limits.max-connections-per-address");

    /** Broker-level names of topic configs that are not {@code log.} and the topic-level name. */
    private static final Map<String, String> TOPIC =
            Map.of(
                    "message.max.bytes", TopicConfigs.MAX_MESSAGE_BYTES,
                    "min.insync.replicas", TopicConfigs.MIN_INSYNC_REPLICAS,
                    "compression.type", TopicConfigs.COMPRESSION_TYPE,
                    "unclean.leader.election.enable", TopicConfigs.UNCLEAN_LEADER_ELECTION_ENABLE,
                    "log.roll.ms", TopicConfigs.SEGMENT_MS);

    private UserSettings() {}

    /** The properties of a node. */
    static Map<String, String> of(Role role, Map<String, String> settings) {
        Map<String, String> properties = new HashMap<>();
        settings.forEach(
                (name, value) -> {
                    String property = propertyOf(role, name);
                    if (!property.isEmpty()) {
                        properties.put(property, value);
                    }
                });
        return properties;
    }

    /**
     * Refuses names that nobody understands, and what would only be refused by each node.
     *
     * @throws ClusterFailureException for the first such name
     */
    static void check(Map<String, String> settings) {
        for (String name : settings.keySet()) {
            if (!isOwn(name)
                    && !COORDINATOR.containsKey(name)
                    && !STORAGE.containsKey(name)
                    && topicConfig(name).isEmpty()) {
                throw new ClusterFailureException(
                        "There is no setting "
                                + name
                                + "; there are headrace.*, log.*, "
                                + String.join(", ", known()));
            }
        }
        try {
            watchdogTimeout(settings);
        } catch (IllegalArgumentException e) {
            throw new ClusterFailureException(String.valueOf(e.getMessage()), e);
        }
    }

    /** How long a process may hang; zero for ever. */
    static Duration watchdogTimeout(Map<String, String> settings) {
        String set = settings.get(WatchdogSettings.TIMEOUT);
        return set == null ? WatchdogSettings.DEFAULT_TIMEOUT : WatchdogSettings.parseTimeout(set);
    }

    private static Set<String> known() {
        Set<String> known = new TreeSet<>(COORDINATOR.keySet());
        known.addAll(STORAGE.keySet());
        known.addAll(TOPIC.keySet());
        return known;
    }

    private static boolean isOwn(String name) {
        return OWN_PREFIXES.stream().anyMatch(name::startsWith);
    }

    /** The property that a setting becomes for a role; empty when it does not concern it. */
    private static String propertyOf(Role role, String name) {
        if (isOwn(name)) {
            return name;
        }
        return switch (role) {
            case COORDINATOR -> COORDINATOR.getOrDefault(name, "");
            case STORAGE -> {
                String topicConfig = topicConfig(name);
                yield topicConfig.isEmpty()
                        ? STORAGE.getOrDefault(name, "")
                        : "headrace.storage.topic-defaults[" + topicConfig + "]";
            }
            case GATEWAY, POSTGRES -> "";
        };
    }

    private static String topicConfig(String name) {
        String translated = TOPIC.get(name);
        if (translated != null) {
            return translated;
        }
        String suffix = name.startsWith("log.") ? name.substring("log.".length()) : "";
        return TopicConfigs.all().stream()
                .map(ConfigDefinition::name)
                .filter(suffix::equals)
                .findFirst()
                .orElse("");
    }
}
