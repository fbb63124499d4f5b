package io.headrace.storage.handler.request;

import io.headrace.transport.auth.ClusterSecret;
import io.headrace.transport.auth.NodeHandshake;
import io.headrace.transport.server.ServerConnection;

import org.jspecify.annotations.Nullable;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What is known of the other end of a connection. Confined to the connection's loop but for what
 * says "any thread".
 */
public final class Client {
    private final ServerConnection connection;
    private final NodeHandshake handshake;
    private final Set<Runnable> onGone = ConcurrentHashMap.newKeySet();
    private volatile boolean gone;

    public Client(ServerConnection connection, ClusterSecret secret) {
        this.connection = connection;
        this.handshake = new NodeHandshake(secret);
    }

    public ServerConnection connection() {
        return connection;
    }

    public NodeHandshake handshake() {
        return handshake;
    }

    /** The node at the other end, once it proved itself. */
    NodeHandshake.@Nullable Peer node() {
        return handshake.peer();
    }

    public boolean isNode() {
        return handshake.peer() != null;
    }

    /** Whether the other end proved itself to be that node. */
    public boolean isNode(int nodeId) {
        NodeHandshake.Peer peer = handshake.peer();
        return peer != null && peer.nodeId() == nodeId;
    }

    /** Whether the connection is gone, so that answers go nowhere. Any thread. */
    public boolean isGone() {
        return gone;
    }

    /** Runs the task when the client leaves, unless it is taken back before. Any thread. */
    public void whenGone(Runnable task) {
        onGone.add(task);
        if (gone) {
            task.run();
        }
    }

    /** Takes the task of {@link #whenGone} back. Any thread. */
    public void forget(Runnable task) {
        onGone.remove(task);
    }

    public void onClose() {
        gone = true;
        onGone.forEach(Runnable::run);
        onGone.clear();
    }
}
