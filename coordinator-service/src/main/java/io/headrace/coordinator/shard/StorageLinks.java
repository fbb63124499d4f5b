package io.headrace.coordinator.shard;

import io.headrace.protocol.metadata.CoordinatorImage;
import io.headrace.protocol.metadata.Endpoint;
import io.headrace.protocol.metadata.NodeImage;
import io.headrace.transport.auth.NodeAuthenticator;
import io.headrace.transport.channel.ChannelOptions;
import io.headrace.transport.channel.ClientChannel;
import io.headrace.transport.channel.Connector;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * Authenticated connections to storage nodes and other coordinators, one each, opened on first use
 * and again when they are gone. Thread-safe.
 */
public final class StorageLinks implements AutoCloseable {
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(3);
    private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(10);
    private static final int MAX_FRAME_BYTES = 64 << 20;

    private final Connector channels;
    private final NodeAuthenticator authenticator;
    private final ChannelOptions options;
    private final Map<Integer, Link> links = new HashMap<>();
    private boolean closed;

    private record Link(Object incarnation, CompletableFuture<ClientChannel> channel) {

        boolean isUsable() {
            return !channel.isDone()
                    || (!channel.isCompletedExceptionally() && channel.join().isOpen());
        }
    }

    public StorageLinks(Connector channels, NodeAuthenticator authenticator, String clientId) {
        this.channels = channels;
        this.authenticator = authenticator;
        this.options =
                new ChannelOptions(clientId, CONNECT_TIMEOUT, REQUEST_TIMEOUT, MAX_FRAME_BYTES);
    }

    /** The connection to that incarnation of a node. */
    public CompletableFuture<ClientChannel> to(NodeImage node) {
        Endpoint endpoint = node.endpoint(Endpoint.NODE);
        if (endpoint == null) {
            endpoint = node.endpoint(Endpoint.CLIENT);
        }
        return endpoint == null
                ? CompletableFuture.failedFuture(
                        new IOException("Node " + node.nodeId() + " has registered no endpoint"))
                : to(node.nodeId(), node.nodeEpoch(), endpoint.host(), endpoint.port());
    }

    /** The connection to that incarnation of a coordinator, whose ids are apart from nodes'. */
    public CompletableFuture<ClientChannel> to(CoordinatorImage coordinator) {
        return to(
                coordinator.coordinatorId(),
                coordinator.incarnationId(),
                coordinator.host(),
                coordinator.port());
    }

    private synchronized CompletableFuture<ClientChannel> to(
            int id, Object incarnation, String host, int port) {
        if (closed) {
            return CompletableFuture.failedFuture(new IOException("This coordinator stops"));
        }
        Link link = links.get(id);
        if (link != null && link.incarnation().equals(incarnation) && link.isUsable()) {
            return link.channel();
        }
        if (link != null) {
            close(link);
        }
        Link opened = new Link(incarnation, open(host, port));
        links.put(id, opened);
        return opened.channel();
    }

    private CompletableFuture<ClientChannel> open(String host, int port) {
        InetSocketAddress address = InetSocketAddress.createUnresolved(host, port);
        return channels.connect(address, options)
                .thenCompose(
                        channel ->
                                authenticator
                                        .authenticate(channel)
                                        .whenComplete(
                                                (done, failure) -> {
                                                    if (failure != null) {
                                                        channel.close();
                                                    }
                                                }));
    }

    private static void close(Link link) {
        link.channel().thenAccept(ClientChannel::close);
    }

    @Override
    public synchronized void close() {
        closed = true;
        links.values().forEach(StorageLinks::close);
        links.clear();
    }
}
