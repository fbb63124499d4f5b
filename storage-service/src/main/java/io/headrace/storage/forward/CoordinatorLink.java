package io.headrace.storage.forward;

import io.headrace.transport.auth.NodeAuthenticator;
import io.headrace.transport.channel.ChannelOptions;
import io.headrace.transport.channel.ClientChannel;
import io.headrace.transport.channel.Connector;
import io.headrace.transport.loop.Loop;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.net.InetSocketAddress;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * The authenticated connection to one coordinator, opened when first needed and again after it was
 * lost, with a growing pause between attempts. Any thread.
 */
final class CoordinatorLink {
    private static final Logger LOG = LoggerFactory.getLogger(CoordinatorLink.class);
    private static final long FIRST_PAUSE_MS = 20;
    private static final long LONGEST_PAUSE_MS = 1_000;

    private final InetSocketAddress address;
    private final Connector channels;
    private final ChannelOptions options;
    private final NodeAuthenticator authenticator;
    private final Loop loop;
    private @Nullable CompletableFuture<ClientChannel> current;
    private long pauseMs;
    private boolean closed;

    CoordinatorLink(
            InetSocketAddress address,
            Connector channels,
            ChannelOptions options,
            NodeAuthenticator authenticator,
            Loop loop) {
        this.address = address;
        this.channels = channels;
        this.options = options;
        this.authenticator = authenticator;
        this.loop = loop;
    }

    /** The open channel; fails when this attempt to open it does. */
    synchronized CompletableFuture<ClientChannel> channel() {
        if (closed) {
            return CompletableFuture.failedFuture(new IllegalStateException("This node stops"));
        }
        CompletableFuture<ClientChannel> known = current;
        if (known != null && (!known.isDone() || isOpen(known))) {
            return known;
        }
        CompletableFuture<ClientChannel> opening = new CompletableFuture<>();
        current = opening;
        long delayMs = pauseMs;
        pauseMs = Math.min(LONGEST_PAUSE_MS, Math.max(FIRST_PAUSE_MS, pauseMs * 2));
        if (delayMs == 0) {
            open(opening);
        } else {
            loop.schedule(() -> open(opening), delayMs);
        }
        return opening;
    }

    private static boolean isOpen(CompletableFuture<ClientChannel> known) {
        return !known.isCompletedExceptionally() && known.join().isOpen();
    }

    private void open(CompletableFuture<ClientChannel> opening) {
        channels.connect(address, options)
                .thenCompose(
                        channel ->
                                authenticator
                                        .authenticate(channel)
                                        .whenComplete(
                                                (done, failure) -> {
                                                    if (failure != null) {
                                                        channel.close();
                                                    }
                                                }))
                .whenComplete((channel, failure) -> onOpened(opening, channel, failure));
    }

    private void onOpened(
            CompletableFuture<ClientChannel> opening,
            @Nullable ClientChannel channel,
            @Nullable Throwable failure) {
        boolean unwanted;
        synchronized (this) {
            unwanted = closed;
            if (failure == null) {
                pauseMs = 0;
            }
        }
        if (channel == null) {
            Throwable cause =
                    failure instanceof CompletionException && failure.getCause() != null
                            ? failure.getCause()
                            : failure;
            LOG.debug("No connection to coordinator {}", address, cause);
            opening.completeExceptionally(
                    cause == null ? new IllegalStateException("No channel") : cause);
        } else if (unwanted) {
            channel.close();
            opening.completeExceptionally(new IllegalStateException("This node stops"));
        } else {
            LOG.info("Connected to coordinator {}", address);
            opening.complete(channel);
        }
    }

    synchronized void close() {
        closed = true;
        CompletableFuture<ClientChannel> known = current;
        if (known != null && known.isDone() && !known.isCompletedExceptionally()) {
            known.join().close();
        }
    }
}
