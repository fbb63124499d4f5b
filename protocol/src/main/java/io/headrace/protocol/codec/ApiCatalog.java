package io.headrace.protocol.codec;

import io.headrace.protocol.message.ApiMessageType;

import org.apache.kafka.common.message.ApiMessageType.ListenerType;
import org.apache.kafka.common.protocol.ApiKeys;
import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Every API that can be encoded: Kafka's of the pinned version, and the private ones. */
public final class ApiCatalog {
    /** API keys from here up are private to this platform and can never collide with Kafka's. */
    public static final short FIRST_PRIVATE_KEY = 10000;

    public static final short AUTHENTICATE_NODE = 10000;
    public static final short REGISTER_NODE = 10001;
    public static final short SHARD_APPEND = 10002;
    public static final short SHARD_READ_CHECK = 10003;
    public static final short REPORT_METADATA = 10020;
    public static final short REPORT_LOAD = 10021;
    public static final short REPORT_LOG_ENDS = 10070;
    public static final short REPORT_SLOW_DISKS = 10022;

    private static final Map<Short, ApiSchema> BY_KEY = load();

    private ApiCatalog() {}

    /** The schema of an API key, or null when the key is unknown. */
    public static @Nullable ApiSchema find(short apiKey) {
        return BY_KEY.get(apiKey);
    }

    /** The schema of an API key that is known to exist. */
    public static ApiSchema get(short apiKey) {
        ApiSchema schema = BY_KEY.get(apiKey);
        if (schema == null) {
            throw new IllegalArgumentException("No API has the key " + apiKey);
        }
        return schema;
    }

    public static ApiSchema get(ApiKeys api) {
        return get(api.id);
    }

    /** All APIs, in no order. */
    public static Collection<ApiSchema> all() {
        return BY_KEY.values();
    }

    private static Map<Short, ApiSchema> load() {
        Map<Short, ApiSchema> byKey = new HashMap<>();
        for (ApiSchema schema : schemas()) {
            byKey.put(schema.key(), schema);
        }
        return Map.copyOf(byKey);
    }

    private static List<ApiSchema> schemas() {
        List<ApiSchema> schemas = new ArrayList<>();
        for (ApiKeys api : ApiKeys.values()) {
            if (!api.hasValidVersion()) {
                continue; // kept by Kafka as a name only
            }
            var type = api.messageType;
            schemas.add(
                    new ApiSchema(
                            api.id,
                            type.name,
                            type.lowestSupportedVersion(),
                            api.latestVersion(),
                            type.listeners().contains(ListenerType.BROKER),
                            type::newRequest,
                            type::newResponse,
                            type::requestHeaderVersion,
                            type::responseHeaderVersion));
        }
        for (ApiMessageType type : ApiMessageType.values()) {
            schemas.add(
                    new ApiSchema(
                            type.apiKey(),
                            type.name,
                            type.lowestSupportedVersion(),
                            type.highestSupportedVersion(false),
                            false,
                            type::newRequest,
                            type::newResponse,
                            type::requestHeaderVersion,
                            type::responseHeaderVersion));
        }
        return schemas;
    }
}
