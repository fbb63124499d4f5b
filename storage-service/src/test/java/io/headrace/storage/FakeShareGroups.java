package io.headrace.storage;

import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.TopicImage;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.ReadShareGroupStateRequestData;
import org.apache.kafka.common.message.ReadShareGroupStateResponseData;
import org.apache.kafka.common.message.ShareGroupHeartbeatRequestData;
import org.apache.kafka.common.message.ShareGroupHeartbeatResponseData;
import org.apache.kafka.common.message.WriteShareGroupStateRequestData;
import org.apache.kafka.common.message.WriteShareGroupStateResponseData;
import org.apache.kafka.common.protocol.Errors;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Share groups as a coordinator serves them, in short: every member gets all partitions, and the
 * state of share partitions is kept record by record, with Kafka's fencing. Confined to one loop.
 */
final class FakeShareGroups {
    private static final int STATE_EPOCH = 1;

    private final Map<Key, Kept> states = new HashMap<>();
    private final Map<String, List<String>> subscriptions = new HashMap<>();

    private record Key(String groupId, Uuid topicId, int partition) {}

    private record Entry(byte state, short deliveryCount) {}

    private static final class Kept {
        private final TreeMap<Long, Entry> records = new TreeMap<>();
        private long startOffset = -1;
        private int leaderEpoch = -1;
    }

    ShareGroupHeartbeatResponseData heartbeat(
            ShareGroupHeartbeatRequestData request, MetadataImage image) {
        String member = request.groupId() + "/" + request.memberId();
        ShareGroupHeartbeatResponseData response =
                new ShareGroupHeartbeatResponseData()
                        .setMemberId(request.memberId())
                        .setMemberEpoch(request.memberEpoch() < 0 ? -1 : 1)
                        .setHeartbeatIntervalMs(300);
        if (request.memberEpoch() < 0) {
            subscriptions.remove(member);
            return response;
        }
        if (request.subscribedTopicNames() != null) {
            subscriptions.put(member, List.copyOf(request.subscribedTopicNames()));
        }
        ShareGroupHeartbeatResponseData.Assignment assignment =
                new ShareGroupHeartbeatResponseData.Assignment();
        for (String name : subscriptions.getOrDefault(member, List.of())) {
            TopicImage topic = image.topic(name);
            if (topic != null) {
                assignment
                        .topicPartitions()
                        .add(
                                new ShareGroupHeartbeatResponseData.TopicPartitions()
                                        .setTopicId(topic.topicId())
                                        .setPartitions(List.copyOf(topic.partitions().keySet())));
            }
        }
        return response.setAssignment(assignment);
    }

    ReadShareGroupStateResponseData read(ReadShareGroupStateRequestData request) {
        ReadShareGroupStateResponseData response = new ReadShareGroupStateResponseData();
        for (var topic : request.topics()) {
            List<ReadShareGroupStateResponseData.PartitionResult> results = new ArrayList<>();
            for (var partition : topic.partitions()) {
                Key key = new Key(request.groupId(), topic.topicId(), partition.partition());
                results.add(read(key, partition.leaderEpoch()).setPartition(partition.partition()));
            }
            response.results()
                    .add(
                            new ReadShareGroupStateResponseData.ReadStateResult()
                                    .setTopicId(topic.topicId())
                                    .setPartitions(results));
        }
        return response;
    }

    private ReadShareGroupStateResponseData.PartitionResult read(Key key, int leaderEpoch) {
        Kept kept = states.computeIfAbsent(key, k -> new Kept());
        if (leaderEpoch < kept.leaderEpoch) {
            return new ReadShareGroupStateResponseData.PartitionResult()
                    .setErrorCode(Errors.FENCED_LEADER_EPOCH.code());
        }
        kept.leaderEpoch = leaderEpoch;
        List<ReadShareGroupStateResponseData.StateBatch> batches = new ArrayList<>();
        kept.records.forEach(
                (offset, entry) ->
                        batches.add(
                                new ReadShareGroupStateResponseData.StateBatch()
                                        .setFirstOffset(offset)
                                        .setLastOffset(offset)
                                        .setDeliveryState(entry.state())
                                        .setDeliveryCount(entry.deliveryCount())));
        return new ReadShareGroupStateResponseData.PartitionResult()
                .setStateEpoch(STATE_EPOCH)
                .setStartOffset(kept.startOffset)
                .setStateBatches(batches);
    }

    WriteShareGroupStateResponseData write(WriteShareGroupStateRequestData request) {
        WriteShareGroupStateResponseData response = new WriteShareGroupStateResponseData();
        for (var topic : request.topics()) {
            List<WriteShareGroupStateResponseData.PartitionResult> results = new ArrayList<>();
            for (var partition : topic.partitions()) {
                Key key = new Key(request.groupId(), topic.topicId(), partition.partition());
                results.add(
                        new WriteShareGroupStateResponseData.PartitionResult()
                                .setPartition(partition.partition())
                                .setErrorCode(write(key, partition).code()));
            }
            response.results()
                    .add(
                            new WriteShareGroupStateResponseData.WriteStateResult()
                                    .setTopicId(topic.topicId())
                                    .setPartitions(results));
        }
        return response;
    }

    private Errors write(Key key, WriteShareGroupStateRequestData.PartitionData partition) {
        Kept kept = states.get(key);
        if (kept == null) {
            return Errors.UNKNOWN_TOPIC_OR_PARTITION;
        }
        if (partition.leaderEpoch() < kept.leaderEpoch) {
            return Errors.FENCED_LEADER_EPOCH;
        }
        if (partition.stateEpoch() < STATE_EPOCH) {
            return Errors.FENCED_STATE_EPOCH;
        }
        kept.leaderEpoch = partition.leaderEpoch();
        kept.startOffset = partition.startOffset();
        for (var batch : partition.stateBatches()) {
            for (long offset = batch.firstOffset(); offset <= batch.lastOffset(); offset++) {
                kept.records.put(offset, new Entry(batch.deliveryState(), batch.deliveryCount()));
            }
        }
        kept.records.headMap(kept.startOffset, false).clear();
        return Errors.NONE;
    }
}
