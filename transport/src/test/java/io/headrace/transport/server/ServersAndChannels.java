package io.headrace.transport.server;

import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.protocol.codec.ApiSchema;
import io.headrace.protocol.codec.MalformedFrameException;
import io.headrace.protocol.codec.MessageWriter;
import io.headrace.protocol.codec.OutboundFrame;
import io.headrace.protocol.codec.RequestHead;
import io.headrace.transport.channel.ChannelFactory;
import io.headrace.transport.channel.ChannelOptions;
import io.headrace.transport.channel.ClientChannel;
import io.headrace.transport.loop.LoopGroup;

import org.apache.kafka.common.message.MetadataRequestData;
import org.apache.kafka.common.message.MetadataResponseData;
import org.apache.kafka.common.protocol.ApiKeys;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * The servers of a test and the channels to them, on two loops. What is asked and answered is
 * metadata, told apart by the cluster id in the answer.
 */
final class ServersAndChannels implements AutoCloseable {
    static final ApiSchema METADATA = ApiCatalog.get(ApiKeys.METADATA);
    static final short METADATA_VERSION = 12;

    private final LoopGroup loops = LoopGroup.start("test", 2);
    private final ChannelFactory channels = new ChannelFactory(loops);
    private final List<FrameServer> servers = new ArrayList<>();

    static ServerOptions options() {
        return ServerOptions.at("127.0.0.1", 0);
    }

    ChannelFactory channels() {
        return channels;
    }

    LoopGroup loops() {
        return loops;
    }

    FrameServer server(ServerOptions options, ConnectionHandler handler) {
        return serverOf(options, connection -> handler);
    }

    FrameServer serverOf(
            ServerOptions options, Function<ServerConnection, ConnectionHandler> acceptor) {
        FrameServer server = FrameServer.start(options, loops, acceptor);
        servers.add(server);
        return server;
    }

    ClientChannel connect(FrameServer server, Duration timeout) throws Exception {
        ChannelOptions options =
                new ChannelOptions("test", Duration.ofSeconds(5), timeout, 64 << 20);
        return channels.connect(server.address(), options).get(10, TimeUnit.SECONDS);
    }

    ClientChannel connect(FrameServer server) throws Exception {
        return connect(server, Duration.ofSeconds(20));
    }

    static CompletableFuture<MetadataResponseData> ask(ClientChannel channel) {
        return channel.call(
                METADATA, METADATA_VERSION, new MetadataRequestData(), MetadataResponseData.class);
    }

    static OutboundFrame metadata(RequestHead head, String clusterId) {
        return MessageWriter.response(head, new MetadataResponseData().setClusterId(clusterId));
    }

    static OutboundFrame metadata(InboundRequest request, String clusterId) {
        return metadata(headOf(request), clusterId);
    }

    static RequestHead headOf(InboundRequest request) {
        try {
            return RequestHead.read(request.frame());
        } catch (MalformedFrameException e) {
            throw new IllegalArgumentException(e);
        }
    }

    @Override
    public void close() {
        channels.close();
        servers.forEach(FrameServer::close);
        loops.close();
    }
}
