package io.headrace.client.consume;

import io.headrace.client.connection.Connections;
import io.headrace.client.connection.Failures;
import io.headrace.client.connection.NodeConnection;
import io.headrace.client.connection.Retrier;
import io.headrace.client.error.ServerErrorException;
import io.headrace.client.metadata.ClusterView;
import io.headrace.client.metadata.ClusterView.NodeView;
import io.headrace.client.metadata.ClusterView.PartitionView;
import io.headrace.client.metadata.ClusterView.TopicView;
import io.headrace.client.metadata.LeaderCalls;
import io.headrace.client.metadata.Metadata;
import io.headrace.transport.loop.Loop;
import io.headrace.transport.loop.LoopGroup;

import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.message.FetchResponseData.PartitionData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;

import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;

/** The consumer over read engines. */
public final class PartitionConsumer implements Consumer {
    private static final short LAST_VERSION_WITH_NAMES = 12;
    private static final int NO_SESSION_EPOCH = -1;

    private final Connections connections;
    private final Metadata metadata;
    private final OffsetLookup offsets;
    private final Retrier retrier;
    private final LoopGroup loops;
    private final LanePool fetchLanes = new LanePool("fetch");
    private final AtomicInteger nextReader = new AtomicInteger();

    public PartitionConsumer(
            Connections connections,
            Metadata metadata,
            LeaderCalls leaders,
            Retrier retrier,
            LoopGroup loops) {
        this.connections = connections;
        this.metadata = metadata;
        this.offsets = new OffsetLookup(leaders, connections.options().requestTimeout());
        this.retrier = retrier;
        this.loops = loops;
    }

    @Override
    public Flux<ConsumedRecord> read(Assignment assignment, ReadOptions options) {
        return Flux.from(
                subscriber ->
                        begin(
                                new ReadSubscription.OfRecords(
                                        subscriber, options, options.stopAtEnd()) {},
                                subscriber::onSubscribe,
                                assignment,
                                options));
    }

    @Override
    public Flux<FetchedBatches> readBatches(Assignment assignment, ReadOptions options) {
        return Flux.from(
                subscriber ->
                        begin(
                                new ReadSubscription.OfBatches(subscriber, options.stopAtEnd()) {},
                                subscriber::onSubscribe,
                                assignment,
                                options));
    }

    private <T> void begin(
            ReadSubscription<T> subscription,
            java.util.function.Consumer<ReadSubscription<T>> onSubscribe,
            Assignment assignment,
            ReadOptions options) {
        int number = nextReader.getAndIncrement() & Integer.MAX_VALUE;
        Loop loop = loops.at(number % loops.size());
        ReadEngine engine =
                new ReadEngine(
                        connections,
                        metadata,
                        offsets,
                        loop,
                        options,
                        "reader-" + number,
                        subscription);
        subscription.start(engine);
        onSubscribe.accept(subscription);
        expand(assignment)
                .whenCompleteAsync(
                        (positions, failure) -> {
                            if (failure != null) {
                                subscription.fail(Failures.of(failure, "Reading"));
                            } else {
                                engine.add(positions);
                                subscription.onStarted();
                            }
                        },
                        loop);
    }

    private CompletableFuture<Map<TopicPartition, Position>> expand(Assignment assignment) {
        CompletableFuture<Map<TopicPartition, Position>> all =
                CompletableFuture.completedFuture(new HashMap<>(assignment.partitions()));
        for (Map.Entry<String, Position> topic : assignment.topics().entrySet()) {
            all =
                    all.thenCombine(
                            metadata.topic(topic.getKey()),
                            (positions, view) -> {
                                for (PartitionView partition : view.partitions()) {
                                    positions.putIfAbsent(
                                            new TopicPartition(view.name(), partition.partition()),
                                            topic.getValue());
                                }
                                return positions;
                            });
        }
        return all;
    }

    @Override
    public Mono<FetchedBatches> fetch(TopicPartition partition, long offset, FetchOptions options) {
        return Mono.defer(
                () ->
                        Mono.fromFuture(
                                retrier.run(
                                        "Fetching " + partition,
                                        () -> fetchOnce(partition, offset, options)),
                                true));
    }

    private CompletableFuture<FetchedBatches> fetchOnce(
            TopicPartition partition, long offset, FetchOptions options) {
        return metadata.leader(partition)
                .thenCompose(leader -> fetchFrom(leader, partition, offset, options))
                .whenComplete(
                        (answer, failure) -> {
                            if (failure != null && Failures.of(failure, "Fetching").retriable()) {
                                metadata.refresh();
                            }
                        });
    }

    private CompletableFuture<FetchedBatches> fetchFrom(
            NodeView leader, TopicPartition partition, long offset, FetchOptions options) {
        LanePool.Lease lease = fetchLanes.lease(leader.id());
        return connections
                .get(leader.address(), lease.lane())
                .thenCompose(connection -> call(connection, partition, offset, options))
                .whenComplete((answer, failure) -> lease.release());
    }

    private CompletableFuture<FetchedBatches> call(
            NodeConnection connection,
            TopicPartition partition,
            long offset,
            FetchOptions options) {
        ClusterView view = metadata.latest();
        TopicView topic = view.topics().get(partition.topic());
        PartitionView known = view.partition(partition);
        Uuid id = topic == null ? Uuid.ZERO_UUID : topic.topicId();
        boolean useIds = !id.equals(Uuid.ZERO_UUID);
        short version =
                useIds
                        ? connection.ranges().version(ApiKeys.FETCH)
                        : connection.ranges().version(ApiKeys.FETCH, LAST_VERSION_WITH_NAMES);
        FetchRequestData request =
                new FetchRequestData()
                        .setMaxWaitMs((int) options.maxWait().toMillis())
                        .setMinBytes(options.minBytes())
                        .setMaxBytes(options.maxBytes())
                        .setIsolationLevel(options.isolation().code())
                        .setSessionEpoch(NO_SESSION_EPOCH);
        FetchRequestData.FetchTopic asked = new FetchRequestData.FetchTopic();
        if (version > LAST_VERSION_WITH_NAMES) {
            asked.setTopicId(id);
        } else {
            asked.setTopic(partition.topic());
        }
        asked.partitions()
                .add(
                        new FetchRequestData.FetchPartition()
                                .setPartition(partition.partition())
                                .setFetchOffset(offset)
                                .setLogStartOffset(-1)
                                .setCurrentLeaderEpoch(known == null ? -1 : known.leaderEpoch())
                                .setPartitionMaxBytes(options.maxBytes()));
        request.setTopics(List.of(asked));
        Duration timeout = connections.options().requestTimeout().plus(options.maxWait());
        return connection
                .call(ApiKeys.FETCH, version, request, FetchResponseData.class, timeout)
                .thenApply(answer -> decode(partition, offset, options, answer));
    }

    private static FetchedBatches decode(
            TopicPartition partition, long offset, FetchOptions options, FetchResponseData answer) {
        String what = "Fetching " + partition + " at offset " + offset;
        Errors error = Errors.forCode(answer.errorCode());
        if (error == Errors.NONE
                && (answer.responses().isEmpty()
                        || answer.responses().getFirst().partitions().isEmpty())) {
            error = Errors.UNKNOWN_TOPIC_OR_PARTITION;
        }
        if (error != Errors.NONE) {
            throw ServerErrorException.of(error, what, null);
        }
        PartitionData part = answer.responses().getFirst().partitions().getFirst();
        if (part.errorCode() != Errors.NONE.code()) {
            throw ServerErrorException.of(Errors.forCode(part.errorCode()), what, null);
        }
        return FetchAnswers.of(partition, offset, options.isolation(), part);
    }

    @Override
    public Mono<Map<TopicPartition, FoundOffset>> offsets(Map<TopicPartition, Position> positions) {
        return Mono.defer(
                () ->
                        Mono.fromFuture(
                                offsets.find(positions, IsolationLevel.READ_UNCOMMITTED)
                                        .thenApply(LeaderCalls.Answers::orThrow),
                                true));
    }
}
