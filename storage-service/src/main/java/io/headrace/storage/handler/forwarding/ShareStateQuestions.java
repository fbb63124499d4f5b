package io.headrace.storage.handler.forwarding;

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
import io.headrace.storage.sharefetch.StateQueue;
import io.headrace.transport.loop.Loop;

import org.apache.kafka.common.Uuid;
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
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
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

    /**
     * In batches of records: what an answer to a read may hold, and what a write has beside them.
     */
    private static final int READ_WEIGHT = 100;

    private static final int WRITE_WEIGHT = 20;

    /** As long as a coordinator's fail-over may take; the client's own timeout is 30 s. */
    private static final long PATIENCE_MS = 15_000;

    private final Forwarder forwarder;
    private final Supplier<MetadataImage> image;
    private final Loop loop;
    private final LongSupplier clockMs;
    private final StateQueue<Integer, Answer> reads;
    private final StateQueue<StateWrite, Errors> writes;

    /**
     * @param loop where questions are put together and retries wait
     */
    public ShareStateQuestions(
            Forwarder forwarder, Supplier<MetadataImage> image, Loop loop, LongSupplier clockMs) {
        this.forwarder = forwarder;
        this.image = image;
        this.loop = loop;
        this.clockMs = clockMs;
        this.reads = new StateQueue<>(loop, leaderEpoch -> READ_WEIGHT, this::sendReads);
        this.writes =
                new StateQueue<>(
                        loop, write -> WRITE_WEIGHT + write.batches().size(), this::sendWrites);
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
        reads.ask(placeOf(key), key, leaderEpoch)
                .whenComplete(
                        (found, failure) -> {
                            Answer answer = found == null ? Answer.failed(errorOf(failure)) : found;
                            if (isWorthRetrying(answer.error(), deadlineMs)) {
                                loop.schedule(
                                        () -> read(key, leaderEpoch, deadlineMs, result),
                                        RETRY_PAUSE_MS);
                            } else {
                                result.complete(answer);
                            }
                        });
    }

    private CompletableFuture<Map<SharePartitionKey, Answer>> sendReads(
            StateQueue.Place place, Map<SharePartitionKey, Integer> leaderEpochs) {
        Map<Uuid, ReadShareGroupStateRequestData.ReadStateData> topics = new LinkedHashMap<>();
        leaderEpochs.forEach(
                (key, leaderEpoch) ->
                        topics.computeIfAbsent(
                                        key.topicId(),
                                        id ->
                                                new ReadShareGroupStateRequestData.ReadStateData()
                                                        .setTopicId(id))
                                .partitions()
                                .add(
                                        new ReadShareGroupStateRequestData.PartitionData()
                                                .setPartition(key.partition())
                                                .setLeaderEpoch(leaderEpoch)));
        return CoordinatorQuestions.ask(
                        forwarder,
                        place.owner(),
                        ApiKeys.READ_SHARE_GROUP_STATE,
                        READ_VERSION,
                        new ReadShareGroupStateRequestData()
                                .setGroupId(place.groupId())
                                .setTopics(List.copyOf(topics.values())),
                        ReadShareGroupStateResponseData.class)
                .thenApply(response -> answersOf(place, leaderEpochs.keySet(), response));
    }

    private static Map<SharePartitionKey, Answer> answersOf(
            StateQueue.Place place,
            Set<SharePartitionKey> asked,
            ReadShareGroupStateResponseData response) {
        Map<SharePartitionKey, Answer> answers = new HashMap<>();
        asked.forEach(key -> answers.put(key, Answer.failed(Errors.UNKNOWN_SERVER_ERROR)));
        for (var topic : response.results()) {
            for (var partition : topic.partitions()) {
                List<StateBatch> batches = new ArrayList<>(partition.stateBatches().size());
                for (var batch : partition.stateBatches()) {
                    batches.add(
                            new StateBatch(
                                    batch.firstOffset(),
                                    batch.lastOffset(),
                                    RecordState.restored(batch.deliveryState()),
                                    batch.deliveryCount()));
                }
                answers.put(
                        new SharePartitionKey(
                                place.groupId(), topic.topicId(), partition.partition()),
                        new Answer(
                                Errors.forCode(partition.errorCode()),
                                new PersistedState(
                                        partition.stateEpoch(), partition.startOffset(), batches)));
            }
        }
        return answers;
    }

    @Override
    public CompletableFuture<Errors> write(SharePartitionKey key, StateWrite write) {
        CompletableFuture<Errors> result = new CompletableFuture<>();
        write(key, write, clockMs.getAsLong() + PATIENCE_MS, result);
        return result;
    }

    private void write(
            SharePartitionKey key,
            StateWrite write,
            long deadlineMs,
            CompletableFuture<Errors> result) {
        writes.ask(placeOf(key), key, write)
                .whenComplete(
                        (answer, failure) -> {
                            Errors error = answer == null ? errorOf(failure) : answer;
                            if (isWorthRetrying(error, deadlineMs)) {
                                loop.schedule(
                                        () -> write(key, write, deadlineMs, result),
                                        RETRY_PAUSE_MS);
                            } else {
                                result.complete(error);
                            }
                        });
    }

    private CompletableFuture<Map<SharePartitionKey, Errors>> sendWrites(
            StateQueue.Place place, Map<SharePartitionKey, StateWrite> changes) {
        Map<Uuid, WriteShareGroupStateRequestData.WriteStateData> topics = new LinkedHashMap<>();
        changes.forEach(
                (key, write) ->
                        topics.computeIfAbsent(
                                        key.topicId(),
                                        id ->
                                                new WriteShareGroupStateRequestData.WriteStateData()
                                                        .setTopicId(id))
                                .partitions()
                                .add(dataOf(key.partition(), write)));
        return CoordinatorQuestions.ask(
                        forwarder,
                        place.owner(),
                        ApiKeys.WRITE_SHARE_GROUP_STATE,
                        WRITE_VERSION,
                        new WriteShareGroupStateRequestData()
                                .setGroupId(place.groupId())
                                .setTopics(List.copyOf(topics.values())),
                        WriteShareGroupStateResponseData.class)
                .thenApply(
                        response -> {
                            Map<SharePartitionKey, Errors> answers = new HashMap<>();
                            changes.keySet()
                                    .forEach(key -> answers.put(key, Errors.UNKNOWN_SERVER_ERROR));
                            for (var topic : response.results()) {
                                for (var partition : topic.partitions()) {
                                    answers.put(
                                            new SharePartitionKey(
                                                    place.groupId(),
                                                    topic.topicId(),
                                                    partition.partition()),
                                            Errors.forCode(partition.errorCode()));
                                }
                            }
                            return answers;
                        });
    }

    private static WriteShareGroupStateRequestData.PartitionData dataOf(
            int partition, StateWrite write) {
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
        return new WriteShareGroupStateRequestData.PartitionData()
                .setPartition(partition)
                .setStateEpoch(write.stateEpoch())
                .setLeaderEpoch(write.leaderEpoch())
                .setStartOffset(write.startOffset())
                .setDeliveryCompleteCount(write.deliveryCompleteCount())
                .setStateBatches(batches);
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

    private StateQueue.Place placeOf(SharePartitionKey key) {
        TopicImage topic = image.get().topic(STATE_TOPIC);
        ForwardTarget owner =
                topic == null || topic.partitionCount() == 0
                        ? new ForwardTarget.FirstUse(
                                ShardOwnerImage.SHARE, STATE_TOPIC, key.coordinatorKey())
                        : new ForwardTarget.Shard(
                                ShardOwnerImage.SHARE,
                                ShardOwnerImage.shardOf(
                                        key.coordinatorKey(), topic.partitionCount()));
        return new StateQueue.Place(owner, key.groupId());
    }
}
