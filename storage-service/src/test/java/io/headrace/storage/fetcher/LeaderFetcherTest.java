package io.headrace.storage.fetcher;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.protocol.codec.ApiSchema;
import io.headrace.protocol.codec.PrivateFields;
import io.headrace.protocol.codec.RecordsField;
import io.headrace.protocol.message.AuthenticateNodeRequestData;
import io.headrace.protocol.metadata.Endpoint;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.record.NodeRecord;
import io.headrace.protocol.metadata.record.PartitionRecord;
import io.headrace.protocol.metadata.record.TopicRecord;
import io.headrace.storage.log.LogConfig;
import io.headrace.storage.log.LogRuntime;
import io.headrace.storage.log.LogStore;
import io.headrace.storage.log.LogStoreProperties;
import io.headrace.storage.partition.Partition;
import io.headrace.storage.partition.PartitionSurroundings;
import io.headrace.storage.partition.Partitions;
import io.headrace.testkit.clock.ManualLoop;
import io.headrace.testkit.disk.SimulatedDisk;
import io.headrace.transport.auth.ClusterSecret;
import io.headrace.transport.auth.NodeAuthenticator;
import io.headrace.transport.auth.NodeHandshake;
import io.headrace.transport.channel.ChannelOptions;
import io.headrace.transport.channel.ClientChannel;
import io.headrace.transport.channel.Connector;
import io.headrace.transport.loop.Loop;
import io.headrace.transport.loop.Loops;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.FetchRequestData.FetchPartition;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.message.FetchResponseData.FetchableTopicResponse;
import org.apache.kafka.common.message.FetchResponseData.PartitionData;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;

/** Goal: what a follower asks of its leader, and when; node 2 follows node 1. */
class LeaderFetcherTest {
    private static final ClusterSecret SECRET = ClusterSecret.of("a secret of many characters");
    private static final Uuid ORDERS = new Uuid(7, 11);
    private static final Uuid QUIET = new Uuid(7, 12);
    private static final long NODE_EPOCH = 20;
    private static final int SESSION = 99;

    private final ManualLoop time = new ManualLoop(0);
    private final Loop loop = new TestLoop();
    private final List<Asked> asked = new ArrayList<>();
    private MetadataImage image = MetadataImage.EMPTY.applyAll(cluster(), 4);
    private Partitions partitions;

    /** A fetch that reached the leader. */
    private record Asked(FetchRequestData request, CompletableFuture<FetchResponseData> answer) {
        boolean isReport() {
            return request.maxBytes() == 0;
        }

        List<Uuid> topics() {
            return request.topics().stream().map(FetchRequestData.FetchTopic::topicId).toList();
        }

        FetchPartition only() {
            return request.topics().getFirst().partitions().getFirst();
        }
    }

    @BeforeEach
    void start() throws IOException {
        Loops loops =
                new Loops() {
                    @Override
                    public int size() {
                        return 1;
                    }

                    @Override
                    public Loop at(int index) {
                        return loop;
                    }
                };
        LogStore store =
                LogStore.open(
                        LogStoreProperties.of(
                                List.of(SimulatedDisk.withSeed(1).path("/data")), "cluster-a", 2),
                        new LogRuntime(
                                Runnable::run,
                                id -> loop,
                                time::nowMs,
                                new SplittableRandom(1),
                                () -> "boot-1",
                                Runnable::run),
                        topic -> LogConfig.of(Map.of()),
                        (done, total, read) -> {});
        LeaderFetchers fetchers =
                new LeaderFetchers(
                        FetcherSettings.of(2, () -> NODE_EPOCH, () -> image),
                        loops,
                        new Leader(),
                        new NodeAuthenticator(SECRET, 2, "storage"));
        partitions =
                new Partitions(
                        new PartitionSurroundings(
                                2,
                                10_000,
                                Runnable::run,
                                time::nowMs,
                                time::nowMs,
                                fetchers,
                                (asker, proposal) -> {}),
                        loops,
                        store,
                        Map.of());
        partitions.apply(image, Set.of(QUIET, ORDERS), NODE_EPOCH);
        time.runDue();
    }

    private static List<ApiMessage> cluster() {
        NodeRecord leader = new NodeRecord().setNodeId(1).setNodeEpoch(10);
        leader.endpoints()
                .add(
                        new NodeRecord.EndpointRecord()
                                .setName(Endpoint.NODE)
                                .setHost("one")
                                .setPort(9092));
        return List.of(
                leader,
                new TopicRecord().setName("quiet").setTopicId(QUIET),
                led(QUIET, 1, 0),
                new TopicRecord().setName("orders").setTopicId(ORDERS),
                led(ORDERS, 3, 0));
    }

    private static PartitionRecord led(Uuid topicId, int leader, int leaderEpoch) {
        return new PartitionRecord()
                .setTopicId(topicId)
                .setReplicas(List.of(1, 2, 3))
                .setLeader(leader)
                .setLeaderNodeEpoch(10)
                .setLeaderEpoch(leaderEpoch)
                .setPartitionEpoch(leaderEpoch);
    }

    /** Has the session begin and a fetch wait at the leader. */
    private Asked waiting() {
        Asked first = asked.getLast();
        assertThat(first.topics()).containsExactly(QUIET);
        first.answer().complete(answer(QUIET, 0));
        time.runDue();
        Asked waiting = asked.getLast();
        assertThat(waiting.request().sessionId()).isEqualTo(SESSION);
        assertThat(waiting.request().maxWaitMs()).isPositive();
        return waiting;
    }

    private void lead(Uuid topicId, int leader, int leaderEpoch) {
        image = image.applyAll(List.of(led(topicId, leader, leaderEpoch)), image.nextOffset() + 1);
        partitions.apply(image, Set.of(topicId), NODE_EPOCH);
        time.runDue();
    }

    private Partition orders() {
        return Objects.requireNonNull(partitions.find(ORDERS, 0));
    }

    private static FetchResponseData answer(Uuid topicId, int leaderCheck) {
        PartitionData data =
                new PartitionData()
                        .setPartitionIndex(0)
                        .setHighWatermark(0)
                        .setLogStartOffset(0)
                        .setRecords(RecordsField.empty());
        PrivateFields.addInt(data, PrivateFields.LEADER_CHECK, leaderCheck);
        return new FetchResponseData()
                .setSessionId(SESSION)
                .setResponses(
                        List.of(
                                new FetchableTopicResponse()
                                        .setTopicId(topicId)
                                        .setPartitions(List.of(data))));
    }

    /**
     * A leader that was elected waited up to half a second for its followers: each had a fetch of
     * other partitions waiting there, and told of the new one only with the next.
     */
    @Test
    void aPartitionThatComesToALeaderIsAskedForThoughAFetchWaitsThere() {
        Asked waiting = waiting();
        lead(ORDERS, 1, 1);
        Asked told = asked.getLast();
        assertThat(told).isNotSameAs(waiting);
        assertThat(told.isReport()).isTrue();
        assertThat(told.topics()).containsExactly(ORDERS);
        assertThat(told.only().currentLeaderEpoch()).isEqualTo(1);
    }

    /**
     * A leader that was restarted waited up to half a second for a follower whose first fetch, of
     * other partitions, waited there: until it was answered there was no session to report in.
     */
    @Test
    void aSessionBeginsWithoutWaitingForRecords() {
        assertThat(asked.getLast().request().sessionId()).isZero();
        assertThat(asked.getLast().request().maxWaitMs()).isZero();
        assertThat(waiting().request().maxWaitMs()).isPositive();
    }

    @Test
    void aLeaderThatGrantsNoSessionIsNotAskedWithoutPause() {
        asked.getLast().answer().complete(answer(QUIET, 0).setSessionId(0));
        time.runDue();
        assertThat(asked).hasSize(2);
        assertThat(asked.getLast().request().sessionId()).isZero();
        assertThat(asked.getLast().request().maxWaitMs()).isPositive();
    }

    /** What a node said as leader of one epoch tells nothing of the next one that it leads. */
    @Test
    void anAnswerFromBeforeAPartitionWasFollowedDoesNotCount() {
        Asked waiting = waiting();
        lead(ORDERS, 1, 1);
        Asked report = asked.getLast();
        lead(ORDERS, 1, 2);
        waiting.answer().complete(new FetchResponseData().setSessionId(SESSION));
        time.runDue();
        Asked next = asked.getLast();
        assertThat(next.only().currentLeaderEpoch()).isEqualTo(2);
        report.answer().complete(answer(ORDERS, 17));
        time.runDue();
        assertThat(Objects.requireNonNull(orders().follower().point()).heardCheck()).isEqualTo(-1);
        next.answer().complete(answer(ORDERS, 3));
        time.runDue();
        assertThat(Objects.requireNonNull(orders().follower().point()).heardCheck()).isEqualTo(3);
    }

    /**
     * A partition that the leader refused is asked for again after its pause, not half a second.
     */
    @Test
    void aPartitionThatTheLeaderDoesNotKnowYetIsAskedForAgainSoon() {
        Asked waiting = waiting();
        lead(ORDERS, 1, 1);
        asked.getLast().answer().complete(refused());
        waiting.answer().complete(new FetchResponseData().setSessionId(SESSION));
        time.runDue();
        asked.getLast().answer().complete(refused());
        time.runDue();
        int before = asked.size();
        time.advance(Duration.ofMillis(50));
        assertThat(asked.subList(before, asked.size()))
                .anySatisfy(again -> assertThat(again.topics()).containsExactly(ORDERS));
    }

    private static FetchResponseData refused() {
        FetchResponseData refused = answer(ORDERS, -1);
        refused.responses()
                .getFirst()
                .partitions()
                .getFirst()
                .setErrorCode(Errors.NOT_LEADER_OR_FOLLOWER.code());
        return refused;
    }

    private final class TestLoop implements Loop {
        @Override
        public boolean inLoop() {
            return true;
        }

        @Override
        public void execute(Runnable task) {
            time.execute(task);
        }

        @Override
        public ScheduledTask schedule(Runnable task, long delayMs) {
            ManualLoop.Scheduled scheduled = time.after(Duration.ofMillis(delayMs), task);
            return scheduled::cancel;
        }
    }

    /** Connections to leaders, which answer fetches when the test does. */
    private final class Leader implements Connector {
        @Override
        public CompletableFuture<ClientChannel> connect(
                InetSocketAddress address, ChannelOptions options) {
            return CompletableFuture.completedFuture(new Link(address, options));
        }

        @Override
        public void close() {}
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

        @Override
        public <T extends ApiMessage> CompletableFuture<T> call(
                ApiSchema api,
                short version,
                ApiMessage body,
                Class<T> response,
                Duration timeout) {
            if (body instanceof AuthenticateNodeRequestData proof) {
                return CompletableFuture.completedFuture(response.cast(handshake.onRequest(proof)));
            }
            CompletableFuture<FetchResponseData> answer = new CompletableFuture<>();
            asked.add(new Asked((FetchRequestData) body, answer));
            return answer.thenApply(response::cast);
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
            return loop;
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
