package io.headrace.coordinator.cluster.topic;

import io.headrace.coordinator.cluster.Command;
import io.headrace.coordinator.cluster.ControllerState;
import io.headrace.coordinator.cluster.Decision;
import io.headrace.coordinator.cluster.NewPartitions;
import io.headrace.coordinator.cluster.PartitionChange;
import io.headrace.protocol.config.BrokerConfigNames;
import io.headrace.protocol.config.ConfigDefinition;
import io.headrace.protocol.config.ConfigType;
import io.headrace.protocol.config.TopicConfigs;
import io.headrace.protocol.metadata.ConfigResourceKey;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.protocol.metadata.TopicImage;
import io.headrace.protocol.metadata.record.ConfigRecord;

import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.InvalidConfigurationException;
import org.apache.kafka.common.errors.InvalidRequestException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.internals.Topic;
import org.apache.kafka.common.protocol.ApiMessage;
import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * Changes configs of resources, each resource wholly or not at all. The answer has one verdict per
 * change asked for, in order: null where it was accepted.
 *
 * @param changes what is asked for
 * @param validateOnly whether nothing is changed
 */
public record AlterConfigs(List<Change> changes, boolean validateOnly)
        implements Command<List<AlterConfigs.Verdict>> {

    /** What to do with one config (KIP-339). */
    public enum Operation {
        SET,
        DELETE,
        APPEND,
        SUBTRACT;

        /** The operation of that number. */
        public static Operation of(byte id) {
            if (id < 0 || id >= values().length) {
                throw new InvalidRequestException("Unknown config operation " + id);
            }
            return values()[id];
        }
    }

    /** One operation on one config, the number of its operation not checked yet. */
    public record Entry(String name, byte operation, @Nullable String value) {}

    /**
     * The changes of one resource.
     *
     * @param replaceAll whether configs that are not named go back to their defaults
     */
    public record Change(
            byte resourceType, String resourceName, List<Entry> entries, boolean replaceAll) {}

    /** Whether a change was accepted: the refusal is null then. */
    public record Verdict(Change change, @Nullable ApiException refusal) {}

    @Override
    public boolean awaitsNodes() {
        return !validateOnly;
    }

    @Override
    public Decision<List<Verdict>> decide(ControllerState state, long nowMs) {
        Set<ConfigResourceKey> seen = new HashSet<>();
        Set<ConfigResourceKey> repeated = new HashSet<>();
        for (Change change : changes) {
            ConfigResourceKey key = key(change);
            if (!seen.add(key)) {
                repeated.add(key);
            }
        }
        List<ApiMessage> records = new ArrayList<>();
        List<Verdict> verdicts = new ArrayList<>();
        for (Change change : changes) {
            try {
                if (repeated.contains(key(change))) {
                    throw new InvalidRequestException("Each resource must appear at most once.");
                }
                records.addAll(decide(state.image(), change));
                verdicts.add(new Verdict(change, null));
            } catch (ApiException e) {
                verdicts.add(new Verdict(change, e));
            }
        }
        return new Decision<>(validateOnly ? List.of() : records, verdicts);
    }

    private static ConfigResourceKey key(Change change) {
        return new ConfigResourceKey(change.resourceType(), change.resourceName());
    }

    private static List<ApiMessage> decide(MetadataImage image, Change change) {
        ConfigResourceKey key = key(change);
        requireResource(image, key);
        Map<String, String> before = image.configsOf(key);
        Map<String, String> after = new LinkedHashMap<>(change.replaceAll() ? Map.of() : before);
        Set<String> names = new HashSet<>();
        for (Entry entry : change.entries()) {
            if (!names.add(entry.name())) {
                throw new InvalidRequestException("Error due to duplicate config keys");
            }
            apply(key, entry, after);
        }
        if (key.type() == ConfigResourceKey.GROUP) {
            ConfigRules.requireValidGroupConfigs(after);
        } else if (key.type() == ConfigResourceKey.TOPIC) {
            ConfigRules.requireValidTopicConfigs(after);
        } else if (!key.name().isEmpty()) {
            ConfigRules.requireValidNodeConfigs(after);
        } else {
            ConfigRules.requireValidBrokerConfigs(after);
        }
        return records(image, key, before, after);
    }

    private static void requireResource(MetadataImage image, ConfigResourceKey key) {
        switch (key.type()) {
            case ConfigResourceKey.TOPIC -> {
                Topic.validate(key.name());
                if (image.topic(key.name()) == null) {
                    throw new UnknownTopicOrPartitionException(
                            "The topic '" + key.name() + "' does not exist.");
                }
            }
            case ConfigResourceKey.BROKER -> {
                if (!key.name().isEmpty() && !isRegisteredNode(image, key.name())) {
                    throw new InvalidRequestException("No broker " + key.name() + " is registered");
                }
            }
            case ConfigResourceKey.GROUP -> {
                // The group need not exist yet.
                if (key.name().isEmpty()) {
                    throw new InvalidRequestException("Default group resources are not allowed.");
                }
            }
            default ->
                    throw new InvalidRequestException(
                            "Configs of resource type " + key.type() + " cannot be changed here");
        }
    }

    private static boolean isRegisteredNode(MetadataImage image, String name) {
        for (int nodeId : image.nodes().keySet()) {
            if (name.equals(String.valueOf(nodeId))) {
                return true;
            }
        }
        return false;
    }

    private static void apply(ConfigResourceKey key, Entry entry, Map<String, String> configs) {
        Operation operation = Operation.of(entry.operation());
        if (operation == Operation.DELETE) {
            configs.remove(entry.name());
            return;
        }
        String value = entry.value();
        if (value == null) {
            throw new InvalidRequestException(
                    "Null value not supported for " + operation + " of config " + entry.name());
        }
        if (operation == Operation.SET) {
            configs.put(entry.name(), value);
            return;
        }
        ConfigDefinition definition = definitionOf(key, entry.name());
        if (definition == null || definition.type() != ConfigType.LIST) {
            throw new InvalidConfigurationException(
                    "Can't "
                            + operation
                            + " to key "
                            + entry.name()
                            + " because its type is not LIST.");
        }
        String current = configs.getOrDefault(entry.name(), definition.defaultValue());
        List<String> items = new ArrayList<>(TopicConfigs.listItems(current));
        for (String item : TopicConfigs.listItems(value)) {
            if (operation == Operation.SUBTRACT) {
                items.remove(item);
            } else if (!items.contains(item)) {
                items.add(item);
            }
        }
        configs.put(entry.name(), String.join(",", items));
    }

    private static @Nullable ConfigDefinition definitionOf(ConfigResourceKey key, String name) {
        String topicConfig =
                key.type() == ConfigResourceKey.BROKER
                        ? BrokerConfigNames.dynamicTopicConfig(name)
                        : name;
        boolean hasDefinition =
                key.type() == ConfigResourceKey.TOPIC || key.type() == ConfigResourceKey.BROKER;
        if (topicConfig == null || !hasDefinition) {
            return null;
        }
        return TopicConfigs.find(topicConfig);
    }

    private static List<ApiMessage> records(
            MetadataImage image,
            ConfigResourceKey key,
            Map<String, String> before,
            Map<String, String> after) {
        List<ApiMessage> records = new ArrayList<>();
        for (String name : before.keySet()) {
            if (!after.containsKey(name)) {
                records.add(record(key, name, null));
            }
        }
        for (Map.Entry<String, String> config : after.entrySet()) {
            if (!config.getValue().equals(before.get(config.getKey()))) {
                records.add(record(key, config.getKey(), config.getValue()));
            }
        }
        if (key.type() == ConfigResourceKey.TOPIC) {
            TopicImage topic = Objects.requireNonNull(image.topic(key.name()));
            addMinIsr(records, topic, after);
        }
        return records;
    }

    /** The effective minimum lives in the partition records, versioned by their epoch. */
    private static void addMinIsr(
            List<ApiMessage> records, TopicImage topic, Map<String, String> configs) {
        for (PartitionImage partition : topic.partitions().values()) {
            int replicas = partition.assignedReplicas().size() - partition.addingReplicas().size();
            int wanted = NewPartitions.minInSyncReplicas(configs, replicas);
            if (wanted != partition.minInSyncReplicas()) {
                records.add(
                        PartitionChange.of(topic.topicId(), partition)
                                .minInSyncReplicas(wanted)
                                .toRecord());
            }
        }
    }

    private static ConfigRecord record(ConfigResourceKey key, String name, @Nullable String value) {
        return new ConfigRecord()
                .setResourceType(key.type())
                .setResourceName(key.name())
                .setName(name)
                .setValue(value);
    }
}
