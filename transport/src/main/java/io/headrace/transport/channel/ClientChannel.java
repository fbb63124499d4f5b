package io.headrace.transport.channel;

import io.headrace.protocol.codec.ApiSchema;
import io.headrace.transport.loop.Loop;

import org.apache.kafka.common.protocol.ApiMessage;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/**
 * A connection to a server that carries many requests at a time; answers are matched by correlation
 * id and may come in any order. Thread-safe. Futures complete on the loop.
 */
public interface ClientChannel {

    /**
     * Sends a request.
     *
     * @return the answer's frame, in memory of its own; fails with {@link RequestTimeoutException}
     *     or {@link ChannelClosedException}
     */
    default CompletableFuture<ByteBuffer> send(ApiSchema api, short version, ApiMessage body) {
        return send(api, version, body, options().requestTimeout());
    }

    /** As {@link #send(ApiSchema, short, ApiMessage)} with a timeout of its own. */
    CompletableFuture<ByteBuffer> send(
            ApiSchema api, short version, ApiMessage body, Duration timeout);

    /** Sends a request and decodes the answer. */
    default <T extends ApiMessage> CompletableFuture<T> call(
            ApiSchema api, short version, ApiMessage body, Class<T> response) {
        return call(api, version, body, response, options().requestTimeout());
    }

    /** As {@link #call(ApiSchema, short, ApiMessage, Class)} with a timeout of its own. */
    <T extends ApiMessage> CompletableFuture<T> call(
            ApiSchema api, short version, ApiMessage body, Class<T> response, Duration timeout);

    /** Sends a request that has no answer (acks=0). */
    void sendOneWay(ApiSchema api, short version, ApiMessage body);

    boolean isOpen();

    /** Whether the peer reads as fast as this end writes. */
    boolean isWritable();

    /** Completes when the connection is gone. */
    CompletableFuture<Void> closed();

    void close();

    Loop loop();

    InetSocketAddress address();

    ChannelOptions options();
}
