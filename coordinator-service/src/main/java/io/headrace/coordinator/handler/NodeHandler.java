package io.headrace.coordinator.handler;

/** Serves one API that nodes use for themselves. Called on the connection's loop; never blocks. */
interface NodeHandler {
    short apiKey();

    /** Most APIs between nodes have one version as yet. */
    default short minVersion() {
        return 0;
    }

    default short maxVersion() {
        return 0;
    }

    void handle(NodeRequest request);

    /** A connection is gone, of that id. */
    default void onClosed(long connectionId) {}
}
