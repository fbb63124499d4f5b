package io.headrace.client.connection;

import io.headrace.client.error.ConnectionFailedException;
import io.headrace.client.error.HeadraceException;
import io.headrace.client.error.ServerErrorException;
import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.protocol.codec.ApiSchema;
import io.headrace.protocol.codec.MalformedFrameException;
import io.headrace.protocol.codec.ResponseReader;
import io.headrace.transport.channel.ChannelFactory;
import io.headrace.transport.channel.ChannelOptions;
import io.headrace.transport.channel.ClientChannel;
import io.headrace.transport.loop.Loop;

import org.apache.kafka.common.message.ApiVersionsRequestData;
import org.apache.kafka.common.message.ApiVersionsResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * The connections of a client, one for each node and lane, opened when first asked for. A server
 * answers each connection in order, so what may wait long (fetches, joins) has lanes of its own.
 * Thread-safe.
 */
public final class Connections {
    /** The lane of requests that are answered at once. */
    public static final String SHARED_LANE = "shared";

    private static final short FIRST_FALLBACK_VERSION = 0;

    private final ChannelFactory channels;
    private final Loop timer;
    private final ChannelOptions channelOptions;
    private final ConnectionOptions options;
    private final Backoff reconnect;

    // Guarded by this.
    private final Map<Key, CompletableFuture<NodeConnection>> open = new HashMap<>();
    private final Map<BootstrapAddress, Trouble> troubles = new HashMap<>();
    private boolean closed;

    private record Key(BootstrapAddress address, String lane) {}

    /** Failed attempts in a row, and when the next may begin. */
    private record Trouble(int failures, long notBeforeNanos) {}

    public Connections(
            ChannelFactory channels, Loop timer, String clientId, ConnectionOptions options) {
        this.channels = channels;
        this.timer = timer;
        this.options = options;
        this.channelOptions =
                new ChannelOptions(
                        clientId,
                        options.connectTimeout(),
                        options.requestTimeout(),
                        options.maxFrameBytes());
        this.reconnect = new Backoff(options.reconnectBackoff(), options.reconnectBackoffMax());
    }

    public ConnectionOptions options() {
        return options;
    }

    /**
     * The connection to that address for that lane; opened, negotiated and delayed by back-off as
     * needed. Fails with a {@link HeadraceException}.
     */
    public CompletableFuture<NodeConnection> get(BootstrapAddress address, String lane) {
        Key key = new Key(address, lane);
        CompletableFuture<NodeConnection> opening = new CompletableFuture<>();
        long delayMs;
        synchronized (this) {
            if (closed) {
                return CompletableFuture.failedFuture(Failures.closed("The client"));
            }
            CompletableFuture<NodeConnection> known = open.get(key);
            if (known != null && isUsable(known)) {
                return known;
            }
            if (open.size() >= options.maxConnections()) {
                return CompletableFuture.failedFuture(
                        new ConnectionFailedException(
                                "All " + options.maxConnections() + " connections are in use.",
                                "Raise maxConnections."));
            }
            open.put(key, opening);
            Trouble trouble = troubles.get(address);
            delayMs =
                    trouble == null
                            ? 0
                            : TimeUnit.NANOSECONDS.toMillis(
                                    trouble.notBeforeNanos() - System.nanoTime());
        }
        if (delayMs > 0) {
            timer.schedule(() -> connect(key, opening), delayMs);
        } else {
            connect(key, opening);
        }
        return opening;
    }

    /** Whether the address failed at its last attempt. */
    public synchronized boolean isInTrouble(BootstrapAddress address) {
        return troubles.containsKey(address);
    }

    /** Closes the connections of a lane. */
    public void closeLane(String lane) {
        synchronized (this) {
            Iterator<Map.Entry<Key, CompletableFuture<NodeConnection>>> entries =
                    open.entrySet().iterator();
            while (entries.hasNext()) {
                Map.Entry<Key, CompletableFuture<NodeConnection>> entry = entries.next();
                if (entry.getKey().lane().equals(lane)) {
                    entries.remove();
                    entry.getValue().thenAccept(NodeConnection::close);
                }
            }
        }
    }

    /** Closes all connections; later calls fail. */
    public void close() {
        Map<Key, CompletableFuture<NodeConnection>> last;
        synchronized (this) {
            closed = true;
            last = Map.copyOf(open);
            open.clear();
        }
        last.values().forEach(connection -> connection.thenAccept(NodeConnection::close));
    }

    @SuppressWarnings("ReferenceEquality") // Futures have identity only.
    private static boolean isSame(@Nullable Object one, Object other) {
        return one == other;
    }

    private static boolean isUsable(CompletableFuture<NodeConnection> connection) {
        return !connection.isDone()
                || (!connection.isCompletedExceptionally() && connection.join().isOpen());
    }

    private void connect(Key key, CompletableFuture<NodeConnection> opening) {
        channels.connect(key.address().toUnresolved(), channelOptions)
                .thenCompose(this::negotiate)
                .whenComplete(
                        (connection, failure) -> {
                            if (failure == null) {
                                onOpened(key, opening, connection);
                            } else {
                                onFailed(key, opening, failure);
                            }
                        });
    }

    private void onOpened(
            Key key, CompletableFuture<NodeConnection> opening, NodeConnection connection) {
        boolean wanted;
        synchronized (this) {
            troubles.remove(key.address());
            wanted = isSame(open.get(key), opening);
        }
        opening.complete(connection);
        if (!wanted) {
            connection.close();
        }
    }

    private void onFailed(Key key, CompletableFuture<NodeConnection> opening, Throwable failure) {
        synchronized (this) {
            open.remove(key, opening);
            Trouble before = troubles.get(key.address());
            int failures = before == null ? 1 : before.failures() + 1;
            long pause = TimeUnit.MILLISECONDS.toNanos(reconnect.delayMs(failures));
            troubles.put(key.address(), new Trouble(failures, System.nanoTime() + pause));
        }
        BootstrapAddress address = key.address();
        opening.completeExceptionally(
                Failures.of(failure, "Connecting to " + address.host() + ":" + address.port()));
    }

    private void forget(ClientChannel channel) {
        synchronized (this) {
            open.values()
                    .removeIf(
                            connection ->
                                    connection.isDone()
                                            && !connection.isCompletedExceptionally()
                                            && !connection.join().isOpen());
        }
        assert !channel.isOpen();
    }

    private CompletableFuture<NodeConnection> negotiate(ClientChannel channel) {
        channel.closed().thenRun(() -> forget(channel));
        ApiSchema api = ApiCatalog.get(ApiKeys.API_VERSIONS);
        return askVersions(channel, api.latestVersion())
                .thenApply(answer -> new NodeConnection(channel, ApiRanges.of(answer)))
                .whenComplete(
                        (connection, failure) -> {
                            if (failure != null) {
                                channel.close();
                            }
                        });
    }

    private CompletableFuture<ApiVersionsResponseData> askVersions(
            ClientChannel channel, short version) {
        ApiSchema api = ApiCatalog.get(ApiKeys.API_VERSIONS);
        ApiVersionsRequestData request =
                new ApiVersionsRequestData()
                        .setClientSoftwareName("headrace-client")
                        .setClientSoftwareVersion("0.1.0");
        return channel.send(api, version, request, options.connectTimeout())
                .thenCompose(
                        frame -> {
                            ApiVersionsResponseData answer = decode(api, version, frame);
                            Errors error = Errors.forCode(answer.errorCode());
                            if (error == Errors.UNSUPPORTED_VERSION && version > 0) {
                                return askVersions(channel, fallback(answer, version));
                            }
                            if (error != Errors.NONE) {
                                throw ServerErrorException.of(error, "Agreeing on versions", null);
                            }
                            return CompletableFuture.completedFuture(answer);
                        });
    }

    /** A node that does not know the version answers in version 0 and names its own. */
    private static ApiVersionsResponseData decode(ApiSchema api, short version, ByteBuffer frame) {
        boolean refused =
                frame.remaining() >= 6
                        && frame.getShort(frame.position() + 4)
                                == Errors.UNSUPPORTED_VERSION.code();
        try {
            short encoded = refused ? FIRST_FALLBACK_VERSION : version;
            return (ApiVersionsResponseData) ResponseReader.read(api, encoded, frame);
        } catch (MalformedFrameException e) {
            throw Failures.of(e, "Agreeing on versions");
        }
    }

    private static short fallback(ApiVersionsResponseData answer, short refused) {
        ApiVersionsResponseData.@Nullable ApiVersion own =
                answer.apiKeys().find(ApiKeys.API_VERSIONS.id);
        return own == null
                ? FIRST_FALLBACK_VERSION
                : (short) Math.clamp(own.maxVersion(), 0, refused - 1);
    }
}
