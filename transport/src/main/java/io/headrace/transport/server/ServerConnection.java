package io.headrace.transport.server;

import io.headrace.transport.loop.Loop;

import java.net.InetSocketAddress;

/** An accepted connection, confined to its loop but for {@link #close}. */
public interface ServerConnection {
    /** Unique in this process. */
    long id();

    InetSocketAddress remoteAddress();

    /** The address that the client connected to. */
    InetSocketAddress localAddress();

    Loop loop();

    /**
     * From now on answers leave as they are given, not in the order of requests: for links between
     * nodes, which match them by correlation id.
     */
    void answerInAnyOrder();

    /**
     * How long a packet and its acknowledgement take, as the system measures it, at most a second
     * ago; -1 where it does not tell. On its loop.
     */
    default long roundTripMicros() {
        return -1;
    }

    /** Ends the connection; requests in flight are dropped. Any thread. */
    void close(String reason);
}
