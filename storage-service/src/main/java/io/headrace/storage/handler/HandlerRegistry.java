package io.headrace.storage.handler;

import io.headrace.protocol.codec.ApiSchema;
import io.headrace.protocol.metadata.CoordinatorImage;
import io.headrace.protocol.metadata.CoordinatorImage.VersionRange;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.storage.handler.forwarding.ForwardingHandler;
import io.headrace.storage.handler.request.ApiHandler;

import org.apache.kafka.common.message.ApiVersionsResponseData.ApiVersion;
import org.apache.kafka.common.protocol.ApiKeys;
import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The handlers of a node by API: what is not here is neither served nor advertised. Immutable. */
public final class HandlerRegistry {
    private final Map<Short, ApiHandler> byKey;

    HandlerRegistry(List<? extends ApiHandler> handlers) {
        Map<Short, ApiHandler> map = new HashMap<>();
        for (ApiHandler handler : handlers) {
            if (map.put(handler.api().key(), handler) != null) {
                throw new IllegalArgumentException("Two handlers of " + handler.api().name());
            }
        }
        byKey = Map.copyOf(map);
    }

    /** The handler of an API in a version, or null when it is not served. */
    @Nullable ApiHandler find(short apiKey, short version) {
        ApiHandler handler = byKey.get(apiKey);
        return handler != null && handler.api().supports(version) ? handler : null;
    }

    @Nullable ApiHandler find(short apiKey) {
        return byKey.get(apiKey);
    }

    /**
     * What a client is told: each API that it may ask, in the versions that this node and, for
     * forwarded ones, every registered coordinator can handle.
     */
    public List<ApiVersion> advertised(MetadataImage image) {
        List<ApiVersion> versions = new ArrayList<>();
        for (ApiHandler handler : byKey.values()) {
            ApiSchema api = handler.api();
            if (!api.brokerListener() || handler.nodesOnly()) {
                continue;
            }
            VersionRange own = new VersionRange(advertisedMin(api), api.latestVersion());
            VersionRange common =
                    handler instanceof ForwardingHandler ? intersection(own, api, image) : own;
            if (common != null) {
                versions.add(
                        new ApiVersion()
                                .setApiKey(api.key())
                                .setMinVersion(common.min())
                                .setMaxVersion(common.max()));
            }
        }
        versions.sort(Comparator.comparingInt(ApiVersion::apiKey));
        return versions;
    }

    /**
     * Produce is advertised from version 0, though served from 3 on, as Kafka does: librdkafka
     * chooses codecs by it (KAFKA-18659).
     */
    private static short advertisedMin(ApiSchema api) {
        return api.key() == ApiKeys.PRODUCE.id
                ? ApiKeys.PRODUCE_API_VERSIONS_RESPONSE_MIN_VERSION
                : api.oldestVersion();
    }

    private static @Nullable VersionRange intersection(
            VersionRange own, ApiSchema api, MetadataImage image) {
        short min = own.min();
        short max = own.max();
        if (image.coordinators().isEmpty()) {
            return null;
        }
        for (CoordinatorImage coordinator : image.coordinators().values()) {
            VersionRange theirs = coordinator.apis().get(api.key());
            if (theirs == null) {
                return null;
            }
            min = (short) Math.max(min, theirs.min());
            max = (short) Math.min(max, theirs.max());
        }
        return min > max ? null : new VersionRange(min, max);
    }
}
