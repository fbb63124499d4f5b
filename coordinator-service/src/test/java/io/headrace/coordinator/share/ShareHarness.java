package io.headrace.coordinator.share;

import io.headrace.coordinator.shard.Effects;
import io.headrace.coordinator.shard.ShardRecord;
import io.headrace.coordinator.shard.ShardRequest;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.record.PartitionRecord;
import io.headrace.protocol.metadata.record.RemoveTopicRecord;
import io.headrace.protocol.metadata.record.TopicRecord;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.DeleteShareGroupStateRequestData;
import org.apache.kafka.common.message.DeleteShareGroupStateRequestData.DeleteStateData;
import org.apache.kafka.common.message.DeleteShareGroupStateResponseData;
import org.apache.kafka.common.message.InitializeShareGroupStateRequestData;
import org.apache.kafka.common.message.InitializeShareGroupStateRequestData.InitializeStateData;
import org.apache.kafka.common.message.InitializeShareGroupStateResponseData;
import org.apache.kafka.common.message.ReadShareGroupStateRequestData;
import org.apache.kafka.common.message.ReadShareGroupStateRequestData.ReadStateData;
import org.apache.kafka.common.message.ReadShareGroupStateResponseData;
import org.apache.kafka.common.message.ReadShareGroupStateSummaryRequestData;
import org.apache.kafka.common.message.ReadShareGroupStateSummaryRequestData.ReadStateSummaryData;
import org.apache.kafka.common.message.ReadShareGroupStateSummaryResponseData;
import org.apache.kafka.common.message.WriteShareGroupStateRequestData;
import org.apache.kafka.common.message.WriteShareGroupStateRequestData.WriteStateData;
import org.apache.kafka.common.message.WriteShareGroupStateResponseData;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A shard of share state whose records are committed at once, driven step by step. */
final class ShareHarness {
    static final Uuid TOPIC_ID = new Uuid(1, 2);
    static final String GROUP = "queue";

    private final ShareStateProperties properties;
    private final List<ShardRecord> log = new ArrayList<>();
    private ShareShard shard;
    private MetadataImage image = withTopic(MetadataImage.EMPTY, "orders", TOPIC_ID, 4);
    private long nowMs = 10_000_000;
    private long lastId;

    ShareHarness(ShareStateProperties properties) {
        this.properties = properties;
        this.shard = new ShareShard(properties);
        restart();
    }

    static MetadataImage withTopic(MetadataImage image, String name, Uuid id, int partitions) {
        MetadataImage next =
                image.apply(image.nextOffset(), new TopicRecord().setName(name).setTopicId(id));
        for (int partition = 0; partition < partitions; partition++) {
            next =
                    next.apply(
                            next.nextOffset(),
                            new PartitionRecord().setTopicId(id).setPartitionId(partition));
        }
        return next;
    }

    /** The shard as another owner makes it from the log. */
    void restart() {
        ShareShard loaded = new ShareShard(properties);
        log.forEach(loaded::replay);
        shard = loaded;
        Effects effects = new Effects();
        loaded.onLoaded(image, nowMs, effects);
        log.addAll(effects.records());
    }

    /** Leaves the last record of each key in the log, as compaction does. */
    void compact(boolean dropTombstones) {
        Map<ByteBuffer, ShardRecord> last = new LinkedHashMap<>();
        for (ShardRecord record : log) {
            last.remove(record.key());
            last.put(record.key(), record);
        }
        log.clear();
        for (ShardRecord record : last.values()) {
            if (record.value() != null || !dropTombstones) {
                log.add(record);
            }
        }
    }

    List<ShardRecord> log() {
        return log;
    }

    ShareShard shard() {
        return shard;
    }

    void deleteTopic() {
        image = image.apply(image.nextOffset(), new RemoveTopicRecord().setTopicId(TOPIC_ID));
        Effects effects = new Effects();
        shard.onMetadata(image, nowMs, effects);
        log.addAll(effects.records());
    }

    /** The topic is gone in the image that the next owner starts with. */
    void forgetTopicUnseen() {
        image = image.apply(image.nextOffset(), new RemoveTopicRecord().setTopicId(TOPIC_ID));
    }

    void pass(long durationMs) {
        nowMs += durationMs;
        Effects effects = new Effects();
        shard.onTime(nowMs, effects);
        log.addAll(effects.records());
    }

    <R extends ApiMessage> R call(ApiMessage body, Class<R> type) {
        lastId++;
        Effects effects = new Effects();
        shard.onRequest(
                new ShardRequest(lastId, body, (short) 0, "node-1", "/10.0.0.1"), nowMs, effects);
        log.addAll(effects.records());
        if (effects.replies().size() != 1) {
            throw new AssertionError("Answered " + effects.replies().size() + " times");
        }
        return type.cast(effects.replies().getFirst().response());
    }

    // Requests about one partition.

    Errors initialize(int partition, int stateEpoch, long startOffset) {
        InitializeStateData topic = new InitializeStateData().setTopicId(TOPIC_ID);
        topic.partitions()
                .add(
                        new InitializeShareGroupStateRequestData.PartitionData()
                                .setPartition(partition)
                                .setStateEpoch(stateEpoch)
                                .setStartOffset(startOffset));
        var answer =
                call(
                        new InitializeShareGroupStateRequestData()
                                .setGroupId(GROUP)
                                .setTopics(List.of(topic)),
                        InitializeShareGroupStateResponseData.class);
        return Errors.forCode(answer.results().getFirst().partitions().getFirst().errorCode());
    }

    static WriteShareGroupStateRequestData writing(
            int partition,
            int stateEpoch,
            int leaderEpoch,
            long startOffset,
            StateBatch... ranges) {
        WriteShareGroupStateRequestData.PartitionData data =
                new WriteShareGroupStateRequestData.PartitionData()
                        .setPartition(partition)
                        .setStateEpoch(stateEpoch)
                        .setLeaderEpoch(leaderEpoch)
                        .setStartOffset(startOffset);
        for (StateBatch range : ranges) {
            data.stateBatches()
                    .add(
                            new WriteShareGroupStateRequestData.StateBatch()
                                    .setFirstOffset(range.firstOffset())
                                    .setLastOffset(range.lastOffset())
                                    .setDeliveryState(range.deliveryState())
                                    .setDeliveryCount(range.deliveryCount()));
        }
        WriteStateData topic = new WriteStateData().setTopicId(TOPIC_ID);
        topic.partitions().add(data);
        return new WriteShareGroupStateRequestData().setGroupId(GROUP).setTopics(List.of(topic));
    }

    Errors write(
            int partition,
            int stateEpoch,
            int leaderEpoch,
            long startOffset,
            StateBatch... ranges) {
        var answer =
                call(
                        writing(partition, stateEpoch, leaderEpoch, startOffset, ranges),
                        WriteShareGroupStateResponseData.class);
        return Errors.forCode(answer.results().getFirst().partitions().getFirst().errorCode());
    }

    static ReadShareGroupStateRequestData reading(int partition, int leaderEpoch) {
        ReadStateData topic = new ReadStateData().setTopicId(TOPIC_ID);
        topic.partitions()
                .add(
                        new ReadShareGroupStateRequestData.PartitionData()
                                .setPartition(partition)
                                .setLeaderEpoch(leaderEpoch));
        return new ReadShareGroupStateRequestData().setGroupId(GROUP).setTopics(List.of(topic));
    }

    ReadShareGroupStateResponseData.PartitionResult read(int partition, int leaderEpoch) {
        return call(reading(partition, leaderEpoch), ReadShareGroupStateResponseData.class)
                .results()
                .getFirst()
                .partitions()
                .getFirst();
    }

    static List<StateBatch> ranges(ReadShareGroupStateResponseData.PartitionResult result) {
        return result.stateBatches().stream()
                .map(
                        batch ->
                                new StateBatch(
                                        batch.firstOffset(),
                                        batch.lastOffset(),
                                        batch.deliveryState(),
                                        batch.deliveryCount()))
                .toList();
    }

    Errors delete(int partition) {
        DeleteStateData topic = new DeleteStateData().setTopicId(TOPIC_ID);
        topic.partitions()
                .add(new DeleteShareGroupStateRequestData.PartitionData().setPartition(partition));
        var answer =
                call(
                        new DeleteShareGroupStateRequestData()
                                .setGroupId(GROUP)
                                .setTopics(List.of(topic)),
                        DeleteShareGroupStateResponseData.class);
        return Errors.forCode(answer.results().getFirst().partitions().getFirst().errorCode());
    }

    ReadShareGroupStateSummaryResponseData.PartitionResult summary(int partition) {
        ReadStateSummaryData topic = new ReadStateSummaryData().setTopicId(TOPIC_ID);
        topic.partitions()
                .add(
                        new ReadShareGroupStateSummaryRequestData.PartitionData()
                                .setPartition(partition)
                                .setLeaderEpoch(-1));
        return call(
                        new ReadShareGroupStateSummaryRequestData()
                                .setGroupId(GROUP)
                                .setTopics(List.of(topic)),
                        ReadShareGroupStateSummaryResponseData.class)
                .results()
                .getFirst()
                .partitions()
                .getFirst();
    }
}
