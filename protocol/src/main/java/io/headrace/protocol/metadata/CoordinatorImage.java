package io.headrace.protocol.metadata;

import org.apache.kafka.common.Uuid;

import java.util.Map;

/**
 * A registered coordinator, live or not.
 *
 * @param apis the forwarded APIs that it serves, by key
 */
public record CoordinatorImage(
        int coordinatorId,
        Uuid incarnationId,
        String host,
        int port,
        Map<Short, VersionRange> apis) {

    /** Versions of an API, both ends inclusive. */
    public record VersionRange(short min, short max) {}
}
