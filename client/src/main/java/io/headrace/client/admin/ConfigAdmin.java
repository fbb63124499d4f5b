package io.headrace.client.admin;

import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.message.DescribeConfigsRequestData;
import org.apache.kafka.common.message.DescribeConfigsResponseData;
import org.apache.kafka.common.message.IncrementalAlterConfigsRequestData;
import org.apache.kafka.common.message.IncrementalAlterConfigsRequestData.AlterConfigsResource;
import org.apache.kafka.common.message.IncrementalAlterConfigsRequestData.AlterableConfig;
import org.apache.kafka.common.message.IncrementalAlterConfigsResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;

import reactor.core.publisher.Mono;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/** Administration of configurations; a node's own are asked of that node. */
final class ConfigAdmin {
    private static final int ANY_NODE = -1;

    private final AdminCalls calls;

    ConfigAdmin(AdminCalls calls) {
        this.calls = calls;
    }

    Mono<Map<ConfigResource, Outcome<List<ConfigEntry>>>> describe(
            Collection<ConfigResource> resources, boolean withDocumentation) {
        return ask(
                "Describing configurations",
                resources,
                mine -> {
                    DescribeConfigsRequestData request =
                            new DescribeConfigsRequestData()
                                    .setIncludeDocumentation(withDocumentation);
                    mine.forEach(
                            resource ->
                                    request.resources()
                                            .add(
                                                    new DescribeConfigsRequestData
                                                                    .DescribeConfigsResource()
                                                            .setResourceType(resource.type().id())
                                                            .setResourceName(resource.name())
                                                            .setConfigurationKeys(null)));
                    return request;
                },
                ApiKeys.DESCRIBE_CONFIGS,
                DescribeConfigsResponseData.class,
                ConfigAdmin::described);
    }

    private static Map<ConfigResource, Outcome<List<ConfigEntry>>> described(
            DescribeConfigsResponseData answer) {
        Map<ConfigResource, Outcome<List<ConfigEntry>>> outcomes = new HashMap<>();
        answer.results()
                .forEach(
                        result -> {
                            ConfigResource resource =
                                    resource(result.resourceType(), result.resourceName());
                            outcomes.put(
                                    resource,
                                    AdminCalls.outcome(
                                            result.errorCode(),
                                            "Describing the configuration of " + resource.name(),
                                            result.errorMessage(),
                                            () ->
                                                    result.configs().stream()
                                                            .map(ConfigAdmin::entry)
                                                            .toList()));
                        });
        return outcomes;
    }

    private static ConfigEntry entry(
            DescribeConfigsResponseData.DescribeConfigsResourceResult config) {
        return new ConfigEntry(
                config.name(),
                config.value(),
                ConfigEntry.Source.forCode(config.configSource()),
                config.readOnly(),
                config.isSensitive(),
                config.documentation() == null ? "" : config.documentation());
    }

    Mono<Map<ConfigResource, Outcome<Completed>>> alter(
            Map<ConfigResource, List<ConfigChange>> changes, boolean validateOnly) {
        return ask(
                "Changing configurations",
                changes.keySet(),
                mine -> {
                    IncrementalAlterConfigsRequestData request =
                            new IncrementalAlterConfigsRequestData().setValidateOnly(validateOnly);
                    for (ConfigResource resource : mine) {
                        AlterConfigsResource altered =
                                new AlterConfigsResource()
                                        .setResourceType(resource.type().id())
                                        .setResourceName(resource.name());
                        changes.getOrDefault(resource, List.of())
                                .forEach(change -> altered.configs().add(encode(change)));
                        request.resources().add(altered);
                    }
                    return request;
                },
                ApiKeys.INCREMENTAL_ALTER_CONFIGS,
                IncrementalAlterConfigsResponseData.class,
                ConfigAdmin::altered);
    }

    private static AlterableConfig encode(ConfigChange change) {
        AlterableConfig config = new AlterableConfig().setName(change.name());
        return switch (change) {
            case ConfigChange.Set(String name, String value) ->
                    config.setConfigOperation((byte) 0).setValue(value);
            case ConfigChange.Delete(String name) ->
                    config.setConfigOperation((byte) 1).setValue(null);
            case ConfigChange.Append(String name, String value) ->
                    config.setConfigOperation((byte) 2).setValue(value);
            case ConfigChange.Subtract(String name, String value) ->
                    config.setConfigOperation((byte) 3).setValue(value);
        };
    }

    private static Map<ConfigResource, Outcome<Completed>> altered(
            IncrementalAlterConfigsResponseData answer) {
        Map<ConfigResource, Outcome<Completed>> outcomes = new HashMap<>();
        answer.responses()
                .forEach(
                        result -> {
                            ConfigResource resource =
                                    resource(result.resourceType(), result.resourceName());
                            outcomes.put(
                                    resource,
                                    AdminCalls.outcome(
                                            result.errorCode(),
                                            "Changing the configuration of " + resource.name(),
                                            result.errorMessage(),
                                            () -> Completed.COMPLETED));
                        });
        return outcomes;
    }

    private static ConfigResource resource(byte type, String name) {
        return new ConfigResource(ConfigResource.Type.forId(type), name);
    }

    private <A extends ApiMessage, R> Mono<Map<ConfigResource, Outcome<R>>> ask(
            String what,
            Collection<ConfigResource> resources,
            Function<List<ConfigResource>, ApiMessage> encode,
            ApiKeys api,
            Class<A> type,
            Function<A, Map<ConfigResource, Outcome<R>>> decode) {
        return calls.mono(
                what,
                () -> {
                    Map<Integer, List<ConfigResource>> byNode = new HashMap<>();
                    resources.forEach(
                            resource ->
                                    byNode.computeIfAbsent(nodeOf(resource), n -> new ArrayList<>())
                                            .add(resource));
                    CompletableFuture<Map<ConfigResource, Outcome<R>>> all =
                            CompletableFuture.completedFuture(new HashMap<>());
                    for (Map.Entry<Integer, List<ConfigResource>> entry : byNode.entrySet()) {
                        ApiMessage request = encode.apply(entry.getValue());
                        CompletableFuture<A> answer =
                                entry.getKey() == ANY_NODE
                                        ? calls.any(api, request, type)
                                        : calls.node(entry.getKey())
                                                .thenCompose(
                                                        node ->
                                                                node.call(
                                                                        api,
                                                                        request,
                                                                        type,
                                                                        calls.timeout()));
                        all =
                                all.thenCombine(
                                        answer,
                                        (collected, part) -> {
                                            collected.putAll(decode.apply(part));
                                            return collected;
                                        });
                    }
                    return all;
                });
    }

    private static int nodeOf(ConfigResource resource) {
        boolean ofNode =
                resource.type() == ConfigResource.Type.BROKER
                        || resource.type() == ConfigResource.Type.BROKER_LOGGER;
        return ofNode && !resource.name().isEmpty() ? Integer.parseInt(resource.name()) : ANY_NODE;
    }
}
