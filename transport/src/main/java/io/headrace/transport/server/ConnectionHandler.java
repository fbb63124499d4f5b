package io.headrace.transport.server;

/** What a service does with one connection. Called on the connection's loop. */
public interface ConnectionHandler {

    /** Takes a request; it must be answered exactly once, now or later. */
    void onRequest(InboundRequest request);

    /** The connection is gone; answers to its requests go nowhere. */
    default void onClose() {}
}
