package io.headrace.coordinator.share;

import io.headrace.coordinator.shard.Effects;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.TopicImage;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.DeleteShareGroupStateRequestData;
import org.apache.kafka.common.message.DeleteShareGroupStateResponseData;
import org.apache.kafka.common.message.InitializeShareGroupStateRequestData;
import org.apache.kafka.common.message.InitializeShareGroupStateResponseData;
import org.apache.kafka.common.message.ReadShareGroupStateRequestData;
import org.apache.kafka.common.message.ReadShareGroupStateResponseData;
import org.apache.kafka.common.message.ReadShareGroupStateSummaryRequestData;
import org.apache.kafka.common.message.ReadShareGroupStateSummaryResponseData;
import org.apache.kafka.common.message.WriteShareGroupStateRequestData;
import org.apache.kafka.common.message.WriteShareGroupStateResponseData;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.Map;

/** Decides what becomes of the states of share partitions. Confined to the shard's core. */
final class StateDecisions {
    private static final int NO_EPOCH = -1;
    private static final String NO_TOPIC_ID = "The topic id cannot be null.";
    private static final String NEGATIVE_PARTITION =
            "The partition id cannot be a negative number.";

    private final ShareStateProperties properties;
    private final Map<SharePartition, ShareState> states;
    private MetadataImage image = MetadataImage.EMPTY;
    private long nowMs;
    private Effects effects = new Effects();

    StateDecisions(ShareStateProperties properties, Map<SharePartition, ShareState> states) {
        this.properties = properties;
        this.states = states;
    }

    /** Begins a step. */
    void begin(MetadataImage stepImage, long stepMs, Effects stepEffects) {
        image = stepImage;
        nowMs = stepMs;
        effects = stepEffects;
    }

    // Initialize.

    InitializeShareGroupStateResponseData initialize(InitializeShareGroupStateRequestData body) {
        return ShareAnswers.initialized(
                body,
                (topicId, asked) ->
                        initialize(
                                new SharePartition(body.groupId(), topicId, asked.partition()),
                                asked));
    }

    /**
     * Begins a state anew, unless it was begun in that state epoch already: a request that arrives
     * twice must not undo what was acknowledged since.
     */
    private Outcome initialize(
            SharePartition partition, InitializeShareGroupStateRequestData.PartitionData asked) {
        ShareState before = states.get(partition);
        Outcome problem = malformed(partition);
        if (problem == null && before != null && before.stateEpoch() > asked.stateEpoch()) {
            problem = Outcome.of(Errors.FENCED_STATE_EPOCH);
        }
        if (problem == null) {
            problem = unknownTopic(partition);
        }
        if (problem != null) {
            return problem;
        }
        if (asked.startOffset() < ShareState.NO_OFFSET || asked.stateEpoch() < 0) {
            return Outcome.of(Errors.INVALID_REQUEST, "No start offset or state epoch");
        }
        if (before != null && before.stateEpoch() == asked.stateEpoch()) {
            return Outcome.DONE;
        }
        if (before == null && states.size() >= properties.maxSharePartitions()) {
            return Outcome.of(
                    Errors.INVALID_REQUEST,
                    "The shard has " + states.size() + " share partitions already, its most");
        }
        ShareState state =
                new ShareState(
                        before == null ? 0 : before.snapshotEpoch() + 1,
                        asked.stateEpoch(),
                        before == null ? 0 : before.leaderEpoch(),
                        asked.startOffset(),
                        asked.startOffset() == ShareState.NO_OFFSET ? ShareState.NO_COUNT : 0,
                        nowMs,
                        before == null ? 0 : before.slotCount());
        states.put(partition, state);
        effects.append(ShareRecords.snapshot(partition, state, nowMs));
        return Outcome.DONE;
    }

    // Read.

    ReadShareGroupStateResponseData read(ReadShareGroupStateRequestData body) {
        return ShareAnswers.read(
                body,
                (topicId, asked) ->
                        read(
                                new SharePartition(body.groupId(), topicId, asked.partition()),
                                asked));
    }

    /** A read by a newer leader is noted in the log: from then on the older one writes nothing. */
    private ReadShareGroupStateResponseData.PartitionResult read(
            SharePartition partition, ReadShareGroupStateRequestData.PartitionData asked) {
        ShareState state = states.get(partition);
        Outcome problem = malformed(partition);
        if (problem == null && state == null) {
            problem =
                    Outcome.of(
                            Errors.INVALID_REQUEST,
                            "Read operation on uninitialized share partition not allowed.");
        }
        if (problem == null && isFenced(state, asked.leaderEpoch())) {
            problem = Outcome.of(Errors.FENCED_LEADER_EPOCH);
        }
        if (problem == null) {
            problem = unknownTopic(partition);
        }
        if (problem != null || state == null) {
            Outcome told = problem == null ? Outcome.of(Errors.UNKNOWN_SERVER_ERROR) : problem;
            return ShareAnswers.unread(asked, told.error(), told.message());
        }
        if (asked.leaderEpoch() > state.leaderEpoch()) {
            store(
                    partition,
                    state,
                    asked.leaderEpoch(),
                    ShareState.NO_OFFSET,
                    state.deliveryCompleteCount(),
                    List.of());
        }
        var result =
                new ReadShareGroupStateResponseData.PartitionResult()
                        .setPartition(partition.partition())
                        .setStateEpoch(state.stateEpoch())
                        .setStartOffset(state.startOffset());
        for (StateBatch batch : state.batches().all()) {
            result.stateBatches()
                    .add(
                            new ReadShareGroupStateResponseData.StateBatch()
                                    .setFirstOffset(batch.firstOffset())
                                    .setLastOffset(batch.lastOffset())
                                    .setDeliveryState(batch.deliveryState())
                                    .setDeliveryCount(batch.deliveryCount()));
        }
        return result;
    }

    // Write.

    WriteShareGroupStateResponseData write(WriteShareGroupStateRequestData body) {
        return ShareAnswers.written(
                body,
                (topicId, asked) ->
                        write(
                                new SharePartition(body.groupId(), topicId, asked.partition()),
                                asked));
    }

    private Outcome write(
            SharePartition partition, WriteShareGroupStateRequestData.PartitionData asked) {
        ShareState state = states.get(partition);
        Outcome problem = malformed(partition);
        if (problem != null) {
            return problem;
        }
        if (state == null) {
            return Outcome.of(
                    Errors.INVALID_REQUEST,
                    "Write operation on uninitialized share partition not allowed.");
        }
        if (isFenced(state, asked.leaderEpoch())) {
            return Outcome.of(Errors.FENCED_LEADER_EPOCH);
        }
        if (asked.stateEpoch() != NO_EPOCH && state.stateEpoch() > asked.stateEpoch()) {
            return Outcome.of(Errors.FENCED_STATE_EPOCH);
        }
        problem = unknownTopic(partition);
        if (problem != null) {
            return problem;
        }
        List<StateBatch> batches = batches(asked);
        if (asked.startOffset() < ShareState.NO_OFFSET
                || !batches.stream().allMatch(StateBatch::isValid)) {
            return Outcome.of(Errors.INVALID_REQUEST, "No start offset, range or delivery state");
        }
        if (state.batches().count() + 2L * batches.size() > properties.maxBatches()) {
            return Outcome.of(
                    Errors.INVALID_REQUEST,
                    "More than " + properties.maxBatches() + " ranges of offsets in flight");
        }
        store(
                partition,
                state,
                asked.leaderEpoch(),
                asked.startOffset(),
                asked.deliveryCompleteCount(),
                batches);
        return Outcome.DONE;
    }

    private static List<StateBatch> batches(WriteShareGroupStateRequestData.PartitionData asked) {
        return asked.stateBatches().stream()
                .map(
                        batch ->
                                new StateBatch(
                                        batch.firstOffset(),
                                        batch.lastOffset(),
                                        batch.deliveryState(),
                                        batch.deliveryCount()))
                .toList();
    }

    /**
     * Changes a state, and hands out its record: the whole state where that is no more than the
     * change, or enough changes were written since the last time; else the change.
     */
    private void store(
            SharePartition partition,
            ShareState state,
            int leaderEpoch,
            long startOffset,
            int completeCount,
            List<StateBatch> batches) {
        state.write(leaderEpoch, startOffset, completeCount, batches);
        boolean isSmall = state.batches().count() <= batches.size();
        if (isSmall || state.updateCount() >= properties.updatesPerSnapshot()) {
            state.onSnapshot();
            effects.append(ShareRecords.snapshot(partition, state, nowMs));
        } else {
            int slot = state.updateCount();
            effects.append(ShareRecords.update(partition, state, slot, startOffset, batches));
            state.onUpdate(slot);
        }
    }

    // Delete.

    DeleteShareGroupStateResponseData delete(DeleteShareGroupStateRequestData body) {
        return ShareAnswers.deleted(
                body,
                (topicId, asked) -> {
                    SharePartition partition =
                            new SharePartition(body.groupId(), topicId, asked.partition());
                    Outcome problem = malformed(partition);
                    if (problem != null) {
                        return problem;
                    }
                    forget(partition);
                    return Outcome.DONE;
                });
    }

    /** Deletes a state, if there is one. */
    void forget(SharePartition partition) {
        ShareState state = states.remove(partition);
        if (state != null) {
            effects.append(ShareRecords.deletedSnapshot(partition));
            deleteSlots(partition, state.slotCount(), effects);
        }
    }

    /** Deletes what slots may hold, the last slot last. */
    static void deleteSlots(SharePartition partition, int slotCount, Effects effects) {
        for (int slot = 0; slot < slotCount; slot++) {
            effects.append(ShareRecords.deletedUpdate(partition, slot));
        }
    }

    // Summary.

    ReadShareGroupStateSummaryResponseData sum(ReadShareGroupStateSummaryRequestData body) {
        return ShareAnswers.summed(
                body,
                (topicId, asked) ->
                        sum(new SharePartition(body.groupId(), topicId, asked.partition())));
    }

    private ReadShareGroupStateSummaryResponseData.PartitionResult sum(SharePartition partition) {
        Outcome problem = malformed(partition);
        if (problem == null) {
            problem = unknownTopic(partition);
        }
        if (problem != null) {
            return ShareAnswers.unsummed(partition.partition(), problem.error(), problem.message());
        }
        ShareState state = states.get(partition);
        var result =
                new ReadShareGroupStateSummaryResponseData.PartitionResult()
                        .setPartition(partition.partition());
        return state == null
                ? result.setStartOffset(ShareState.NO_OFFSET)
                        .setDeliveryCompleteCount(ShareState.NO_COUNT)
                : result.setStateEpoch(state.stateEpoch())
                        .setLeaderEpoch(state.leaderEpoch())
                        .setStartOffset(state.startOffset())
                        .setDeliveryCompleteCount(state.deliveryCompleteCount());
    }

    // Rules for all.

    private static boolean isFenced(@Nullable ShareState state, int leaderEpoch) {
        return state != null && leaderEpoch != NO_EPOCH && state.leaderEpoch() > leaderEpoch;
    }

    private static @Nullable Outcome malformed(SharePartition partition) {
        if (partition.topicId().equals(Uuid.ZERO_UUID)) {
            return Outcome.of(Errors.INVALID_REQUEST, NO_TOPIC_ID);
        }
        return partition.partition() < 0
                ? Outcome.of(Errors.INVALID_REQUEST, NEGATIVE_PARTITION)
                : null;
    }

    private @Nullable Outcome unknownTopic(SharePartition partition) {
        TopicImage topic = image.topic(partition.topicId());
        return topic == null || partition.partition() >= topic.partitionCount()
                ? Outcome.of(Errors.UNKNOWN_TOPIC_OR_PARTITION)
                : null;
    }
}
