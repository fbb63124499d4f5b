package io.headrace.coordinator.cluster.topic;

import io.headrace.coordinator.cluster.Command;
import io.headrace.coordinator.cluster.ControllerState;
import io.headrace.coordinator.cluster.Decision;
import io.headrace.protocol.metadata.ConfigResourceKey;
import io.headrace.protocol.metadata.MetadataImage;

import org.apache.kafka.common.errors.UnsupportedVersionException;
import org.apache.kafka.common.message.ListConfigResourcesRequestData;
import org.apache.kafka.common.message.ListConfigResourcesResponseData;
import org.apache.kafka.common.message.ListConfigResourcesResponseData.ConfigResource;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Lists what has configs (KIP-1142): topics, brokers, and named resources that were given some. */
public record ListConfigResources(ListConfigResourcesRequestData request, short version)
        implements Command<ListConfigResourcesResponseData> {
    private static final byte BROKER_LOGGER = 8;
    private static final List<Byte> ALL =
            List.of(
                    ConfigResourceKey.TOPIC,
                    ConfigResourceKey.BROKER,
                    BROKER_LOGGER,
                    ConfigResourceKey.CLIENT_METRICS,
                    ConfigResourceKey.GROUP);

    @Override
    public Decision<ListConfigResourcesResponseData> decide(ControllerState state, long nowMs) {
        List<ConfigResource> found = new ArrayList<>();
        for (byte type : wantedTypes()) {
            for (String name : names(state.image(), type)) {
                found.add(new ConfigResource().setResourceType(type).setResourceName(name));
            }
        }
        return Decision.answer(new ListConfigResourcesResponseData().setConfigResources(found));
    }

    private Set<Byte> wantedTypes() {
        if (version == 0) {
            return Set.of(ConfigResourceKey.CLIENT_METRICS); // KIP-714's older form
        }
        if (request.resourceTypes().isEmpty()) {
            return new LinkedHashSet<>(ALL);
        }
        Set<Byte> types = new LinkedHashSet<>(request.resourceTypes());
        if (!ALL.containsAll(types)) {
            throw new UnsupportedVersionException(
                    "Resources of types " + types + " are not all known");
        }
        return types;
    }

    private static Set<String> names(MetadataImage image, byte type) {
        Set<String> names = new LinkedHashSet<>();
        switch (type) {
            case ConfigResourceKey.TOPIC -> names.addAll(image.topicIds().keySet());
            case ConfigResourceKey.BROKER, BROKER_LOGGER ->
                    image.nodes().keySet().forEach(id -> names.add(Integer.toString(id)));
            default ->
                    image.configs()
                            .keySet()
                            .forEach(
                                    key -> {
                                        if (key.type() == type) {
                                            names.add(key.name());
                                        }
                                    });
        }
        return names;
    }
}
