package io.headrace.gateway.subscription;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * The network's side of one WebSocket. What a session does is done on the event loop that the
 * connection belongs to, so a frame goes from the session into the socket without a change of
 * threads. Steps may come from any thread; all else is confined to the loop.
 */
final class SocketConnection {
    private static final Logger LOG = LoggerFactory.getLogger(SocketConnection.class);

    private final Channel channel;
    private final EventLoop loop;
    private final List<Future<?>> timers = new ArrayList<>();
    private boolean ended;

    SocketConnection(Channel channel) {
        this.channel = channel;
        this.loop = channel.eventLoop();
    }

    /** Does a step of the session after all that it was given before. */
    void execute(Runnable step) {
        try {
            loop.execute(guarded(step));
        } catch (RejectedExecutionException e) {
            LOG.trace("The server has ended", e);
        }
    }

    private Runnable guarded(Runnable step) {
        return () -> {
            try {
                step.run();
            } catch (RuntimeException e) {
                LOG.error("A step of a WebSocket session failed", e);
                cutOff();
            }
        };
    }

    /** Does it later, unless the session has ended by then. */
    void schedule(Runnable step, long delayNanos) {
        loop.schedule(
                () -> {
                    if (!ended) {
                        guarded(step).run();
                    }
                },
                delayNanos,
                TimeUnit.NANOSECONDS);
    }

    /** Does it again and again until the session ends. */
    void repeat(Runnable step, long periodMs) {
        timers.add(
                loop.scheduleAtFixedRate(guarded(step), periodMs, periodMs, TimeUnit.MILLISECONDS));
    }

    /**
     * Sends a text frame. Its bytes must not change until it is sent.
     *
     * @param onSent told, perhaps before this returns, when the socket has taken all of it, or why
     *     it never will
     */
    void send(ByteBuffer text, Consumer<@Nullable Throwable> onSent) {
        ChannelFuture written =
                channel.writeAndFlush(new TextWebSocketFrame(Unpooled.wrappedBuffer(text)));
        written.addListener(done -> guarded(() -> onSent.accept(done.cause())).run());
    }

    /** Closes the connection without a word to a client that would not read it. */
    void cutOff() {
        channel.close();
    }

    /** The session has ended: its timers do, too. */
    void end() {
        ended = true;
        timers.forEach(timer -> timer.cancel(false));
        timers.clear();
    }
}
