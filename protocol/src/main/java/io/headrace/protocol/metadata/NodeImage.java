package io.headrace.protocol.metadata;

import org.apache.kafka.common.Uuid;
import org.jspecify.annotations.Nullable;

import java.util.List;

/** A storage node's registered incarnation. */
public record NodeImage(
        int nodeId,
        Uuid incarnationId,
        long nodeEpoch,
        boolean fenced,
        List<Endpoint> endpoints,
        @Nullable String rack,
        List<Uuid> logDirs) {

    /** The endpoint of that name, or null. */
    public @Nullable Endpoint endpoint(String name) {
        for (Endpoint endpoint : endpoints) {
            if (endpoint.name().equals(name)) {
                return endpoint;
            }
        }
        return null;
    }
}
