package io.headrace.storage.handler;

import io.headrace.transport.auth.ClusterSecret;
import io.headrace.transport.auth.NodeHandshake;
import io.headrace.transport.server.ServerConnection;

import org.jspecify.annotations.Nullable;

/** What is known of the other end of a connection. Confined to the connection's loop. */
final class Client {
    private final ServerConnection connection;
    private final NodeHandshake handshake;
    private boolean gone;

    Client(ServerConnection connection, ClusterSecret secret) {
        this.connection = connection;
        this.handshake = new NodeHandshake(secret);
    }

    ServerConnection connection() {
        return connection;
    }

    NodeHandshake handshake() {
        return handshake;
    }

    /** The node at the other end, once it proved itself. */
    NodeHandshake.@Nullable Peer node() {
        return handshake.peer();
    }

    boolean isNode() {
        return handshake.peer() != null;
    }

    /** Whether the connection is gone, so that answers go nowhere. */
    boolean isGone() {
        return gone;
    }

    void onClose() {
        gone = true;
    }
}
