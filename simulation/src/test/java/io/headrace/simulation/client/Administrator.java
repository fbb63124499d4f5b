package io.headrace.simulation.client;

import io.headrace.simulation.network.Host;
import io.headrace.simulation.network.Wire;

import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.message.CreateTopicsRequestData;
import org.apache.kafka.common.message.CreateTopicsRequestData.CreatableTopic;
import org.apache.kafka.common.message.CreateTopicsRequestData.CreatableTopicCollection;
import org.apache.kafka.common.message.CreateTopicsRequestData.CreatableTopicConfig;
import org.apache.kafka.common.message.CreateTopicsRequestData.CreatableTopicConfigCollection;
import org.apache.kafka.common.message.CreateTopicsResponseData;
import org.apache.kafka.common.message.IncrementalAlterConfigsRequestData;
import org.apache.kafka.common.message.IncrementalAlterConfigsRequestData.AlterConfigsResource;
import org.apache.kafka.common.message.IncrementalAlterConfigsRequestData.AlterableConfig;
import org.apache.kafka.common.message.IncrementalAlterConfigsResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Makes topics and changes their configs. */
public final class Administrator {
    private final ClusterClient client;
    private int toMake;

    public Administrator(Host host, Wire wire, List<String> nodes) {
        this.client = new ClusterClient(host, wire, nodes);
    }

    /** Whether every topic is there. */
    public boolean isDone() {
        return toMake == 0;
    }

    /** Makes a topic with three replicas, however long that takes. */
    public void create(String topic, int partitions, Map<String, String> configs) {
        toMake++;
        client.loop().execute(() -> tryCreate(topic, partitions, configs));
    }

    private void tryCreate(String topic, int partitions, Map<String, String> configs) {
        CreatableTopicConfigCollection wanted = new CreatableTopicConfigCollection();
        new TreeMap<>(configs)
                .forEach(
                        (name, value) ->
                                wanted.add(
                                        new CreatableTopicConfig().setName(name).setValue(value)));
        CreatableTopicCollection topics = new CreatableTopicCollection();
        topics.add(
                new CreatableTopic()
                        .setName(topic)
                        .setNumPartitions(partitions)
                        .setReplicationFactor((short) 3)
                        .setConfigs(wanted));
        client.ask(
                        client.anyNode(),
                        ApiKeys.CREATE_TOPICS,
                        7,
                        new CreateTopicsRequestData().setTopics(topics).setTimeoutMs(2_000),
                        CreateTopicsResponseData.class)
                .whenComplete(
                        (answer, failure) -> {
                            Errors error =
                                    failure != null
                                            ? Errors.NETWORK_EXCEPTION
                                            : Errors.forCode(
                                                    answer.topics().iterator().next().errorCode());
                            if (error == Errors.NONE || error == Errors.TOPIC_ALREADY_EXISTS) {
                                toMake--;
                            } else {
                                client.retry(() -> tryCreate(topic, partitions, configs));
                            }
                        });
    }

    /** Sets configs of a share group, however long that takes. */
    public void configureGroup(String group, Map<String, String> configs) {
        toMake++;
        client.loop().execute(() -> tryConfigure(group, configs));
    }

    private void tryConfigure(String group, Map<String, String> configs) {
        client.ask(
                        client.anyNode(),
                        ApiKeys.INCREMENTAL_ALTER_CONFIGS,
                        1,
                        alteration(ConfigResource.Type.GROUP, group, configs),
                        IncrementalAlterConfigsResponseData.class)
                .whenComplete(
                        (answer, failure) -> {
                            boolean good =
                                    failure == null
                                            && answer.responses().getFirst().errorCode()
                                                    == Errors.NONE.code();
                            if (good) {
                                toMake--;
                            } else {
                                client.retry(() -> tryConfigure(group, configs));
                            }
                        });
    }

    /** Asks once for another value of a topic's config. */
    public void alter(String topic, String name, String value) {
        IncrementalAlterConfigsRequestData request =
                alteration(ConfigResource.Type.TOPIC, topic, Map.of(name, value));
        client.loop()
                .execute(
                        () ->
                                client.ask(
                                        client.anyNode(),
                                        ApiKeys.INCREMENTAL_ALTER_CONFIGS,
                                        1,
                                        request,
                                        IncrementalAlterConfigsResponseData.class));
    }

    private static IncrementalAlterConfigsRequestData alteration(
            ConfigResource.Type type, String resourceName, Map<String, String> configs) {
        AlterConfigsResource resource =
                new AlterConfigsResource().setResourceType(type.id()).setResourceName(resourceName);
        new TreeMap<>(configs)
                .forEach(
                        (name, value) ->
                                resource.configs()
                                        .add(
                                                new AlterableConfig()
                                                        .setName(name)
                                                        .setConfigOperation((byte) 0)
                                                        .setValue(value)));
        IncrementalAlterConfigsRequestData request = new IncrementalAlterConfigsRequestData();
        request.resources().add(resource);
        return request;
    }
}
