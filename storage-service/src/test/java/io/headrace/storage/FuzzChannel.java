package io.headrace.storage;

import io.headrace.protocol.codec.ApiSchema;
import io.headrace.transport.channel.ChannelOptions;
import io.headrace.transport.channel.ClientChannel;
import io.headrace.transport.loop.Loop;

import org.apache.kafka.common.protocol.ApiMessage;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** A connection whose requests a handler in this process answers. */
final class FuzzChannel implements ClientChannel {
    private final Loop loop;
    private final Server server;

    /** Answers a request at once. */
    @FunctionalInterface
    interface Server {
        ApiMessage answer(ApiSchema api, short version, ApiMessage body) throws Exception;
    }

    FuzzChannel(Loop loop, Server server) {
        this.loop = loop;
        this.server = server;
    }

    @Override
    public <T extends ApiMessage> CompletableFuture<T> call(
            ApiSchema api, short version, ApiMessage body, Class<T> response, Duration timeout) {
        try {
            return CompletableFuture.completedFuture(
                    response.cast(server.answer(api, version, body)));
        } catch (Exception e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    @Override
    public CompletableFuture<ByteBuffer> send(
            ApiSchema api, short version, ApiMessage body, Duration timeout) {
        throw new UnsupportedOperationException("Only calls");
    }

    @Override
    public void sendOneWay(ApiSchema api, short version, ApiMessage body) {
        throw new UnsupportedOperationException("Only calls");
    }

    @Override
    public boolean isOpen() {
        return true;
    }

    @Override
    public boolean isWritable() {
        return true;
    }

    @Override
    public CompletableFuture<Void> closed() {
        return new CompletableFuture<>();
    }

    @Override
    public void close() {}

    @Override
    public Loop loop() {
        return loop;
    }

    @Override
    public InetSocketAddress address() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), 9092);
    }

    @Override
    public ChannelOptions options() {
        return ChannelOptions.of("fuzz");
    }
}
