package io.headrace.client.connection;

import io.headrace.client.error.UnsupportedByServerException;
import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.protocol.codec.ApiSchema;

import org.apache.kafka.common.message.ApiVersionsResponseData;
import org.apache.kafka.common.message.ApiVersionsResponseData.ApiVersion;
import org.apache.kafka.common.protocol.ApiKeys;

import java.util.HashMap;
import java.util.Map;

/** The versions of each API that a node and this client have in common. */
public final class ApiRanges {
    private final Map<Short, ApiVersion> served;

    private ApiRanges(Map<Short, ApiVersion> served) {
        this.served = served;
    }

    static ApiRanges of(ApiVersionsResponseData answer) {
        Map<Short, ApiVersion> served = new HashMap<>();
        for (ApiVersion api : answer.apiKeys()) {
            served.put(api.apiKey(), api);
        }
        return new ApiRanges(served);
    }

    /** Whether the node serves the API in a version that this client speaks. */
    public boolean supports(ApiKeys api) {
        return highest(api, Short.MAX_VALUE) >= 0;
    }

    /**
     * The highest common version.
     *
     * @throws UnsupportedByServerException when there is none
     */
    public short version(ApiKeys api) {
        return version(api, Short.MAX_VALUE);
    }

    /** The highest common version that is not above {@code limit}; throws when there is none. */
    public short version(ApiKeys api, short limit) {
        short version = highest(api, limit);
        if (version < 0) {
            throw new UnsupportedByServerException(
                    "The node serves no version of " + api.name + " that this client speaks.",
                    "Upgrade the older of the two.");
        }
        return version;
    }

    private short highest(ApiKeys api, short limit) {
        ApiVersion range = served.get(api.id);
        ApiSchema schema = ApiCatalog.get(api);
        if (range == null) {
            return -1;
        }
        int highest = Math.min(Math.min(range.maxVersion(), schema.latestVersion()), limit);
        int lowest = Math.max(range.minVersion(), schema.oldestVersion());
        return (short) (highest >= lowest ? highest : -1);
    }
}
