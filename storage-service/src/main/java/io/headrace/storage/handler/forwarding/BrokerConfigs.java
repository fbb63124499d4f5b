package io.headrace.storage.handler.forwarding;

import io.headrace.protocol.config.BrokerConfigNames;
import io.headrace.protocol.config.ConfigDefinition;
import io.headrace.protocol.config.TopicConfigs;
import io.headrace.protocol.metadata.ConfigResourceKey;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.storage.config.StorageProperties;
import io.headrace.storage.handler.request.Services;

import org.apache.kafka.common.message.DescribeConfigsResponseData.DescribeConfigsResourceResult;
import org.apache.kafka.common.message.DescribeConfigsResponseData.DescribeConfigsSynonym;
import org.jspecify.annotations.Nullable;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** This node's configs under Kafka's names: what is set, and what was changed while it runs. */
final class BrokerConfigs {
    private static final byte DYNAMIC_BROKER = 2;
    private static final byte DYNAMIC_DEFAULT_BROKER = 3;
    private static final byte STATIC_BROKER = 4;
    private static final byte DEFAULT = 5;
    private static final byte STRING = 2;

    private final Services services;

    BrokerConfigs(Services services) {
        this.services = services;
    }

    private record Value(@Nullable String value, byte source, boolean readOnly) {}

    /**
     * Describes them.
     *
     * @param clusterDefault whether only what is set for all nodes is asked for
     * @param names the names asked for, or null for all
     */
    List<DescribeConfigsResourceResult> describe(
            boolean clusterDefault,
            @Nullable List<String> names,
            boolean synonyms,
            boolean documentation) {
        Map<String, Value> values = new TreeMap<>();
        MetadataImage image = services.image();
        if (!clusterDefault) {
            addStatic(values);
        }
        image.configsOf(new ConfigResourceKey(ConfigResourceKey.BROKER, ""))
                .forEach(
                        (name, value) ->
                                values.put(name, new Value(value, DYNAMIC_DEFAULT_BROKER, false)));
        if (!clusterDefault) {
            String nodeId = Integer.toString(services.nodeId());
            image.configsOf(new ConfigResourceKey(ConfigResourceKey.BROKER, nodeId))
                    .forEach(
                            (name, value) ->
                                    values.put(name, new Value(value, DYNAMIC_BROKER, false)));
        }
        List<DescribeConfigsResourceResult> results = new ArrayList<>();
        values.forEach(
                (name, value) -> {
                    if (names == null || names.contains(name)) {
                        results.add(result(name, value, synonyms, documentation));
                    }
                });
        return results;
    }

    private static DescribeConfigsResourceResult result(
            String name, Value value, boolean synonyms, boolean documentation) {
        DescribeConfigsResourceResult result =
                new DescribeConfigsResourceResult()
                        .setName(name)
                        .setValue(value.value())
                        .setReadOnly(value.readOnly())
                        .setConfigSource(value.source())
                        .setIsSensitive(false)
                        .setConfigType(STRING)
                        .setDocumentation(documentation ? "" : null);
        if (synonyms) {
            result.setSynonyms(
                    List.of(
                            new DescribeConfigsSynonym()
                                    .setName(name)
                                    .setValue(value.value())
                                    .setSource(value.source())));
        }
        return result;
    }

    private void addStatic(Map<String, Value> values) {
        StorageProperties properties = services.properties();
        StorageProperties.Limits limits = properties.limits();
        put(values, "node.id", properties.nodeId());
        put(values, "broker.id", properties.nodeId());
        put(
                values,
                "log.dirs",
                properties.dataDirs().stream()
                        .map(Path::toAbsolutePath)
                        .map(Path::toString)
                        .collect(Collectors.joining(",")));
        put(
                values,
                "listeners",
                "PLAINTEXT://" + properties.listener().host() + ":" + properties.listener().port());
        StorageProperties.Advertised advertised = properties.advertised();
        if (advertised != null) {
            put(
                    values,
                    "advertised.listeners",
                    "PLAINTEXT://" + advertised.host() + ":" + advertised.port());
        }
        if (properties.rack() != null) {
            put(values, "broker.rack", properties.rack());
        }
        put(values, "auto.create.topics.enable", properties.autoCreateTopics());
        put(values, "num.network.threads", properties.loopCount());
        put(values, "num.io.threads", properties.ioThreads());
        put(values, "socket.request.max.bytes", limits.maxRequestBytes());
        put(values, "queued.max.request.bytes", limits.maxRequestMemoryBytes());
        put(values, "fetch.max.bytes", limits.maxFetchBytes());
        put(values, "max.connections", limits.maxConnections());
        put(values, "max.connections.per.ip", limits.maxConnectionsPerAddress());
        put(values, "connections.max.idle.ms", limits.idleTimeout().toMillis());
        put(values, "producer.id.expiration.ms", limits.producerIdExpiration().toMillis());
        for (ConfigDefinition definition : TopicConfigs.all()) {
            String own = properties.topicDefaults().get(definition.name());
            values.put(
                    BrokerConfigNames.of(definition.name()),
                    new Value(
                            own == null ? definition.defaultValue() : own,
                            own == null ? DEFAULT : STATIC_BROKER,
                            false));
        }
    }

    private static void put(Map<String, Value> values, String name, Object value) {
        values.put(name, new Value(value.toString(), STATIC_BROKER, true));
    }
}
