package io.headrace.transport.server;

import io.headrace.protocol.codec.OutboundFrame;
import io.headrace.transport.frame.FrameDecoder;
import io.headrace.transport.frame.FrameWriter;
import io.headrace.transport.loop.Loop;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.epoll.EpollSocketChannel;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;

/**
 * One accepted connection. Requests queue in arrival order; answers are written when all before
 * them are. Reading stops while too many requests are in flight, the shared memory is used up, or
 * the peer does not read. Confined to its loop.
 */
final class Connection implements ServerConnection, FrameDecoder.Sink {
    private static final Logger log = LoggerFactory.getLogger(Connection.class);
    private static final long ROUND_TRIP_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final FrameServer server;
    private final Channel channel;
    private final Loop loop;
    private final long id = FrameServer.nextConnectionId();

    /** Requests not answered yet, in order; empty where answers may come in any order. */
    private final ArrayDeque<Request> inFlight = new ArrayDeque<>();

    /** Answers not written yet, where they may come in any order. */
    private final ArrayDeque<Request> answers = new ArrayDeque<>();

    private int inFlightCount;
    private final InetSocketAddress remoteAddress;
    private final InetSocketAddress localAddress;
    private final FrameDecoder decoder = new FrameDecoder(this);
    private @Nullable ChannelHandlerContext decoderContext;
    private @Nullable ConnectionHandler handler;
    private Loop.@Nullable ScheduledTask nextCheck;
    private boolean closed;
    private boolean anyOrder;
    private boolean draining;
    private boolean drainScheduled;
    private long lastProgressNanos = System.nanoTime();
    private long pendingBytesSeen;
    private long roundTripMicros = -1;
    private long roundTripSeenNanos = System.nanoTime() - ROUND_TRIP_NANOS;

    Connection(FrameServer server, Channel channel) {
        this.server = server;
        this.channel = channel;
        this.loop = server.loops().of(channel.eventLoop());
        this.remoteAddress = (InetSocketAddress) channel.remoteAddress();
        this.localAddress = (InetSocketAddress) channel.localAddress();
    }

    /** Puts a connection into its channel's pipeline once the channel is active. */
    static final class Installer extends ChannelInboundHandlerAdapter {
        private final FrameServer server;
        private final Channel channel;

        Installer(FrameServer server, Channel channel) {
            this.server = server;
            this.channel = channel;
        }

        @Override
        public void channelActive(ChannelHandlerContext context) {
            if (channel.remoteAddress() == null) {
                channel.close(); // gone already
                return;
            }
            Connection connection = new Connection(server, channel);
            InetAddress address = connection.remoteAddress.getAddress();
            if (server.admit(connection, address) != null) {
                channel.close();
                return;
            }
            connection.open(context);
        }
    }

    private void open(ChannelHandlerContext installer) {
        handler = server.acceptor().apply(this);
        decoder.receive(channel);
        channel.pipeline().addAfter(installer.name(), "frames", decoder);
        channel.pipeline().addAfter("frames", "watch", new Watch());
        decoderContext = channel.pipeline().context("frames");
        installer.fireChannelActive();
        channel.config().setAutoRead(true); // Reactor Netty turned it off just now
        scheduleCheck();
    }

    /** Sees what the frame decoder does not: the end, errors and writability. */
    private final class Watch extends ChannelInboundHandlerAdapter {
        @Override
        public void channelInactive(ChannelHandlerContext context) {
            onClosed();
            context.fireChannelInactive();
        }

        @Override
        public void channelWritabilityChanged(ChannelHandlerContext context) {
            reconsiderReading();
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            if (cause instanceof IOException) {
                log.debug("Connection {} of {} broke", id, remoteAddress, cause);
            } else {
                log.error("Connection {} of {} failed", id, remoteAddress, cause);
            }
            channel.close();
        }
    }

    @Override
    public long id() {
        return id;
    }

    @Override
    public InetSocketAddress remoteAddress() {
        return remoteAddress;
    }

    @Override
    public InetSocketAddress localAddress() {
        return localAddress;
    }

    @Override
    public Loop loop() {
        return loop;
    }

    @Override
    public void close(String reason) {
        log.debug("Closing connection {} of {}: {}", id, remoteAddress, reason);
        channel.close();
    }

    // The decoder's sink.

    @Override
    public @Nullable String refuse(int length, short apiKey) {
        int limit = server.limitFor(apiKey);
        return length > limit
                ? "A request of " + length + " bytes (API key " + apiKey + "), limit " + limit
                : null;
    }

    @Override
    public boolean reserve(int length) {
        if (server.memory().tryReserve(length)) {
            return true;
        }
        channel.config().setAutoRead(false);
        server.memory().onRelease(() -> loop.execute(this::resumeDecoder));
        return false;
    }

    private void resumeDecoder() {
        ChannelHandlerContext context = decoderContext;
        if (!closed && context != null) {
            decoder.resume(context);
            reconsiderReading();
        }
    }

    @Override
    public void unreserve(int bytes) {
        server.memory().release(bytes);
    }

    @Override
    public void onBadStream(String reason) {
        log.warn("Closing connection {} of {}: {}", id, remoteAddress, reason);
        channel.close();
    }

    @Override
    public void onFrame(ByteBuf frame, int reservedBytes) {
        Request request = new Request(frame, reservedBytes);
        ConnectionHandler current = handler;
        if (closed || current == null) {
            request.releaseFrame();
            return;
        }
        lastProgressNanos = System.nanoTime();
        inFlightCount++;
        if (!anyOrder) {
            inFlight.add(request);
        }
        draining = true; // answers given within the handler are flushed together, after the read
        try {
            current.onRequest(request);
        } catch (RuntimeException e) {
            log.error("A request of connection {} of {} failed", id, remoteAddress, e);
            request.fail("The handler failed");
        }
        if (inFlightCount >= server.options().maxInFlight()) {
            channel.config().setAutoRead(false);
        }
    }

    @Override
    public void onReadComplete() {
        draining = false;
        drain();
    }

    /** Has what is answered by then written behind all that this loop was given to do before. */
    private void drainSoon() {
        if (!draining && !drainScheduled) {
            drainScheduled = true;
            loop.execute(this::drainScheduled);
        }
    }

    private void drainScheduled() {
        drainScheduled = false;
        drain();
    }

    private void drain() {
        if (draining || closed) {
            return;
        }
        boolean wrote = false;
        ArrayDeque<Request> queue = anyOrder ? answers : inFlight;
        Request head = queue.peek();
        while (head != null && head.answered) {
            queue.poll();
            inFlightCount--;
            wrote |= write(head);
            head = queue.peek();
        }
        if (wrote) {
            channel.flush();
        }
        reconsiderReading();
    }

    private boolean write(Request request) {
        OutboundFrame answer = request.answer;
        if (answer == null) {
            return false;
        }
        request.answer = null;
        FrameWriter.write(channel, answer);
        return true;
    }

    @Override
    public long roundTripMicros() {
        long nowNanos = System.nanoTime();
        if (nowNanos - roundTripSeenNanos >= ROUND_TRIP_NANOS
                && channel instanceof EpollSocketChannel socket) {
            roundTripSeenNanos = nowNanos;
            roundTripMicros = socket.tcpInfo().rtt();
        }
        return roundTripMicros;
    }

    @Override
    public void answerInAnyOrder() {
        anyOrder = true;
        for (Request request : inFlight) {
            if (request.answered) {
                answers.add(request);
            }
        }
        inFlight.clear();
    }

    private void reconsiderReading() {
        boolean wanted =
                channel.isWritable()
                        && !decoder.isPaused()
                        && inFlightCount < server.options().maxInFlight();
        if (channel.config().isAutoRead() != wanted && !closed) {
            channel.config().setAutoRead(wanted);
        }
    }

    private void scheduleCheck() {
        long stallMs = server.options().stallTimeout().toMillis();
        nextCheck = loop.schedule(this::check, Math.max(10, stallMs / 2));
    }

    private void check() {
        if (closed) {
            return;
        }
        long now = System.nanoTime();
        var buffer = channel.unsafe().outboundBuffer();
        long pendingBytes = buffer == null ? 0 : buffer.totalPendingWriteBytes();
        if (pendingBytes != pendingBytesSeen) {
            pendingBytesSeen = pendingBytes;
            lastProgressNanos = now;
        }
        boolean stalled = pendingBytes > 0 || decoder.inFrame();
        boolean idle = inFlightCount == 0;
        long silentNanos = now - lastProgressNanos;
        if (stalled && silentNanos > server.options().stallTimeout().toNanos()) {
            close("The peer stalls");
        } else if (idle && silentNanos > server.options().idleTimeout().toNanos()) {
            close("The connection is idle");
        } else {
            scheduleCheck();
        }
    }

    private void onClosed() {
        if (closed) {
            return;
        }
        closed = true;
        Loop.ScheduledTask waiting = nextCheck;
        if (waiting != null) {
            waiting.cancel(); // or it would keep this connection's memory until its time
        }
        server.forget(this, remoteAddress.getAddress());
        inFlight.forEach(Request::dropAnswer);
        inFlight.clear();
        answers.forEach(Request::dropAnswer);
        answers.clear();
        ConnectionHandler current = handler;
        if (current != null) {
            current.onClose();
        }
    }

    /** A request in its place in the queue. */
    private final class Request implements InboundRequest {
        private final int reservedBytes;
        private final AtomicReference<@Nullable ByteBuf> memory;
        private final ByteBuffer bytes;
        private final AtomicBoolean ended = new AtomicBoolean();
        private boolean answered;
        private @Nullable OutboundFrame answer;

        Request(ByteBuf frame, int reservedBytes) {
            this.reservedBytes = reservedBytes;
            this.bytes = frame.nioBuffer();
            this.memory = new AtomicReference<>(frame);
        }

        @Override
        public ByteBuffer frame() {
            return bytes;
        }

        @Override
        public void releaseFrame() {
            ByteBuf frame = memory.getAndSet(null);
            if (frame != null) {
                frame.release();
                if (reservedBytes > 0) {
                    server.memory().release(reservedBytes);
                }
            }
        }

        @Override
        public void reply(OutboundFrame given) {
            end(given);
        }

        @Override
        public void replyNothing() {
            end(null);
        }

        @Override
        public void fail(String reason) {
            if (!ended.compareAndSet(false, true)) {
                return;
            }
            releaseFrame();
            log.info("Closing connection {} of {}: {}", id, remoteAddress, reason);
            channel.close();
        }

        private void end(@Nullable OutboundFrame given) {
            if (!ended.compareAndSet(false, true)) {
                if (given != null) {
                    given.release();
                }
                throw new IllegalStateException("The request was answered before");
            }
            releaseFrame();
            loop.run(
                    () -> {
                        answer = given;
                        answered = true;
                        if (closed) {
                            dropAnswer();
                        } else {
                            if (anyOrder) {
                                answers.add(this);
                            }
                            drainSoon();
                        }
                    });
        }

        void dropAnswer() {
            OutboundFrame dropped = answer;
            answer = null;
            if (dropped != null) {
                dropped.release();
            }
        }
    }
}
