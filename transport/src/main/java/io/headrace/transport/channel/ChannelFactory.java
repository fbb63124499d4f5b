package io.headrace.transport.channel;

import io.headrace.transport.loop.LoopGroup;
import io.netty.channel.ChannelOption;
import io.netty.channel.WriteBufferWaterMark;

import reactor.core.publisher.Mono;
import reactor.netty.resources.ConnectionProvider;
import reactor.netty.tcp.TcpClient;

import java.net.InetSocketAddress;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

/** Opens connections on a group of loops. */
public final class ChannelFactory implements Connector {
    private final LoopGroup loops;
    private final Set<MultiplexedChannel> open = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    public ChannelFactory(LoopGroup loops) {
        this.loops = loops;
    }

    @Override
    public CompletableFuture<ClientChannel> connect(
            InetSocketAddress address, ChannelOptions options) {
        CompletableFuture<ClientChannel> result = new CompletableFuture<>();
        if (closed) {
            result.completeExceptionally(
                    new ChannelClosedException("This client is closed", false));
            return result;
        }
        TcpClient.create(ConnectionProvider.newConnection())
                .host(address.getHostString())
                .port(address.getPort())
                .runOn(loops.resources(), true)
                .option(ChannelOption.TCP_NODELAY, true)
                .option(ChannelOption.SO_KEEPALIVE, true)
                .option(
                        ChannelOption.CONNECT_TIMEOUT_MILLIS,
                        Math.toIntExact(options.connectTimeout().toMillis()))
                .option(
                        ChannelOption.WRITE_BUFFER_WATER_MARK,
                        new WriteBufferWaterMark(1 << 20, 4 << 20))
                .doOnChannelInit(
                        (observer, channel, remote) ->
                                channel.pipeline()
                                        .addFirst(
                                                "headrace",
                                                new MultiplexedChannel.Installer(
                                                        loops, options, address, open, result)))
                .handle((in, out) -> Mono.never())
                .connect()
                .subscribe(connection -> {}, result::completeExceptionally);
        return result;
    }

    @Override
    public void close() {
        closed = true;
        open.forEach(MultiplexedChannel::close);
    }
}
