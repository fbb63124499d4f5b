package io.headrace.protocol.metadata;

/**
 * Where a node listens.
 *
 * @param name {@link #CLIENT} or {@link #NODE}
 */
public record Endpoint(String name, String host, int port) {
    /** The listener for Kafka clients. */
    public static final String CLIENT = "CLIENT";

    /** The listener for other nodes. */
    public static final String NODE = "NODE";
}
