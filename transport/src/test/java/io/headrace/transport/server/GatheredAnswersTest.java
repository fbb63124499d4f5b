package io.headrace.transport.server;

import static io.headrace.transport.server.ServersAndChannels.ask;
import static io.headrace.transport.server.ServersAndChannels.metadata;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.transport.channel.ClientChannel;

import org.apache.kafka.common.message.MetadataResponseData;
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
    private final ServersAndChannels net = new ServersAndChannels();

    @AfterEach
    void closeAll() {
        net.close();
    }

    private FrameServer start(Function<ServerConnection, ConnectionHandler> acceptor) {
        return net.serverOf(ServersAndChannels.options(), acceptor);
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
        ClientChannel channel = net.connect(server);
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
        ClientChannel channel = net.connect(server);
        List<CompletableFuture<MetadataResponseData>> answers = new ArrayList<>();
        for (int i = 0; i < sizes.length; i++) {
            answers.add(ask(channel));
        }
        for (int i = 0; i < sizes.length; i++) {
            assertThat(answers.get(i).get(10, TimeUnit.SECONDS).clusterId()).hasSize(sizes[i]);
        }
    }
}
