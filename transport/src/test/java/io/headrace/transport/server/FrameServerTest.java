package io.headrace.transport.server;

import static io.headrace.transport.server.ServersAndChannels.METADATA;
import static io.headrace.transport.server.ServersAndChannels.METADATA_VERSION;
import static io.headrace.transport.server.ServersAndChannels.ask;
import static io.headrace.transport.server.ServersAndChannels.headOf;
import static io.headrace.transport.server.ServersAndChannels.metadata;
import static io.headrace.transport.server.ServersAndChannels.options;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.protocol.codec.ApiSchema;
import io.headrace.protocol.codec.FileRange;
import io.headrace.protocol.codec.MalformedFrameException;
import io.headrace.protocol.codec.MessageWriter;
import io.headrace.protocol.codec.RecordsField;
import io.headrace.protocol.codec.RequestHead;
import io.headrace.protocol.message.AuthenticateNodeRequestData;
import io.headrace.transport.auth.ClusterSecret;
import io.headrace.transport.auth.NodeAuthenticator;
import io.headrace.transport.auth.NodeHandshake;
import io.headrace.transport.channel.ChannelClosedException;
import io.headrace.transport.channel.ChannelOptions;
import io.headrace.transport.channel.ClientChannel;
import io.headrace.transport.channel.RequestTimeoutException;

import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.message.MetadataRequestData;
import org.apache.kafka.common.message.MetadataResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

@Timeout(30)
class FrameServerTest {
    private final ServersAndChannels net = new ServersAndChannels();

    @AfterEach
    void closeAll() {
        net.close();
    }

    @Test
    void answersLeaveInTheOrderOfRequestsWhateverOrderTheyAreGivenIn() throws Exception {
        Queue<InboundRequest> held = new ConcurrentLinkedQueue<>();
        CountDownLatch arrived = new CountDownLatch(3);
        FrameServer server =
                net.server(
                        options(),
                        request -> {
                            held.add(request);
                            arrived.countDown();
                        });
        ClientChannel channel = net.connect(server);
        List<Integer> order = new ArrayList<>();
        List<CompletableFuture<?>> all = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            int number = i;
            all.add(
                    ask(channel)
                            .thenAccept(
                                    answer -> {
                                        assertThat(answer.clusterId()).isEqualTo("c" + number);
                                        order.add(number);
                                    }));
        }
        assertThat(arrived.await(10, TimeUnit.SECONDS)).isTrue();
        List<InboundRequest> requests = List.copyOf(held);
        for (int i = 2; i >= 0; i--) {
            InboundRequest request = requests.get(i);
            request.reply(metadata(headOf(request), "c" + i));
        }
        CompletableFuture.allOf(all.toArray(CompletableFuture[]::new)).get(10, TimeUnit.SECONDS);
        assertThat(order).containsExactly(0, 1, 2);
    }

    @Test
    void aFileRangeArrivesAsTheFilesBytesAndIsReleasedOnce(@TempDir Path dir) throws Exception {
        byte[] content = new byte[3_000_000];
        new Random(7).nextBytes(content);
        Path file = Files.write(dir.resolve("records"), content);
        FileChannel opened = FileChannel.open(file);
        AtomicInteger released = new AtomicInteger();
        ApiSchema fetch = ApiCatalog.get(ApiKeys.FETCH);
        FrameServer server =
                net.server(
                        options(),
                        request -> {
                            var partition =
                                    new FetchResponseData.PartitionData()
                                            .setRecords(
                                                    RecordsField.of(
                                                            new FileRange(
                                                                    opened,
                                                                    1000,
                                                                    2_500_000,
                                                                    released::incrementAndGet)));
                            request.reply(
                                    MessageWriter.response(
                                            headOf(request),
                                            new FetchResponseData()
                                                    .setResponses(
                                                            List.of(
                                                                    new FetchResponseData
                                                                                    .FetchableTopicResponse()
                                                                            .setPartitions(
                                                                                    List.of(
                                                                                            partition))))));
                        });
        FetchResponseData answer =
                net.connect(server)
                        .call(fetch, (short) 16, new FetchRequestData(), FetchResponseData.class)
                        .get(20, TimeUnit.SECONDS);
        ByteBuffer received =
                RecordsField.bytes(answer.responses().get(0).partitions().get(0).records());
        assertThat(received).isEqualTo(ByteBuffer.wrap(content, 1000, 2_500_000));
        assertThat(released).hasValue(1);
        assertThat(opened.isOpen()).isTrue();
        opened.close();
    }

    @Test
    void aRequestLargerThanItsLimitClosesTheConnection() throws Exception {
        FrameServer server = net.server(options(), request -> request.fail("never"));
        try (Socket socket = new Socket()) {
            socket.connect(server.address());
            ByteBuffer start = ByteBuffer.allocate(8).putInt(9 << 20).putShort((short) 3);
            socket.getOutputStream().write(start.array());
            assertThat(endOf(socket.getInputStream())).isTrue();
        }
    }

    private static boolean endOf(InputStream stream) {
        try {
            return stream.read() == -1;
        } catch (IOException reset) {
            return true;
        }
    }

    @Test
    void aClaimedLengthTakesNoMemoryUntilBytesCome() throws Exception {
        FrameServer server = net.server(options(), InboundRequest::replyNothing);
        try (Socket socket = new Socket()) {
            socket.connect(server.address());
            ByteBuffer start = ByteBuffer.allocate(8).putInt(90 << 20).putShort((short) 0);
            socket.getOutputStream().write(start.array());
            ask(net.connect(server)).cancel(false);
            assertThat(server.memoryUsedBytes()).isLessThan(1 << 20);
        }
    }

    @Test
    void aPeerThatStopsInAFrameIsDroppedAfterTheStallTimeout() throws Exception {
        ServerOptions o = options();
        ServerOptions impatient =
                new ServerOptions(
                        o.host(),
                        o.port(),
                        o.maxConnections(),
                        o.maxConnectionsPerAddress(),
                        o.maxFrameBytes(),
                        o.maxSmallFrameBytes(),
                        o.maxInFlight(),
                        o.maxMemoryBytes(),
                        o.idleTimeout(),
                        Duration.ofMillis(200));
        FrameServer server = net.server(impatient, InboundRequest::replyNothing);
        try (Socket socket = new Socket()) {
            socket.connect(server.address());
            socket.getOutputStream().write(new byte[] {0, 0, 0, 100, 0});
            assertThat(endOf(socket.getInputStream())).isTrue();
        }
    }

    @Test
    void aLengthWithoutRoomForARequestEndsTheConnectionAtOnce() throws Exception {
        FrameServer server = net.server(options(), InboundRequest::replyNothing);
        for (byte length : new byte[] {0, 1, -1}) {
            try (Socket socket = new Socket()) {
                socket.connect(server.address());
                byte sign = (byte) (length >> 7);
                socket.getOutputStream().write(new byte[] {sign, sign, sign, length});
                assertThat(endOf(socket.getInputStream())).isTrue();
            }
        }
    }

    @Test
    void connectionsOfOneAddressAreBounded() throws Exception {
        ServerOptions o = options();
        ServerOptions two =
                new ServerOptions(
                        o.host(),
                        0,
                        10,
                        2,
                        1 << 20,
                        1 << 20,
                        8,
                        8 << 20,
                        o.idleTimeout(),
                        o.stallTimeout());
        FrameServer server =
                net.server(two, request -> request.reply(metadata(headOf(request), "yes")));
        assertThat(ask(net.connect(server)).get().clusterId()).isEqualTo("yes");
        assertThat(ask(net.connect(server)).get().clusterId()).isEqualTo("yes");
        ClientChannel third = net.connect(server);
        assertThatThrownBy(() -> ask(third).get())
                .isInstanceOf(ExecutionException.class)
                .hasCauseInstanceOf(ChannelClosedException.class);
        assertThat(server.refusedConnectionCount()).isEqualTo(1);
    }

    @Test
    void requestsBeyondTheMemoryBoundWaitAndAreAllAnswered() throws Exception {
        ServerOptions o = options();
        ServerOptions tight =
                new ServerOptions(
                        o.host(),
                        0,
                        100,
                        100,
                        4 << 20,
                        4 << 20,
                        8,
                        1 << 20,
                        o.idleTimeout(),
                        o.stallTimeout());
        FrameServer server =
                net.server(
                        tight,
                        request ->
                                net.loops()
                                        .at(0)
                                        .schedule(
                                                () ->
                                                        request.reply(
                                                                metadata(headOf(request), "done")),
                                                5));
        MetadataRequestData large = new MetadataRequestData();
        large.setTopics(List.of(new MetadataRequestData.MetadataRequestTopic()));
        large.topics().get(0).setName("x".repeat(32_000));
        List<CompletableFuture<MetadataResponseData>> answers = new ArrayList<>();
        for (int c = 0; c < 10; c++) {
            ClientChannel channel = net.connect(server);
            for (int i = 0; i < 20; i++) {
                answers.add(
                        channel.call(
                                METADATA, METADATA_VERSION, large, MetadataResponseData.class));
            }
        }
        for (CompletableFuture<MetadataResponseData> answer : answers) {
            assertThat(answer.get(20, TimeUnit.SECONDS).clusterId()).isEqualTo("done");
        }
        assertThat(server.memoryUsedBytes()).isZero();
    }

    @Test
    void framesOfAllSizesArriveUnchangedHoweverTheStreamIsCut() throws Exception {
        long seed = Long.getLong("seed", System.nanoTime());
        Random random = new Random(seed);
        Queue<byte[]> received = new ConcurrentLinkedQueue<>();
        FrameServer server =
                net.server(
                        options(),
                        request -> {
                            byte[] bytes = new byte[request.frame().remaining()];
                            request.frame().get(bytes);
                            received.add(bytes);
                            request.replyNothing();
                        });
        int[] sizes = {2, 3, 100, 16_383, 16_384, 16_385, 70_000, 1 << 20, 2_500_000, 5, 40_000};
        List<byte[]> sent = new ArrayList<>();
        try (Socket socket = new Socket()) {
            socket.connect(server.address());
            ByteBuffer stream = ByteBuffer.allocate(16 << 20);
            for (int round = 0; round < 3; round++) {
                for (int size : sizes) {
                    byte[] frame = new byte[size];
                    random.nextBytes(frame);
                    frame[0] = 0; // an API key whose requests may be large
                    frame[1] = 0;
                    sent.add(frame);
                    stream.putInt(size).put(frame);
                }
            }
            byte[] all = stream.array();
            int at = 0;
            while (at < stream.position()) {
                int piece = Math.min(stream.position() - at, 1 + random.nextInt(300_000));
                socket.getOutputStream().write(all, at, piece);
                at += piece;
            }
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
            while (received.size() < sent.size() && System.nanoTime() < deadline) {
                Thread.onSpinWait();
            }
        }
        assertThat(received).as("seed %d", seed).containsExactlyElementsOf(sent);
        assertThat(server.memoryUsedBytes()).isZero();
    }

    @Test
    void aRequestWithoutAnswerTimesOutAndTheChannelGoesOn() throws Exception {
        AtomicInteger count = new AtomicInteger();
        FrameServer server =
                net.server(
                        options(),
                        request -> {
                            RequestHead head = headOf(request);
                            if (count.getAndIncrement() == 0) {
                                request.replyNothing();
                            } else {
                                request.reply(metadata(head, "second"));
                            }
                        });
        ClientChannel channel = net.connect(server, Duration.ofMillis(300));
        assertThatThrownBy(() -> ask(channel).get())
                .hasCauseInstanceOf(RequestTimeoutException.class);
        assertThat(ask(channel).get().clusterId()).isEqualTo("second");
    }

    @Test
    void whatWaitsWhenTheConnectionEndsFailsAsSent() throws Exception {
        FrameServer server = net.server(options(), request -> request.fail("as told"));
        assertThatThrownBy(() -> ask(net.connect(server)).get())
                .hasCauseInstanceOf(ChannelClosedException.class)
                .extracting(Throwable::getCause)
                .isInstanceOfSatisfying(
                        ChannelClosedException.class, cause -> assertThat(cause.sent()).isTrue());
    }

    @Test
    void aPortInUseIsSaidInOneLine() {
        FrameServer first = net.server(options(), InboundRequest::replyNothing);
        int port = first.address().getPort();
        assertThatThrownBy(
                        () ->
                                net.server(
                                        ServerOptions.at("127.0.0.1", port),
                                        InboundRequest::replyNothing))
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageContaining("Cannot listen on 127.0.0.1:" + port);
    }

    @Test
    void nodesWithTheSameSecretKnowEachOtherAndOthersAreRefused() throws Exception {
        ClusterSecret secret = ClusterSecret.of("0123456789abcdef");
        NodeHandshake handshake = new NodeHandshake(secret);
        FrameServer server =
                net.server(
                        options(),
                        request -> {
                            RequestHead head = headOf(request);
                            try {
                                var body =
                                        (AuthenticateNodeRequestData)
                                                head.readBody(request.frame());
                                request.reply(
                                        MessageWriter.response(head, handshake.onRequest(body)));
                            } catch (MalformedFrameException e) {
                                request.fail("malformed");
                            }
                        });
        ClientChannel channel = net.connect(server);
        NodeAuthenticator other =
                new NodeAuthenticator(ClusterSecret.of("another secret..."), 7, "storage");
        assertThatThrownBy(() -> other.authenticate(channel).get())
                .hasMessageContaining("another cluster secret");
        assertThat(handshake.peer()).isNull();
        new NodeAuthenticator(secret, 7, "storage").authenticate(channel).get();
        assertThat(handshake.peer()).isEqualTo(new NodeHandshake.Peer(7, "storage"));
    }

    @Test
    void connectingToNobodyFailsAndNamesTheAddress() {
        FrameServer server = net.server(options(), InboundRequest::replyNothing);
        InetSocketAddress address = server.address();
        server.close();
        assertThatThrownBy(
                        () ->
                                net.channels()
                                        .connect(address, ChannelOptions.of("test"))
                                        .get(10, TimeUnit.SECONDS))
                .hasMessageContaining(String.valueOf(address.getPort()));
    }
}
