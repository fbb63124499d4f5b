package io.headrace.transport.server;

import java.time.Duration;

/**
 * The bounds of a server.
 *
 * @param port 0 for any free one
 * @param maxFrameBytes the largest request of an API that carries records
 * @param maxSmallFrameBytes the largest request of any other API
 * @param maxInFlight requests of one connection that are read but not answered
 * @param maxMemoryBytes bytes of requests in memory, over all connections
 * @param idleTimeout a connection without requests is closed after this
 * @param stallTimeout a peer that sends half a request, or does not read its answers, is dropped
 *     after this
 */
public record ServerOptions(
        String host,
        int port,
        int maxConnections,
        int maxConnectionsPerAddress,
        int maxFrameBytes,
        int maxSmallFrameBytes,
        int maxInFlight,
        long maxMemoryBytes,
        Duration idleTimeout,
        Duration stallTimeout) {

    /** Usual bounds at an address. */
    public static ServerOptions at(String host, int port) {
        return new ServerOptions(
                host,
                port,
                5_000,
                4_000,
                100 << 20,
                8 << 20,
                128,
                128L << 20,
                Duration.ofMinutes(10),
                Duration.ofSeconds(60));
    }
}
