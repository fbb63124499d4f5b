package io.headrace.transport.server;

import static org.assertj.core.api.Assertions.assertThat;

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
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

/** Answers written together: none is lost, mixed up or held back. */
@Timeout(30)
class GatheredAnswersTest {
    private static final ApiSchema METADATA = ApiCatalog.get(ApiKeys.METADATA);

    private final LoopGroup loops = LoopGroup.start("test", 2);
    private final ChannelFactory channels = new ChannelFactory(loops);
    private final List<FrameServer> servers = new ArrayList<>();

    @AfterEach
    void closeAll() {
        channels.close();
        servers.forEach(FrameServer::close);
        loops.close();
    }

    private FrameServer start(Function<ServerConnection, ConnectionHandler> acceptor) {
        FrameServer server = FrameServer.start(ServerOptions.at("127.0.0.1", 0), loops, acceptor);
        servers.add(server);
        return server;
    }

    private ClientChannel connect(FrameServer server) throws Exception {
        return channels.connect(server.address(), ChannelOptions.of("test"))
                .get(10, TimeUnit.SECONDS);
    }

    private static CompletableFuture<MetadataResponseData> ask(ClientChannel channel) {
        return channel.call(
                METADATA, (short) 12, new MetadataRequestData(), MetadataResponseData.class);
    }

    private static OutboundFrame metadata(InboundRequest request, String clusterId) {
        try {
            return MessageWriter.response(
                    RequestHead.read(request.frame()),
                    new MetadataResponseData().setClusterId(clusterId));
        } catch (MalformedFrameException e) {
            throw new IllegalArgumentException(e);
        }
    }

    @Test
    void answersOfALinkLeaveInTheOrderInWhichTheyAreGiven() throws Exception {
        Queue<InboundRequest> held = new ConcurrentLinkedQueue<>();
        CountDownLatch arrived = new CountDownLatch(4);
        FrameServer server =
                start(
                        connection -> {
                            connection.answerInAnyOrder();
                            return request -> {
                                held.add(request);
                                arrived.countDown();
                            };
                        });
        ClientChannel channel = connect(server);
        Queue<String> order = new ConcurrentLinkedQueue<>();
        List<CompletableFuture<?>> all = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            all.add(ask(channel).thenAccept(answer -> order.add(answer.clusterId())));
        }
        assertThat(arrived.await(10, TimeUnit.SECONDS)).isTrue();
        List<InboundRequest> requests = List.copyOf(held);
        List<Integer> given = List.of(2, 0, 3, 1);
        for (int i : given) {
            InboundRequest request = requests.get(i);
            request.reply(metadata(request, "c" + i));
        }
        CompletableFuture.allOf(all.toArray(CompletableFuture[]::new)).get(10, TimeUnit.SECONDS);
        assertThat(order).containsExactlyElementsOf(given.stream().map(i -> "c" + i).toList());
    }

    @Test
    void answersOfAllSizesArriveWhole() throws Exception {
        int[] sizes = {0, 1, 3_900, 4_000, 4_096, 4_200, 30_000};
        AtomicInteger next = new AtomicInteger();
        FrameServer server =
                start(
                        connection ->
                                request -> {
                                    String id = "x".repeat(sizes[next.getAndIncrement()]);
                                    request.reply(metadata(request, id));
                                });
        ClientChannel channel = connect(server);
        List<CompletableFuture<MetadataResponseData>> answers = new ArrayList<>();
        for (int i = 0; i < sizes.length; i++) {
            answers.add(ask(channel));
        }
        for (int i = 0; i < sizes.length; i++) {
            assertThat(answers.get(i).get(10, TimeUnit.SECONDS).clusterId()).hasSize(sizes[i]);
        }
    }
}
