package io.headrace.transport.channel;

import java.net.InetSocketAddress;
import java.util.concurrent.CompletableFuture;

/** Opens connections to servers. Thread-safe. */
public interface Connector extends AutoCloseable {
    /**
     * Connects; the host name is resolved each time.
     *
     * @return the open channel, or a failure with an {@link java.io.IOException} that names the
     *     address
     */
    CompletableFuture<ClientChannel> connect(InetSocketAddress address, ChannelOptions options);

    /** Closes every connection that was opened here. */
    @Override
    void close();
}
