package io.headrace.storage.forward;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.protocol.codec.ApiSchema;
import io.headrace.protocol.message.AuthenticateNodeRequestData;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.ShardOwnerImage;
import io.headrace.protocol.metadata.record.CoordinatorRecord;
import io.headrace.protocol.metadata.record.PartitionRecord;
import io.headrace.protocol.metadata.record.ShardOwnerRecord;
import io.headrace.protocol.metadata.record.TakeOverRecord;
import io.headrace.protocol.metadata.record.TopicRecord;
import io.headrace.testkit.wait.Eventually;
import io.headrace.transport.auth.ClusterSecret;
import io.headrace.transport.auth.NodeAuthenticator;
import io.headrace.transport.auth.NodeHandshake;
import io.headrace.transport.channel.ChannelOptions;
import io.headrace.transport.channel.ClientChannel;
import io.headrace.transport.channel.Connector;
import io.headrace.transport.loop.Loop;
import io.headrace.transport.loop.LoopGroup;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.EnvelopeRequestData;
import org.apache.kafka.common.message.EnvelopeResponseData;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

@Timeout(20)
class ForwarderTest {
    private static final ClusterSecret SECRET = ClusterSecret.of("a secret of many characters");
    private static final int CONTROLLER = 1001;
    private static final int OTHER = 1002;
    private static final String TOPIC = "__consumer_offsets";

    private final List<Integer> sent = new CopyOnWriteArrayList<>();
    private final LoopGroup loops = LoopGroup.start("forwarder-test", 1);
    private volatile MetadataImage image =
            MetadataImage.EMPTY.applyAll(
                    List.of(
                            new TakeOverRecord().setControllerId(CONTROLLER).setControllerEpoch(1),
                            coordinator(CONTROLLER),
                            coordinator(OTHER)),
                    3);
    private volatile Function<Integer, Errors> answers = coordinator -> Errors.NOT_COORDINATOR;
    private final CoordinatorLinks links =
            new CoordinatorLinks(
                    List.of(InetSocketAddress.createUnresolved("localhost", CONTROLLER)),
                    loops,
                    new Coordinators(),
                    ChannelOptions.of("test"),
                    new NodeAuthenticator(SECRET, 1, "storage"),
                    () -> image,
                    () -> System.nanoTime() / 1_000_000);
    private final Forwarder forwarder = new Forwarder(links, System::currentTimeMillis, 10);

    @AfterEach
    void stop() {
        links.close();
        loops.close();
    }

    private static CoordinatorRecord coordinator(int id) {
        return new CoordinatorRecord()
                .setCoordinatorId(id)
                .setIncarnationId(new Uuid(1, id))
                .setHost("localhost")
                .setPort(id);
    }

    /** The topic is there, and its only shard belongs to the coordinator that is no controller. */
    private static List<ApiMessage> firstUse() {
        Uuid topicId = new Uuid(2, 2);
        return List.of(
                new TopicRecord().setName(TOPIC).setTopicId(topicId).setInternal(true),
                new PartitionRecord().setTopicId(topicId).setReplicas(List.of(1)),
                new ShardOwnerRecord()
                        .setKind(ShardOwnerImage.GROUP)
                        .setShard(0)
                        .setOwnerId(OTHER)
                        .setShardEpoch(0));
    }

    /** A heartbeat of a cluster's first group was lost: the controller kept refusing it. */
    @Test
    void aRequestThatCameBeforeItsShardsFindsTheirOwner() throws Exception {
        answers =
                coordinator -> {
                    if (image.topic(TOPIC) == null) {
                        image = image.applyAll(firstUse(), 6); // the controller made it
                    }
                    return coordinator == OTHER ? Errors.NONE : Errors.NOT_COORDINATOR;
                };
        CompletableFuture<ByteBuffer> answer =
                forwarder.forward(
                        new Forwarder.Letter(
                                new ForwardTarget.FirstUse(ShardOwnerImage.GROUP, TOPIC, "g"),
                                ByteBuffer.allocate(8),
                                InetAddress.getLoopbackAddress(),
                                Duration.ofSeconds(10),
                                () -> false,
                                Errors.NETWORK_EXCEPTION));
        assertThat(answer.get(5, TimeUnit.SECONDS).getInt()).isEqualTo(OTHER);
    }

    @Test
    void whatComesWhileOthersWaitToBeSentAgainStaysBehindThem() throws Exception {
        image = image.applyAll(firstUse(), 6);
        List<CompletableFuture<ByteBuffer>> results = new CopyOnWriteArrayList<>();
        answers =
                coordinator -> {
                    if (sent.size() == 3) {
                        // While all three wait to be sent again.
                        results.add(forward(4));
                        results.add(forward(5));
                    }
                    return sent.size() > 3 ? Errors.NONE : Errors.NOT_COORDINATOR;
                };
        loops.at(0)
                .execute(
                        () -> {
                            results.add(forward(1));
                            results.add(forward(2));
                            results.add(forward(3));
                        });
        Eventually.until(
                Duration.ofSeconds(5),
                () -> results.size() == 5 && results.stream().allMatch(CompletableFuture::isDone),
                "all are answered");
        assertThat(sent).containsExactly(1, 1, 1, 1, 2, 3, 4, 5);
    }

    private CompletableFuture<ByteBuffer> forward(int number) {
        return forwarder.forward(
                new Forwarder.Letter(
                        new ForwardTarget.Shard(ShardOwnerImage.GROUP, 0),
                        ByteBuffer.allocate(4).putInt(number).flip(),
                        InetAddress.getLoopbackAddress(),
                        Duration.ofSeconds(10),
                        () -> false,
                        Errors.NETWORK_EXCEPTION));
    }

    /** Connections to coordinators by port, which is their id. */
    private final class Coordinators implements Connector {
        private final List<ClientChannel> opened = new ArrayList<>();

        @Override
        public CompletableFuture<ClientChannel> connect(
                InetSocketAddress address, ChannelOptions options) {
            ClientChannel channel = new Link(address, options);
            opened.add(channel);
            return CompletableFuture.completedFuture(channel);
        }

        @Override
        public void close() {
            opened.forEach(ClientChannel::close);
        }
    }

    private final class Link implements ClientChannel {
        private final InetSocketAddress address;
        private final ChannelOptions options;
        private final NodeHandshake handshake = new NodeHandshake(SECRET);
        private final CompletableFuture<Void> closed = new CompletableFuture<>();

        Link(InetSocketAddress address, ChannelOptions options) {
            this.address = address;
            this.options = options;
        }

        private ApiMessage answer(ApiMessage body) {
            if (body instanceof AuthenticateNodeRequestData authenticate) {
                return handshake.onRequest(authenticate);
            }
            int coordinator = address.getPort();
            sent.add(((EnvelopeRequestData) body).requestData().duplicate().getInt());
            Errors error = answers.apply(coordinator);
            EnvelopeResponseData response = new EnvelopeResponseData().setErrorCode(error.code());
            if (error == Errors.NONE) {
                response.setResponseData(ByteBuffer.allocate(4).putInt(coordinator).flip());
            }
            return response;
        }

        @Override
        public <T extends ApiMessage> CompletableFuture<T> call(
                ApiSchema api,
                short version,
                ApiMessage body,
                Class<T> response,
                Duration timeout) {
            return CompletableFuture.completedFuture(response.cast(answer(body)));
        }

        @Override
        public CompletableFuture<ByteBuffer> send(
                ApiSchema api, short version, ApiMessage body, Duration timeout) {
            throw new UnsupportedOperationException("Only calls");
        }

        @Override
        public void sendOneWay(ApiSchema api, short version, ApiMessage body) {
            throw new UnsupportedOperationException("Only calls");
        }

        @Override
        public boolean isOpen() {
            return !closed.isDone();
        }

        @Override
        public boolean isWritable() {
            return true;
        }

        @Override
        public CompletableFuture<Void> closed() {
            return closed;
        }

        @Override
        public void close() {
            closed.complete(null);
        }

        @Override
        public Loop loop() {
            return loops.at(0);
        }

        @Override
        public InetSocketAddress address() {
            return address;
        }

        @Override
        public ChannelOptions options() {
            return options;
        }
    }
}
