package io.headrace.transport.server;

import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.transport.frame.MemoryBudget;
import io.headrace.transport.loop.LoopGroup;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.channel.WriteBufferWaterMark;

import org.apache.kafka.common.protocol.ApiKeys;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import reactor.core.publisher.Mono;
import reactor.netty.DisposableServer;
import reactor.netty.tcp.TcpServer;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;

/** Accepts connections and gives their requests to handlers. */
public final class FrameServer implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(FrameServer.class);
    private static final AtomicLong CONNECTION_IDS = new AtomicLong();

    private final ServerOptions options;
    private final LoopGroup loops;
    private final Function<ServerConnection, ConnectionHandler> accept;
    private final MemoryBudget memory;
    private final Set<Connection> connections = ConcurrentHashMap.newKeySet();
    private final Map<InetAddress, AtomicInteger> perAddress = new ConcurrentHashMap<>();
    private final AtomicLong refusedConnections = new AtomicLong();
    private volatile boolean accepting = true;
    private final DisposableServer server;

    private FrameServer(
            ServerOptions options,
            LoopGroup loops,
            Function<ServerConnection, ConnectionHandler> accept) {
        this.options = options;
        this.loops = loops;
        this.accept = accept;
        this.memory = new MemoryBudget(options.maxMemoryBytes());
        this.server = bind();
    }

    /**
     * Opens the port.
     *
     * @param accept makes the handler of a new connection, on its loop
     * @throws UncheckedIOException if the port cannot be had; the message says which
     */
    public static FrameServer start(
            ServerOptions options,
            LoopGroup loops,
            Function<ServerConnection, ConnectionHandler> accept) {
        return new FrameServer(options, loops, accept);
    }

    private DisposableServer bind() {
        try {
            return TcpServer.create()
                    .host(options.host())
                    .port(options.port())
                    .runOn(loops.resources(), true)
                    .option(ChannelOption.SO_REUSEADDR, true)
                    .option(ChannelOption.SO_BACKLOG, 1024)
                    // Netty's usual, adaptive one takes large buffers anew from the system, zeroed.
                    .childOption(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT)
                    .childOption(ChannelOption.TCP_NODELAY, true)
                    .childOption(ChannelOption.SO_KEEPALIVE, true)
                    .childOption(
                            ChannelOption.WRITE_BUFFER_WATER_MARK,
                            new WriteBufferWaterMark(256 << 10, 1 << 20))
                    .doOnChannelInit((observer, channel, address) -> onAccepted(channel))
                    .handle((in, out) -> Mono.never())
                    .bindNow();
        } catch (RuntimeException e) {
            String what = "Cannot listen on " + options.host() + ":" + options.port();
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw new UncheckedIOException(what, new IOException(what + ": " + reason(cause), e));
        }
    }

    private static String reason(Throwable cause) {
        String message = cause.getMessage();
        return message == null ? cause.getClass().getSimpleName() : message;
    }

    /** The address that is listened on, with its real port. */
    public InetSocketAddress address() {
        return (InetSocketAddress) server.address();
    }

    public int connectionCount() {
        return connections.size();
    }

    public long refusedConnectionCount() {
        return refusedConnections.get();
    }

    /** Bytes of requests that are in memory now. */
    public long memoryUsedBytes() {
        return memory.usedBytes();
    }

    /** Refuses new connections from now on; open ones stay. */
    public void stopAccepting() {
        accepting = false;
    }

    /** Closes the port and all connections. */
    @Override
    public void close() {
        accepting = false;
        server.disposeNow();
        for (Connection connection : connections) {
            connection.close("The server stops");
        }
    }

    private void onAccepted(Channel channel) {
        // The remote address is known to the transport before the pipeline becomes active.
        channel.pipeline().addFirst("headrace", new Connection.Installer(this, channel));
    }

    /** Counts a connection in, or says why it is refused. */
    @Nullable String admit(Connection connection, InetAddress address) {
        String refusal = null;
        if (!accepting) {
            refusal = "the server stops";
        } else if (connections.size() >= options.maxConnections()) {
            refusal = "the limit of " + options.maxConnections() + " connections is reached";
        } else {
            AtomicInteger count =
                    perAddress.computeIfAbsent(address, ignored -> new AtomicInteger());
            if (count.incrementAndGet() > options.maxConnectionsPerAddress()) {
                count.decrementAndGet();
                refusal = "the limit of connections of one address is reached";
            }
        }
        if (refusal != null) {
            refusedConnections.incrementAndGet();
            log.warn("Refused a connection from {}: {}", address, refusal);
            return refusal;
        }
        connections.add(connection);
        return null;
    }

    void forget(Connection connection, InetAddress address) {
        if (connections.remove(connection)) {
            perAddress.computeIfPresent(
                    address, (key, count) -> count.decrementAndGet() == 0 ? null : count);
        }
    }

    int limitFor(short apiKey) {
        boolean carriesRecords =
                apiKey == ApiKeys.PRODUCE.id
                        || apiKey == ApiKeys.ENVELOPE.id
                        || apiKey == ApiCatalog.SHARD_APPEND;
        return carriesRecords ? options.maxFrameBytes() : options.maxSmallFrameBytes();
    }

    ServerOptions options() {
        return options;
    }

    LoopGroup loops() {
        return loops;
    }

    MemoryBudget memory() {
        return memory;
    }

    Function<ServerConnection, ConnectionHandler> acceptor() {
        return accept;
    }

    static long nextConnectionId() {
        return CONNECTION_IDS.incrementAndGet();
    }
}
