package io.headrace.coordinator.handler;

/** Serves one API that nodes use for themselves. Called on the connection's loop; never blocks. */
interface NodeHandler {
    short apiKey();

    short minVersion();

    short maxVersion();

    void handle(NodeRequest request);

    /** A connection is gone, of that id. */
    default void onClosed(long connectionId) {}
}
