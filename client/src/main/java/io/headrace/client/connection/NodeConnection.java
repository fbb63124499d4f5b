package io.headrace.client.connection;

import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.transport.channel.ClientChannel;

import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** An open connection to a node, and the versions agreed on. Thread-safe. */
public final class NodeConnection {
    private final ClientChannel channel;
    private final ApiRanges ranges;

    NodeConnection(ClientChannel channel, ApiRanges ranges) {
        this.channel = channel;
        this.ranges = ranges;
    }

    public ApiRanges ranges() {
        return ranges;
    }

    public boolean isOpen() {
        return channel.isOpen();
    }

    /** Calls in the highest common version; fails with a {@code HeadraceException}. */
    public <T extends ApiMessage> CompletableFuture<T> call(
            ApiKeys api, ApiMessage request, Class<T> answer, Duration timeout) {
        return call(api, ranges.version(api), request, answer, timeout);
    }

    /** Calls in that version; fails with a {@code HeadraceException}. */
    public <T extends ApiMessage> CompletableFuture<T> call(
            ApiKeys api, short version, ApiMessage request, Class<T> answer, Duration timeout) {
        return Failures.translate(
                channel.call(ApiCatalog.get(api), version, request, answer, timeout),
                () -> api.name + " to " + channel.address());
    }

    /** Sends a request that has no answer. */
    public void sendOneWay(ApiKeys api, short version, ApiMessage request) {
        channel.sendOneWay(ApiCatalog.get(api), version, request);
    }

    void close() {
        channel.close();
    }
}
