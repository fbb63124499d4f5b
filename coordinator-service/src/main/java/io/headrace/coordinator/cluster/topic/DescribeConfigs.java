package io.headrace.coordinator.cluster.topic;

import io.headrace.coordinator.cluster.BrokerDefaults;
import io.headrace.coordinator.cluster.Command;
import io.headrace.coordinator.cluster.ControllerState;
import io.headrace.coordinator.cluster.Decision;
import io.headrace.protocol.config.BrokerConfigNames;
import io.headrace.protocol.config.ConfigDefinition;
import io.headrace.protocol.config.GroupConfigs;
import io.headrace.protocol.config.TopicConfigs;
import io.headrace.protocol.metadata.ConfigResourceKey;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.protocol.metadata.TopicImage;

import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.InvalidRequestException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.internals.Topic;
import org.apache.kafka.common.message.DescribeConfigsRequestData;
import org.apache.kafka.common.message.DescribeConfigsRequestData.DescribeConfigsResource;
import org.apache.kafka.common.message.DescribeConfigsResponseData;
import org.apache.kafka.common.message.DescribeConfigsResponseData.DescribeConfigsResourceResult;
import org.apache.kafka.common.message.DescribeConfigsResponseData.DescribeConfigsResult;
import org.apache.kafka.common.message.DescribeConfigsResponseData.DescribeConfigsSynonym;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Describes configs of topics and the cluster-wide defaults of brokers. Changes nothing. */
public record DescribeConfigs(DescribeConfigsRequestData request)
        implements Command<DescribeConfigsResponseData> {

    @Override
    public Decision<DescribeConfigsResponseData> decide(ControllerState state, long nowMs) {
        DescribeConfigsResponseData response = new DescribeConfigsResponseData();
        for (DescribeConfigsResource resource : request.resources()) {
            DescribeConfigsResult result =
                    new DescribeConfigsResult()
                            .setResourceType(resource.resourceType())
                            .setResourceName(resource.resourceName())
                            .setErrorMessage(null);
            try {
                result.setConfigs(describe(state.image(), resource));
            } catch (ApiException e) {
                result.setErrorCode(Errors.forException(e).code()).setErrorMessage(e.getMessage());
            }
            response.results().add(result);
        }
        return Decision.answer(response);
    }

    private List<DescribeConfigsResourceResult> describe(
            MetadataImage image, DescribeConfigsResource resource) {
        return switch (resource.resourceType()) {
            case ConfigResourceKey.TOPIC -> topic(image, resource);
            case ConfigResourceKey.BROKER -> brokerDefaults(image, resource);
            case ConfigResourceKey.GROUP -> group(image, resource);
            // No config of these exists yet; asking for them is no error in Kafka either.
            case ConfigResourceKey.CLIENT_METRICS -> List.of();
            default ->
                    throw new InvalidRequestException(
                            "Resource type "
                                    + resource.resourceType()
                                    + " is not described by the controller");
        };
    }

    private List<DescribeConfigsResourceResult> group(
            MetadataImage image, DescribeConfigsResource resource) {
        if (resource.resourceName().isEmpty()) {
            throw new InvalidRequestException("Group name must not be empty");
        }
        Map<String, String> own =
                image.configsOf(
                        new ConfigResourceKey(ConfigResourceKey.GROUP, resource.resourceName()));
        List<DescribeConfigsResourceResult> results = new ArrayList<>();
        for (ConfigDefinition definition : GroupConfigs.all()) {
            if (isWanted(resource, definition.name())) {
                results.add(group(definition, own.get(definition.name())));
            }
        }
        return results;
    }

    private DescribeConfigsResourceResult group(ConfigDefinition definition, @Nullable String own) {
        ConfigValue inForce =
                own == null
                        ? new ConfigValue(definition.defaultValue(), ConfigValue.DEFAULT_CONFIG)
                        : new ConfigValue(own, ConfigValue.DYNAMIC_GROUP_CONFIG);
        return new DescribeConfigsResourceResult()
                .setName(definition.name())
                .setValue(inForce.value())
                .setReadOnly(false)
                .setConfigSource(inForce.source())
                .setIsSensitive(false)
                .setSynonyms(
                        request.includeSynonyms()
                                ? List.of(synonym(definition.name(), inForce))
                                : List.of())
                .setConfigType(definition.type().wireId())
                .setDocumentation(
                        request.includeDocumentation() ? definition.documentation() : null);
    }

    private List<DescribeConfigsResourceResult> topic(
            MetadataImage image, DescribeConfigsResource resource) {
        Topic.validate(resource.resourceName());
        TopicImage topic = image.topic(resource.resourceName());
        if (topic == null) {
            throw new UnknownTopicOrPartitionException(
                    "The topic '" + resource.resourceName() + "' does not exist.");
        }
        PartitionImage first = topic.partition(0);
        int replicationFactor = first == null ? 1 : first.assignedReplicas().size();
        Map<String, String> own = image.configsOf(ConfigResourceKey.topic(topic.name()));
        Map<String, String> defaults = image.configsOf(BrokerDefaults.RESOURCE);
        List<DescribeConfigsResourceResult> results = new ArrayList<>();
        for (ConfigDefinition definition : TopicConfigs.all()) {
            if (isWanted(resource, definition.name())) {
                results.add(describe(definition, own, defaults, replicationFactor));
            }
        }
        return results;
    }

    private DescribeConfigsResourceResult describe(
            ConfigDefinition definition,
            Map<String, String> own,
            Map<String, String> defaults,
            int replicationFactor) {
        ConfigValue fallback = ConfigValue.ofDefault(definition, defaults, replicationFactor);
        ConfigValue value = ConfigValue.ofTopic(definition, own, defaults, replicationFactor);
        List<DescribeConfigsSynonym> synonyms = new ArrayList<>();
        if (request.includeSynonyms()) {
            if (value.source() == ConfigValue.DYNAMIC_TOPIC_CONFIG) {
                synonyms.add(synonym(definition.name(), value));
            }
            synonyms.add(
                    synonym(
                            fallback.source() == ConfigValue.DYNAMIC_DEFAULT_BROKER_CONFIG
                                    ? BrokerConfigNames.of(definition.name())
                                    : definition.name(),
                            fallback));
        }
        return new DescribeConfigsResourceResult()
                .setName(definition.name())
                .setValue(definition.sensitive() ? null : value.value())
                .setReadOnly(false)
                .setConfigSource(value.source())
                .setIsSensitive(definition.sensitive())
                .setSynonyms(synonyms)
                .setConfigType(definition.type().wireId())
                .setDocumentation(
                        request.includeDocumentation() ? definition.documentation() : null);
    }

    private static DescribeConfigsSynonym synonym(String name, ConfigValue value) {
        return new DescribeConfigsSynonym()
                .setName(name)
                .setValue(value.value())
                .setSource(value.source());
    }

    private List<DescribeConfigsResourceResult> brokerDefaults(
            MetadataImage image, DescribeConfigsResource resource) {
        if (!resource.resourceName().isEmpty()) {
            throw new InvalidRequestException(
                    "Configs of broker " + resource.resourceName() + " are described by itself");
        }
        List<DescribeConfigsResourceResult> results = new ArrayList<>();
        image.configsOf(BrokerDefaults.RESOURCE)
                .forEach(
                        (name, value) -> {
                            if (isWanted(resource, name)) {
                                results.add(brokerDefault(name, value));
                            }
                        });
        return results;
    }

    private DescribeConfigsResourceResult brokerDefault(String name, @Nullable String value) {
        return new DescribeConfigsResourceResult()
                .setName(name)
                .setValue(value)
                .setConfigSource(ConfigValue.DYNAMIC_DEFAULT_BROKER_CONFIG)
                .setSynonyms(
                        request.includeSynonyms()
                                ? List.of(
                                        new DescribeConfigsSynonym()
                                                .setName(name)
                                                .setValue(value)
                                                .setSource(
                                                        ConfigValue.DYNAMIC_DEFAULT_BROKER_CONFIG))
                                : List.of())
                .setDocumentation(null);
    }

    private static boolean isWanted(DescribeConfigsResource resource, String name) {
        return resource.configurationKeys() == null || resource.configurationKeys().contains(name);
    }
}
