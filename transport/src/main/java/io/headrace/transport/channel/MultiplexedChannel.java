package io.headrace.transport.channel;

import io.headrace.protocol.codec.ApiSchema;
import io.headrace.protocol.codec.MalformedFrameException;
import io.headrace.protocol.codec.MessageWriter;
import io.headrace.protocol.codec.OutboundFrame;
import io.headrace.protocol.codec.ResponseReader;
import io.headrace.transport.frame.FrameDecoder;
import io.headrace.transport.frame.FrameWriter;
import io.headrace.transport.loop.Loop;
import io.headrace.transport.loop.LoopGroup;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;

import org.apache.kafka.common.protocol.ApiMessage;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;

/** The one kind of {@link ClientChannel}: requests waiting for their answers by correlation id. */
final class MultiplexedChannel implements ClientChannel, FrameDecoder.Sink {
    private static final Logger log = LoggerFactory.getLogger(MultiplexedChannel.class);

    private final Channel channel;
    private final Loop loop;
    private final ChannelOptions options;
    private final InetSocketAddress address;
    private final Set<MultiplexedChannel> open;
    private final CompletableFuture<Void> closed = new CompletableFuture<>();
    private final Queue<Outgoing> outgoing = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean writeScheduled = new AtomicBoolean();

    // Confined to the loop.
    private final Map<Integer, Waiting> waiting = new HashMap<>();
    private int nextCorrelationId;

    private record Outgoing(
            ApiSchema api,
            short version,
            ApiMessage body,
            Duration timeout,
            @Nullable CompletableFuture<ByteBuffer> answer) {}

    private record Waiting(CompletableFuture<ByteBuffer> answer, Loop.ScheduledTask timeout) {}

    private MultiplexedChannel(
            Channel channel,
            Loop loop,
            ChannelOptions options,
            InetSocketAddress address,
            Set<MultiplexedChannel> open) {
        this.channel = channel;
        this.loop = loop;
        this.options = options;
        this.address = address;
        this.open = open;
    }

    /** Puts a channel of ours into the pipeline once it is connected. */
    static final class Installer extends ChannelInboundHandlerAdapter {
        private final LoopGroup loops;
        private final ChannelOptions options;
        private final InetSocketAddress address;
        private final Set<MultiplexedChannel> open;
        private final CompletableFuture<ClientChannel> result;

        Installer(
                LoopGroup loops,
                ChannelOptions options,
                InetSocketAddress address,
                Set<MultiplexedChannel> open,
                CompletableFuture<ClientChannel> result) {
            this.loops = loops;
            this.options = options;
            this.address = address;
            this.open = open;
            this.result = result;
        }

        @Override
        public void channelActive(ChannelHandlerContext context) {
            Channel channel = context.channel();
            MultiplexedChannel opened =
                    new MultiplexedChannel(
                            channel, loops.of(channel.eventLoop()), options, address, open);
            FrameDecoder decoder = new FrameDecoder(opened);
            decoder.receive(channel);
            channel.pipeline().addAfter(context.name(), "frames", decoder);
            channel.pipeline().addAfter("frames", "watch", opened.new Watch());
            context.fireChannelActive();
            channel.config().setAutoRead(true); // Reactor Netty turned it off just now
            open.add(opened);
            result.complete(opened);
        }
    }

    private final class Watch extends ChannelInboundHandlerAdapter {
        @Override
        public void channelInactive(ChannelHandlerContext context) {
            onClosed();
            context.fireChannelInactive();
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            if (!(cause instanceof IOException)) {
                log.error("Connection to {} failed", address, cause);
            }
            channel.close();
        }
    }

    @Override
    public CompletableFuture<ByteBuffer> send(
            ApiSchema api, short version, ApiMessage body, Duration timeout) {
        CompletableFuture<ByteBuffer> answer = new CompletableFuture<>();
        enqueue(new Outgoing(api, version, body, timeout, answer));
        return answer;
    }

    @Override
    public <T extends ApiMessage> CompletableFuture<T> call(
            ApiSchema api, short version, ApiMessage body, Class<T> response, Duration timeout) {
        CompletableFuture<T> result = new CompletableFuture<>();
        send(api, version, body, timeout)
                .whenComplete(
                        (frame, failure) -> {
                            if (failure != null) {
                                result.completeExceptionally(failure);
                                return;
                            }
                            try {
                                result.complete(
                                        response.cast(ResponseReader.read(api, version, frame)));
                            } catch (MalformedFrameException | ClassCastException e) {
                                result.completeExceptionally(e);
                            }
                        });
        return result;
    }

    @Override
    public void sendOneWay(ApiSchema api, short version, ApiMessage body) {
        enqueue(new Outgoing(api, version, body, options.requestTimeout(), null));
    }

    private void enqueue(Outgoing request) {
        outgoing.add(request);
        if (writeScheduled.compareAndSet(false, true)) {
            loop.execute(this::writeAll); // behind what else is about to send: one flush for all
        }
    }

    private void writeAll() {
        writeScheduled.set(false);
        boolean wrote = false;
        Outgoing request = outgoing.poll();
        while (request != null) {
            wrote |= write(request);
            request = outgoing.poll();
        }
        if (wrote) {
            channel.flush();
        }
    }

    private boolean write(Outgoing request) {
        CompletableFuture<ByteBuffer> answer = request.answer();
        if (!channel.isActive()) {
            if (answer != null) {
                answer.completeExceptionally(
                        new ChannelClosedException("Not connected to " + address, false));
            }
            return false;
        }
        int correlationId = nextCorrelationId++;
        OutboundFrame frame;
        try {
            frame =
                    MessageWriter.request(
                            request.api(),
                            request.version(),
                            correlationId,
                            options.clientId(),
                            request.body());
        } catch (RuntimeException e) {
            if (answer != null) {
                answer.completeExceptionally(e);
            }
            return false;
        }
        if (answer != null) {
            Loop.ScheduledTask timeout =
                    loop.schedule(
                            () -> onTimeout(correlationId, request.api()),
                            request.timeout().toMillis());
            waiting.put(correlationId, new Waiting(answer, timeout));
        }
        FrameWriter.write(channel, frame);
        return true;
    }

    private void onTimeout(int correlationId, ApiSchema api) {
        Waiting request = waiting.remove(correlationId);
        if (request != null) {
            request.answer()
                    .completeExceptionally(
                            new RequestTimeoutException(
                                    "No answer to " + api.name() + " from " + address));
        }
    }

    private void onClosed() {
        open.remove(this);
        closed.complete(null);
        for (Waiting request : Map.copyOf(waiting).values()) {
            request.timeout().cancel();
            request.answer()
                    .completeExceptionally(
                            new ChannelClosedException(
                                    "The connection to " + address + " ended", true));
        }
        waiting.clear();
        writeAll();
    }

    @Override
    public @Nullable String refuse(int length, short firstShort) {
        return length > options.maxFrameBytes() ? "An answer of " + length + " bytes" : null;
    }

    @Override
    public boolean reserve(int length) {
        return true;
    }

    @Override
    public void unreserve(int bytes) {}

    @Override
    public void onFrame(ByteBuf frame, int reservedBytes) {
        ByteBuffer copy = ByteBuffer.allocate(frame.readableBytes());
        frame.readBytes(copy).release();
        copy.flip();
        if (copy.remaining() < 4) {
            onBadStream("An answer of " + copy.remaining() + " bytes");
            return;
        }
        // An answer without a waiting request came after its timeout.
        Waiting request = waiting.remove(copy.getInt(0));
        if (request != null) {
            request.timeout().cancel();
            request.answer().complete(copy);
        }
    }

    @Override
    public void onBadStream(String reason) {
        log.warn("Closing the connection to {}: {}", address, reason);
        channel.close();
    }

    @Override
    public void onReadComplete() {}

    @Override
    public boolean isOpen() {
        return channel.isActive();
    }

    @Override
    public boolean isWritable() {
        return channel.isWritable();
    }

    @Override
    public CompletableFuture<Void> closed() {
        return closed;
    }

    @Override
    public void close() {
        channel.close();
    }

    @Override
    public Loop loop() {
        return loop;
    }

    @Override
    public InetSocketAddress address() {
        return address;
    }

    @Override
    public ChannelOptions options() {
        return options;
    }
}
