package io.headrace.coordinator.share;

import io.headrace.coordinator.shard.Effects;
import io.headrace.coordinator.shard.Effects.ReplyWhen;
import io.headrace.coordinator.shard.ShardCore;
import io.headrace.coordinator.shard.ShardRecord;
import io.headrace.coordinator.shard.ShardRequest;
import io.headrace.coordinator.share.record.UpdateKey;
import io.headrace.coordinator.share.record.UpdateValue;
import io.headrace.protocol.codec.MalformedFrameException;
import io.headrace.protocol.metadata.MetadataImage;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.DeleteShareGroupStateRequestData;
import org.apache.kafka.common.message.InitializeShareGroupStateRequestData;
import org.apache.kafka.common.message.ReadShareGroupStateRequestData;
import org.apache.kafka.common.message.ReadShareGroupStateSummaryRequestData;
import org.apache.kafka.common.message.WriteShareGroupStateRequestData;
import org.apache.kafka.common.protocol.ApiMessage;
import org.jspecify.annotations.Nullable;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/**
 * The share partitions of one partition of {@code __share_group_state}: the replicated state
 * machine behind the share state APIs.
 *
 * <p>A state is in the log as a snapshot and the updates since, each of which names its snapshot.
 * Updates go to numbered slots, which those of the next snapshot use again, so the log can be
 * compacted: of each share partition there is at most one snapshot and a bounded number of updates.
 */
public final class ShareShard implements ShardCore {
    private final ShareStateProperties properties;
    private final Map<SharePartition, ShareState> states = new HashMap<>();

    /** Slots in the log of share partitions that have no snapshot, while the log is replayed. */
    private final Map<SharePartition, Integer> orphanSlots = new HashMap<>();

    private final StateDecisions decisions;
    private MetadataImage image = MetadataImage.EMPTY;
    private long nextSweepMs = Long.MAX_VALUE;

    public ShareShard(ShareStateProperties properties) {
        this.properties = properties;
        this.decisions = new StateDecisions(properties, states);
    }

    @Override
    public void replay(ShardRecord record) {
        try {
            switch (record.key().getShort(record.key().position())) {
                case ShareRecords.SNAPSHOT -> replaySnapshot(record);
                case ShareRecords.UPDATE -> replayUpdate(record);
                default -> {
                    // Of a later version, which will find it here.
                }
            }
        } catch (MalformedFrameException e) {
            throw new IllegalArgumentException("Not the state of a share partition", e);
        }
    }

    private void replaySnapshot(ShardRecord record) throws MalformedFrameException {
        SharePartition partition = ShareRecords.readSnapshotKey(record.key());
        ShareState before = states.remove(partition);
        int slots = before == null ? orphanSlots(partition) : before.slotCount();
        orphanSlots.remove(partition);
        if (record.value() != null) {
            states.put(partition, ShareRecords.readSnapshot(record.value(), slots));
        } else if (slots > 0) {
            orphanSlots.put(partition, slots);
        }
    }

    private int orphanSlots(SharePartition partition) {
        return orphanSlots.getOrDefault(partition, 0);
    }

    /** An update of another snapshot than the one before it in the log counts for nothing. */
    private void replayUpdate(ShardRecord record) throws MalformedFrameException {
        UpdateKey key = ShareRecords.readUpdateKey(record.key());
        SharePartition partition =
                new SharePartition(key.groupId(), key.topicId(), key.partition());
        ShareState state = states.get(partition);
        if (record.value() == null) {
            if (state == null && key.slot() == orphanSlots(partition) - 1) {
                orphanSlots.remove(partition); // the last to be deleted
            }
            return;
        }
        if (state == null) {
            orphanSlots.merge(partition, key.slot() + 1, Math::max);
            return;
        }
        UpdateValue value = ShareRecords.readUpdate(record.value());
        if (value.snapshotEpoch() == state.snapshotEpoch()) {
            state.write(
                    value.leaderEpoch(),
                    value.startOffset(),
                    value.deliveryCompleteCount(),
                    ShareRecords.batches(value));
            state.onUpdate(key.slot());
        } else {
            state.keepSlots(key.slot() + 1);
        }
    }

    @Override
    public void onLoaded(MetadataImage newImage, long nowMs, Effects effects) {
        image = newImage;
        orphanSlots.forEach(
                (partition, slots) -> StateDecisions.deleteSlots(partition, slots, effects));
        orphanSlots.clear();
        nextSweepMs = nowMs + properties.sweepMs();
    }

    @Override
    public void onRequest(ShardRequest request, long nowMs, Effects effects) {
        decisions.begin(image, nowMs, effects);
        ApiMessage response =
                switch (request.body()) {
                    case InitializeShareGroupStateRequestData body -> decisions.initialize(body);
                    case ReadShareGroupStateRequestData body -> decisions.read(body);
                    case WriteShareGroupStateRequestData body -> decisions.write(body);
                    case DeleteShareGroupStateRequestData body -> decisions.delete(body);
                    case ReadShareGroupStateSummaryRequestData body -> decisions.sum(body);
                    default ->
                            throw new IllegalArgumentException(
                                    "No share state API: " + request.body().getClass());
                };
        effects.reply(
                request.id(),
                response,
                effects.records().isEmpty() ? ReplyWhen.CHECKED : ReplyWhen.COMMITTED);
    }

    @Override
    public boolean isLight(ShardRequest request) {
        return false;
    }

    @Override
    public void onAbandoned(long requestId, long nowMs, Effects effects) {
        // Every request is decided in its own step.
    }

    /** The states of topics that were deleted just now go with them. */
    @Override
    public void onMetadata(MetadataImage newImage, long nowMs, Effects effects) {
        Set<Uuid> deleted = new HashSet<>(image.topicsById().keySet());
        deleted.removeAll(newImage.topicsById().keySet());
        image = newImage;
        if (!deleted.isEmpty()) {
            forget(deleted::contains, nowMs, effects);
        }
    }

    /**
     * Also forgets states of topics that were deleted while nobody owned the shard. That is not
     * done at once after loading, when this coordinator's image may be older than its
     * predecessor's.
     */
    @Override
    public void onTime(long nowMs, Effects effects) {
        if (nowMs >= nextSweepMs) {
            nextSweepMs = nowMs + properties.sweepMs();
            forget(topicId -> image.topic(topicId) == null, nowMs, effects);
        }
    }

    private void forget(Predicate<Uuid> topicIds, long nowMs, Effects effects) {
        decisions.begin(image, nowMs, effects);
        for (SharePartition partition : List.copyOf(states.keySet())) {
            if (topicIds.test(partition.topicId())) {
                decisions.forget(partition);
            }
        }
    }

    @Override
    public long nextDeadlineMs() {
        return nextSweepMs;
    }

    /** How many share partitions have a state here. */
    public int count() {
        return states.size();
    }

    @Nullable ShareState state(SharePartition partition) {
        return states.get(partition);
    }
}
