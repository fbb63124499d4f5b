package io.headrace.storage.fetcher;

import io.headrace.protocol.metadata.Endpoint;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.NodeImage;
import io.headrace.transport.auth.NodeAuthenticator;
import io.headrace.transport.channel.ChannelOptions;
import io.headrace.transport.channel.ClientChannel;
import io.headrace.transport.channel.Connector;

import org.jspecify.annotations.Nullable;

import java.net.InetSocketAddress;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/**
 * The authenticated connection of one fetch loop to its leader, opened where the metadata says the
 * leader is now. Confined to the fetch loop.
 */
final class LeaderLink {
    private final int leaderId;
    private final Supplier<MetadataImage> image;
    private final Connector channels;
    private final ChannelOptions options;
    private final NodeAuthenticator authenticator;
    private @Nullable CompletableFuture<ClientChannel> current;

    LeaderLink(
            int leaderId,
            Supplier<MetadataImage> image,
            Connector channels,
            ChannelOptions options,
            NodeAuthenticator authenticator) {
        this.leaderId = leaderId;
        this.image = image;
        this.channels = channels;
        this.options = options;
        this.authenticator = authenticator;
    }

    /** The channel, open or being opened; fails when that fails. */
    CompletableFuture<ClientChannel> channel() {
        CompletableFuture<ClientChannel> known = current;
        if (known == null) {
            known = open();
            current = known;
        }
        return known;
    }

    private CompletableFuture<ClientChannel> open() {
        NodeImage node = image.get().nodes().get(leaderId);
        Endpoint endpoint = node == null ? null : node.endpoint(Endpoint.NODE);
        if (endpoint == null) {
            return CompletableFuture.failedFuture(
                    new IllegalStateException("The metadata has no address of node " + leaderId));
        }
        return channels.connect(
                        InetSocketAddress.createUnresolved(endpoint.host(), endpoint.port()),
                        options)
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

    /** Gives the connection up; the next use opens another. */
    void reset() {
        CompletableFuture<ClientChannel> known = current;
        current = null;
        if (known != null) {
            known.thenAccept(ClientChannel::close);
        }
    }
}
