package io.headrace.storage;

import io.headrace.protocol.codec.MalformedFrameException;
import io.headrace.protocol.codec.MessageWriter;
import io.headrace.protocol.codec.OutboundFrame;
import io.headrace.protocol.codec.RequestHead;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.TopicImage;
import io.headrace.protocol.metadata.record.CoordinatorRecord;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.EnvelopeRequestData;
import org.apache.kafka.common.message.EnvelopeResponseData;
import org.apache.kafka.common.message.ReadShareGroupStateRequestData;
import org.apache.kafka.common.message.ReadShareGroupStateResponseData;
import org.apache.kafka.common.message.ShareGroupHeartbeatRequestData;
import org.apache.kafka.common.message.ShareGroupHeartbeatResponseData;
import org.apache.kafka.common.message.WriteShareGroupStateRequestData;
import org.apache.kafka.common.message.WriteShareGroupStateResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Share groups as a coordinator serves them, in short: every member gets all partitions, and the
 * state of share partitions is kept record by record, with Kafka's fencing. Confined to one loop.
 */
final class FakeShareGroups {
    private static final int STATE_EPOCH = 1;

    private final Map<Key, Kept> states = new HashMap<>();
    private final Map<String, List<String>> subscriptions = new HashMap<>();
    private final long firstOffset;

    private record Key(String groupId, Uuid topicId, int partition) {}

    private record Entry(byte state, short deliveryCount) {}

    private static final class Kept {
        private final TreeMap<Long, Entry> records = new TreeMap<>();
        private long startOffset;
        private int leaderEpoch = -1;

        Kept(long startOffset) {
            this.startOffset = startOffset;
        }
    }

    /**
     * @param firstOffset where every group begins, or -1 for what its configs say
     */
    FakeShareGroups(long firstOffset) {
        this.firstOffset = firstOffset;
    }

    /** What a coordinator is to say that it serves, with another API. */
    static List<CoordinatorRecord.CoordinatorApi> apis(ApiKeys other) {
        return Stream.of(ApiKeys.SHARE_GROUP_HEARTBEAT, other)
                .map(
                        api ->
                                new CoordinatorRecord.CoordinatorApi()
                                        .setApiKey(api.id)
                                        .setMinVersion(api.oldestVersion())
                                        .setMaxVersion(api.latestVersion()))
                .toList();
    }

    /** Answers what a storage node passes on, where nothing else is served. */
    EnvelopeResponseData answer(EnvelopeRequestData envelope, MetadataImage image)
            throws MalformedFrameException {
        ByteBuffer frame = envelope.requestData();
        RequestHead head = RequestHead.read(frame);
        return answered(
                head,
                switch (head.readBody(frame)) {
                    case ShareGroupHeartbeatRequestData request -> heartbeat(request, image);
                    case ReadShareGroupStateRequestData request -> read(request);
                    case WriteShareGroupStateRequestData request -> write(request);
                    default -> throw new MalformedFrameException("Not served in this test");
                });
    }

    /** An answer in its envelope. */
    static EnvelopeResponseData answered(RequestHead head, ApiMessage answer) {
        OutboundFrame response = MessageWriter.response(head, answer);
        ByteBuffer bytes = ByteBuffer.allocate(response.sizeInBytes());
        response.parts().forEach(part -> bytes.put(((OutboundFrame.Bytes) part).buffer()));
        return new EnvelopeResponseData().setResponseData(bytes.flip());
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
        Kept kept = states.computeIfAbsent(key, k -> new Kept(firstOffset));
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
