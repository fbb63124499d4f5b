package io.headrace.coordinator.cluster.topic;

import io.headrace.coordinator.cluster.BrokerDefaults;
import io.headrace.protocol.config.BrokerConfigNames;
import io.headrace.protocol.config.GroupConfigs;
import io.headrace.protocol.config.TopicConfigs;

import org.apache.kafka.common.errors.InvalidConfigurationException;
import org.jspecify.annotations.Nullable;

import java.util.Map;
import java.util.Set;

/** What configs may be set, by the type of their resource. */
final class ConfigRules {
    private static final int MAX_VALUE_LENGTH = 32_767;

    /** Kept and described as Kafka does without Kerberos, and without effect: there is none. */
    private static final Set<String> KERBEROS =
            Set.of(
                    "sasl.kerberos.service.name",
                    "sasl.kerberos.kinit.cmd",
                    "sasl.kerberos.ticket.renew.window.factor",
                    "sasl.kerberos.ticket.renew.jitter",
                    "sasl.kerberos.min.time.before.relogin",
                    "sasl.kerberos.principal.to.local.rules");

    private ConfigRules() {}

    /**
     * @throws InvalidConfigurationException when a name is unknown, or a value or their combination
     *     is invalid
     */
    static void requireValidTopicConfigs(Map<String, String> configs) {
        requireShort(configs);
        refuse(TopicConfigs.problem(configs));
    }

    /** As for topics, for the cluster-wide defaults of storage nodes. */
    static void requireValidBrokerConfigs(Map<String, String> configs) {
        requireShort(configs);
        for (var config : configs.entrySet()) {
            refuse(BrokerDefaults.problem(config.getKey(), config.getValue()));
        }
    }

    /** As for topics, for one storage node. */
    static void requireValidNodeConfigs(Map<String, String> configs) {
        requireShort(configs);
        for (var config : configs.entrySet()) {
            refuse(nodeProblem(config.getKey(), config.getValue()));
        }
    }

    private static @Nullable String nodeProblem(String name, String value) {
        if (KERBEROS.contains(name)) {
            return null;
        }
        String topicConfig = BrokerConfigNames.dynamicTopicConfig(name);
        return topicConfig == null
                ? BrokerDefaults.nodeProblem(name, value)
                : TopicConfigs.problem(Map.of(topicConfig, value));
    }

    /** As for topics, for one group. */
    static void requireValidGroupConfigs(Map<String, String> configs) {
        requireShort(configs);
        refuse(GroupConfigs.problem(configs));
    }

    private static void requireShort(Map<String, String> configs) {
        for (var config : configs.entrySet()) {
            if (config.getValue().length() > MAX_VALUE_LENGTH) {
                throw new InvalidConfigurationException(
                        "The value of " + config.getKey() + " is longer than " + MAX_VALUE_LENGTH);
            }
        }
    }

    private static void refuse(@Nullable String problem) {
        if (problem != null) {
            throw new InvalidConfigurationException(problem);
        }
    }
}
