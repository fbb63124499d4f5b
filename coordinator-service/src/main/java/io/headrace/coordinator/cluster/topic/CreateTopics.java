package io.headrace.coordinator.cluster.topic;

import io.headrace.coordinator.cluster.BrokerDefaults;
import io.headrace.coordinator.cluster.Command;
import io.headrace.coordinator.cluster.ControllerState;
import io.headrace.coordinator.cluster.Decision;
import io.headrace.coordinator.cluster.NewPartitions;
import io.headrace.protocol.config.TopicConfigs;
import io.headrace.protocol.metadata.ConfigResourceKey;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.MetadataRecords;
import io.headrace.protocol.metadata.record.ConfigRecord;
import io.headrace.protocol.metadata.record.PartitionRecord;
import io.headrace.protocol.metadata.record.TopicRecord;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.InvalidConfigurationException;
import org.apache.kafka.common.errors.InvalidPartitionsException;
import org.apache.kafka.common.errors.InvalidReplicaAssignmentException;
import org.apache.kafka.common.errors.InvalidReplicationFactorException;
import org.apache.kafka.common.errors.InvalidRequestException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.PolicyViolationException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.internals.Topic;
import org.apache.kafka.common.message.CreateTopicsRequestData;
import org.apache.kafka.common.message.CreateTopicsRequestData.CreatableTopic;
import org.apache.kafka.common.message.CreateTopicsResponseData;
import org.apache.kafka.common.message.CreateTopicsResponseData.CreatableTopicConfigs;
import org.apache.kafka.common.message.CreateTopicsResponseData.CreatableTopicResult;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Creates topics, each one wholly or not at all, with Kafka's rules and messages.
 *
 * @param internal whether the platform itself asks, for a topic of its own
 */
public record CreateTopics(CreateTopicsRequestData request, boolean internal)
        implements Command<CreateTopicsResponseData> {

    public CreateTopics(CreateTopicsRequestData request) {
        this(request, false);
    }

    @Override
    public boolean awaitsNodes() {
        return !request.validateOnly();
    }

    @Override
    public Decision<CreateTopicsResponseData> decide(ControllerState state, long nowMs) {
        Pass pass = new Pass(state, request, internal);
        return pass.decide();
    }

    /** One request on its way; sees the topics that it has itself decided to create. */
    private static final class Pass {
        private final ControllerState state;
        private final MetadataImage image;
        private final CreateTopicsRequestData request;
        private final boolean internal;
        private final Map<String, String> newNames = new HashMap<>();
        private final Set<Uuid> newIds = new HashSet<>();
        private final List<ApiMessage> records = new ArrayList<>();
        private long partitionsLeft;
        private int partitionsOfRequest;

        Pass(ControllerState state, CreateTopicsRequestData request, boolean internal) {
            this.state = state;
            this.image = state.image();
            this.request = request;
            this.internal = internal;
            this.partitionsLeft =
                    Math.max(0, state.rules().maxPartitions() - state.partitionCount());
        }

        Decision<CreateTopicsResponseData> decide() {
            Set<String> repeated = repeatedNames();
            CreateTopicsResponseData response = new CreateTopicsResponseData();
            for (String name : repeated) {
                response.topics()
                        .add(refused(name, new InvalidRequestException("Duplicate topic name.")));
            }
            for (CreatableTopic topic : request.topics()) {
                if (!repeated.contains(topic.name())) {
                    response.topics().add(decideTopic(topic));
                }
            }
            return new Decision<>(request.validateOnly() ? List.of() : records, response);
        }

        private Set<String> repeatedNames() {
            Set<String> seen = new HashSet<>();
            Set<String> repeated = new HashSet<>();
            for (CreatableTopic topic : request.topics()) {
                if (!seen.add(topic.name())) {
                    repeated.add(topic.name());
                }
            }
            return repeated;
        }

        private CreatableTopicResult decideTopic(CreatableTopic topic) {
            try {
                requireNewName(topic.name());
                Map<String, String> configs = configsOf(topic);
                List<List<Integer>> assignments = assignmentsOf(topic);
                requireRoom(assignments.size());
                Uuid topicId = RandomIds.nextTopicId(state.random(), state.image());
                while (!newIds.add(topicId)) {
                    topicId = RandomIds.nextTopicId(state.random(), state.image());
                }
                newNames.put(normal(topic.name()), topic.name());
                record(topic.name(), topicId, assignments, configs);
                return accepted(topic.name(), topicId, assignments, configs);
            } catch (ApiException e) {
                return refused(topic.name(), e);
            }
        }

        private void requireNewName(String name) {
            if (name.equals(MetadataRecords.TOPIC)) {
                throw new InvalidRequestException(
                        "Creation of internal topic " + name + " is prohibited.");
            }
            Topic.validate(name);
            if (image.topicIds().containsKey(name)) {
                throw new TopicExistsException("Topic '" + name + "' already exists.");
            }
            if (name.indexOf('.') < 0 && name.indexOf('_') < 0) {
                return;
            }
            String normal = normal(name);
            String colliding = newNames.get(normal);
            for (String other : image.topicIds().keySet()) {
                if (other.length() == name.length() && normal(other).equals(normal)) {
                    colliding = other;
                }
            }
            if (colliding != null) {
                throw new InvalidTopicException(
                        "Topic '" + name + "' collides with existing topic: " + colliding);
            }
        }

        private static String normal(String name) {
            return name.replace('.', '_');
        }

        private static Map<String, String> configsOf(CreatableTopic topic) {
            Map<String, String> configs = new TreeMap<>();
            for (var config : topic.configs()) {
                if (config.value() == null) {
                    throw new InvalidConfigurationException(
                            "Null value not supported for topic configs: " + config.name());
                }
                if (configs.put(config.name(), config.value()) != null) {
                    throw new InvalidConfigurationException(
                            "Config " + config.name() + " is given twice");
                }
            }
            ConfigRules.requireValidTopicConfigs(configs);
            return configs;
        }

        private List<List<Integer>> assignmentsOf(CreatableTopic topic) {
            return topic.assignments().isEmpty() ? placed(topic) : chosen(topic);
        }

        private List<List<Integer>> placed(CreatableTopic topic) {
            if (topic.replicationFactor() < -1 || topic.replicationFactor() == 0) {
                throw new InvalidReplicationFactorException(
                        "Replication factor must be larger than 0, or -1 to use the default"
                                + " value.");
            }
            if (topic.numPartitions() < -1 || topic.numPartitions() == 0) {
                throw new InvalidPartitionsException(
                        "Number of partitions must be larger than 0, or -1 to use the default"
                                + " value.");
            }
            int count =
                    topic.numPartitions() == -1
                            ? BrokerDefaults.partitions(state)
                            : topic.numPartitions();
            requireRoom(count);
            var nodes = state.activeNodes();
            int replicationFactor =
                    topic.replicationFactor() == -1
                            ? BrokerDefaults.replicationFactor(state, nodes.size())
                            : topic.replicationFactor();
            Placement placement = new Placement(nodes, state.random());
            List<List<Integer>> assignments = new ArrayList<>(count);
            for (int i = 0; i < count; i++) {
                assignments.add(placement.place(replicationFactor));
            }
            return assignments;
        }

        private List<List<Integer>> chosen(CreatableTopic topic) {
            if (topic.replicationFactor() != -1) {
                throw new InvalidRequestException(
                        "A manual partition assignment was specified, but replication factor was"
                                + " not set to -1.");
            }
            if (topic.numPartitions() != -1) {
                throw new InvalidRequestException(
                        "A manual partition assignment was specified, but numPartitions was not"
                                + " set to -1.");
            }
            TreeMap<Integer, List<Integer>> byPartition = new TreeMap<>();
            for (var assignment : topic.assignments()) {
                if (byPartition.put(
                                assignment.partitionIndex(), List.copyOf(assignment.brokerIds()))
                        != null) {
                    throw new InvalidReplicaAssignmentException(
                            "Found multiple manual partition assignments for partition "
                                    + assignment.partitionIndex());
                }
            }
            int replicationFactor = -1;
            int expected = 0;
            for (var entry : byPartition.entrySet()) {
                if (entry.getKey() != expected++) {
                    throw new InvalidReplicaAssignmentException(
                            "partitions should be a consecutive 0-based integer sequence");
                }
                NewPartitions.requireAssignable(image, entry.getValue(), replicationFactor);
                replicationFactor = entry.getValue().size();
            }
            return List.copyOf(byPartition.values());
        }

        private void requireRoom(int partitions) {
            if (partitionsOfRequest + (long) partitions > state.rules().maxPartitionsPerRequest()) {
                throw new PolicyViolationException(
                        "Excessively large number of partitions per request: at most "
                                + state.rules().maxPartitionsPerRequest()
                                + " can be created by one");
            }
            if (partitions > partitionsLeft) {
                throw new PolicyViolationException(
                        "The cluster may have "
                                + state.rules().maxPartitions()
                                + " partitions and has room for "
                                + partitionsLeft
                                + " more");
            }
        }

        private void record(
                String name,
                Uuid topicId,
                List<List<Integer>> assignments,
                Map<String, String> configs) {
            partitionsOfRequest += assignments.size();
            partitionsLeft -= assignments.size();
            boolean platformTopic = internal || Topic.isInternal(name);
            records.add(
                    new TopicRecord().setName(name).setTopicId(topicId).setInternal(platformTopic));
            for (var config : configs.entrySet()) {
                records.add(
                        new ConfigRecord()
                                .setResourceType(ConfigResourceKey.TOPIC)
                                .setResourceName(name)
                                .setName(config.getKey())
                                .setValue(config.getValue()));
            }
            for (int partition = 0; partition < assignments.size(); partition++) {
                List<Integer> replicas = assignments.get(partition);
                int minIsr = NewPartitions.minInSyncReplicas(configs, replicas.size());
                PartitionRecord record =
                        NewPartitions.record(state, topicId, partition, replicas, minIsr);
                records.add(record);
            }
        }

        private CreatableTopicResult accepted(
                String name,
                Uuid topicId,
                List<List<Integer>> assignments,
                Map<String, String> configs) {
            int replicationFactor = assignments.getFirst().size();
            List<CreatableTopicConfigs> described = new ArrayList<>();
            Map<String, String> defaults = image.configsOf(BrokerDefaults.RESOURCE);
            for (var definition : TopicConfigs.all()) {
                ConfigValue value =
                        ConfigValue.ofTopic(definition, configs, defaults, replicationFactor);
                described.add(
                        new CreatableTopicConfigs()
                                .setName(definition.name())
                                .setValue(definition.sensitive() ? null : value.value())
                                .setReadOnly(false)
                                .setConfigSource(value.source())
                                .setIsSensitive(definition.sensitive()));
            }
            return new CreatableTopicResult()
                    .setName(name)
                    .setTopicId(request.validateOnly() ? Uuid.ZERO_UUID : topicId)
                    .setErrorCode(Errors.NONE.code())
                    .setErrorMessage(null)
                    .setNumPartitions(assignments.size())
                    .setReplicationFactor((short) replicationFactor)
                    .setConfigs(described);
        }

        private static CreatableTopicResult refused(String name, ApiException e) {
            return new CreatableTopicResult()
                    .setName(name)
                    .setErrorCode(Errors.forException(e).code())
                    .setErrorMessage(e.getMessage());
        }
    }
}
