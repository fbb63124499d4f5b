package io.headrace.storage.handler;

import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.ShardOwnerImage;
import io.headrace.protocol.metadata.TopicImage;
import io.headrace.storage.forward.ForwardException;
import io.headrace.storage.forward.ForwardTarget;
import io.headrace.storage.forward.Forwarder;
import io.headrace.storage.share.PersistedState;
import io.headrace.storage.share.RecordState;
import io.headrace.storage.share.SharePartitionKey;
import io.headrace.storage.share.StateBatch;
import io.headrace.storage.share.StateWrite;
import io.headrace.storage.sharefetch.ShareStateStore;
import io.headrace.transport.loop.Loop;

import org.apache.kafka.common.message.ReadShareGroupStateRequestData;
import org.apache.kafka.common.message.ReadShareGroupStateResponseData;
import org.apache.kafka.common.message.WriteShareGroupStateRequestData;
import org.apache.kafka.common.message.WriteShareGroupStateResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Asks the share-state shards for the state of share partitions (KIP-932's state APIs). Reads and
 * writes may be repeated: the shard takes the same write twice without harm. Any thread.
 */
public final class ShareStateQuestions implements ShareStateStore {
    private static final Logger LOG = LoggerFactory.getLogger(ShareStateQuestions.class);
    private static final String STATE_TOPIC = "__share_group_state";
    private static final short READ_VERSION = 0;
    private static final short WRITE_VERSION = 1;
    private static final long RETRY_PAUSE_MS = 100;

    /** As long as a coordinator's fail-over may take; the client's own timeout is 30 s. */
    private static final long PATIENCE_MS = 15_000;

    private final Forwarder forwarder;
    private final Supplier<MetadataImage> image;
    private final Loop loop;
    private final LongSupplier clockMs;

    /**
     * @param loop where retries wait
     */
    public ShareStateQuestions(
            Forwarder forwarder, Supplier<MetadataImage> image, Loop loop, LongSupplier clockMs) {
        this.forwarder = forwarder;
        this.image = image;
        this.loop = loop;
        this.clockMs = clockMs;
    }

    @Override
    public CompletableFuture<Answer> read(SharePartitionKey key, int leaderEpoch) {
        CompletableFuture<Answer> result = new CompletableFuture<>();
        read(key, leaderEpoch, clockMs.getAsLong() + PATIENCE_MS, result);
        return result;
    }

    private void read(
            SharePartitionKey key,
            int leaderEpoch,
            long deadlineMs,
            CompletableFuture<Answer> result) {
        ReadShareGroupStateRequestData question =
                new ReadShareGroupStateRequestData().setGroupId(key.groupId());
        question.topics()
                .add(
                        new ReadShareGroupStateRequestData.ReadStateData()
                                .setTopicId(key.topicId())
                                .setPartitions(
                                        List.of(
                                                new ReadShareGroupStateRequestData.PartitionData()
                                                        .setPartition(key.partition())
                                                        .setLeaderEpoch(leaderEpoch))));
        CoordinatorQuestions.ask(
                        forwarder,
                        shardOf(key),
                        ApiKeys.READ_SHARE_GROUP_STATE,
                        READ_VERSION,
                        question,
                        ReadShareGroupStateResponseData.class)
                .whenComplete(
                        (response, failure) -> {
                            Answer answer =
                                    response == null
                                            ? new Answer(
                                                    errorOf(failure),
                                                    new PersistedState(0, -1, List.of()))
                                            : answerOf(key, response);
                            if (isWorthRetrying(answer.error(), deadlineMs)) {
                                loop.schedule(
                                        () -> read(key, leaderEpoch, deadlineMs, result),
                                        RETRY_PAUSE_MS);
                            } else {
                                result.complete(answer);
                            }
                        });
    }

    private static Answer answerOf(
            SharePartitionKey key, ReadShareGroupStateResponseData response) {
        for (var topic : response.results()) {
            for (var partition : topic.partitions()) {
                if (topic.topicId().equals(key.topicId())
                        && partition.partition() == key.partition()) {
                    List<StateBatch> batches = new ArrayList<>(partition.stateBatches().size());
                    for (var batch : partition.stateBatches()) {
                        batches.add(
                                new StateBatch(
                                        batch.firstOffset(),
                                        batch.lastOffset(),
                                        RecordState.restored(batch.deliveryState()),
                                        batch.deliveryCount()));
                    }
                    return new Answer(
                            Errors.forCode(partition.errorCode()),
                            new PersistedState(
                                    partition.stateEpoch(), partition.startOffset(), batches));
                }
            }
        }
        return new Answer(Errors.UNKNOWN_SERVER_ERROR, new PersistedState(0, -1, List.of()));
    }

    @Override
    public CompletableFuture<Errors> write(SharePartitionKey key, StateWrite write) {
        CompletableFuture<Errors> result = new CompletableFuture<>();
        write(key, questionOf(key, write), clockMs.getAsLong() + PATIENCE_MS, result);
        return result;
    }

    private void write(
            SharePartitionKey key,
            WriteShareGroupStateRequestData question,
            long deadlineMs,
            CompletableFuture<Errors> result) {
        CoordinatorQuestions.ask(
                        forwarder,
                        shardOf(key),
                        ApiKeys.WRITE_SHARE_GROUP_STATE,
                        WRITE_VERSION,
                        question,
                        WriteShareGroupStateResponseData.class)
                .whenComplete(
                        (response, failure) -> {
                            Errors error =
                                    response == null ? errorOf(failure) : errorOf(key, response);
                            if (isWorthRetrying(error, deadlineMs)) {
                                loop.schedule(
                                        () -> write(key, question, deadlineMs, result),
                                        RETRY_PAUSE_MS);
                            } else {
                                result.complete(error);
                            }
                        });
    }

    private static WriteShareGroupStateRequestData questionOf(
            SharePartitionKey key, StateWrite write) {
        List<WriteShareGroupStateRequestData.StateBatch> batches =
                new ArrayList<>(write.batches().size());
        for (StateBatch batch : write.batches()) {
            batches.add(
                    new WriteShareGroupStateRequestData.StateBatch()
                            .setFirstOffset(batch.firstOffset())
                            .setLastOffset(batch.lastOffset())
                            .setDeliveryState(batch.state().id())
                            .setDeliveryCount((short) Math.min(batch.deliveryCount(), 32_767)));
        }
        WriteShareGroupStateRequestData.PartitionData partition =
                new WriteShareGroupStateRequestData.PartitionData()
                        .setPartition(key.partition())
                        .setStateEpoch(write.stateEpoch())
                        .setLeaderEpoch(write.leaderEpoch())
                        .setStartOffset(write.startOffset())
                        .setDeliveryCompleteCount(write.deliveryCompleteCount())
                        .setStateBatches(batches);
        return new WriteShareGroupStateRequestData()
                .setGroupId(key.groupId())
                .setTopics(
                        List.of(
                                new WriteShareGroupStateRequestData.WriteStateData()
                                        .setTopicId(key.topicId())
                                        .setPartitions(List.of(partition))));
    }

    private static Errors errorOf(
            SharePartitionKey key, WriteShareGroupStateResponseData response) {
        for (var topic : response.results()) {
            for (var partition : topic.partitions()) {
                if (topic.topicId().equals(key.topicId())
                        && partition.partition() == key.partition()) {
                    return Errors.forCode(partition.errorCode());
                }
            }
        }
        return Errors.UNKNOWN_SERVER_ERROR;
    }

    private static Errors errorOf(@Nullable Throwable failure) {
        ForwardException known = failure == null ? null : Forwarder.asForwardException(failure);
        if (known != null) {
            return known.error();
        }
        LOG.warn("A share-state shard could not be asked", failure);
        return Errors.NETWORK_EXCEPTION;
    }

    private boolean isWorthRetrying(Errors error, long deadlineMs) {
        return switch (error) {
            case NOT_COORDINATOR,
                    COORDINATOR_NOT_AVAILABLE,
                    COORDINATOR_LOAD_IN_PROGRESS,
                    NETWORK_EXCEPTION,
                    REQUEST_TIMED_OUT,
                    NOT_CONTROLLER ->
                    clockMs.getAsLong() + RETRY_PAUSE_MS < deadlineMs;
            default -> false;
        };
    }

    private ForwardTarget shardOf(SharePartitionKey key) {
        TopicImage topic = image.get().topic(STATE_TOPIC);
        return topic == null || topic.partitionCount() == 0
                ? new ForwardTarget.Controller() // the first use makes the topic
                : new ForwardTarget.Shard(
                        ShardOwnerImage.SHARE,
                        ShardOwnerImage.shardOf(key.coordinatorKey(), topic.partitionCount()));
    }
}
