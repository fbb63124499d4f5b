package io.headrace.client.produce.send;

import io.headrace.client.connection.Connections;
import io.headrace.client.connection.NodeConnection;
import io.headrace.client.metadata.ClusterView.NodeView;
import io.headrace.transport.loop.Loop;

import org.jspecify.annotations.Nullable;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;

/** A producer's connections to nodes and the requests on them. Confined to the sender's loop. */
final class NodeLinks {
    private final Connections connections;
    private final Loop loop;
    private final String lane;
    private final int maxInFlight;
    private final Consumer<Boolean> onChanged;
    private final Map<Integer, Link> links = new HashMap<>();

    /**
     * @param onChanged told, on the loop, that a connection was opened (true) or could not be
     */
    NodeLinks(
            Connections connections,
            Loop loop,
            String lane,
            int maxInFlight,
            Consumer<Boolean> onChanged) {
        this.connections = connections;
        this.loop = loop;
        this.lane = lane;
        this.maxInFlight = maxInFlight;
        this.onChanged = onChanged;
    }

    /** The way to one node. */
    static final class Link {
        private @Nullable NodeConnection connection;
        private boolean connecting;
        private int inFlight;

        NodeConnection connection() {
            NodeConnection known = connection;
            if (known == null) {
                throw new IllegalStateException("Not connected");
            }
            return known;
        }

        void onSent() {
            inFlight++;
        }

        void onAnswered() {
            inFlight--;
        }
    }

    Link to(NodeView node) {
        return links.computeIfAbsent(node.id(), id -> new Link());
    }

    /** Whether no request to the node is under way. */
    boolean isIdle(NodeView node) {
        return to(node).inFlight == 0;
    }

    /** Whether a request may go to the node now; connects to it when it is not connected. */
    boolean hasCapacity(NodeView node) {
        Link link = to(node);
        NodeConnection connection = link.connection;
        if (connection != null && connection.isOpen()) {
            return link.inFlight < maxInFlight;
        }
        if (!link.connecting) {
            link.connecting = true;
            connections
                    .get(node.address(), lane)
                    .whenCompleteAsync(
                            (opened, failure) -> {
                                link.connecting = false;
                                link.connection = opened;
                                onChanged.accept(failure == null);
                            },
                            loop);
        }
        return false;
    }
}
