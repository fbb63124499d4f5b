package io.headrace.coordinator.handler;

import io.headrace.coordinator.group.GroupErrors;
import io.headrace.coordinator.handler.routing.Gathering;
import io.headrace.coordinator.shard.ShardCall;
import io.headrace.protocol.codec.ApiCatalog;

import org.apache.kafka.common.internals.Topic;
import org.apache.kafka.common.message.WriteTxnMarkersRequestData;
import org.apache.kafka.common.message.WriteTxnMarkersRequestData.WritableTxnMarker;
import org.apache.kafka.common.message.WriteTxnMarkersRequestData.WritableTxnMarkerTopic;
import org.apache.kafka.common.message.WriteTxnMarkersResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;

import java.util.ArrayList;
import java.util.List;

/** WriteTxnMarkers of a transaction shard's owner: ends transactions in the shards of groups. */
final class WriteTxnMarkersHandler implements NodeHandler {
    private final GroupShards groups;

    WriteTxnMarkersHandler(GroupShards groups) {
        this.groups = groups;
    }

    @Override
    public short apiKey() {
        return ApiKeys.WRITE_TXN_MARKERS.id;
    }

    @Override
    public short minVersion() {
        return ApiCatalog.get(ApiKeys.WRITE_TXN_MARKERS).oldestVersion();
    }

    @Override
    public short maxVersion() {
        return ApiCatalog.get(ApiKeys.WRITE_TXN_MARKERS).latestVersion();
    }

    /** A marker for one shard. */
    private record Part(int shard, WriteTxnMarkersRequestData request) {}

    @Override
    public void handle(NodeRequest request) {
        WriteTxnMarkersRequestData body = request.body(WriteTxnMarkersRequestData.class);
        short version = request.head().apiVersion();
        List<Part> parts = new ArrayList<>();
        for (WritableTxnMarker marker : body.markers()) {
            for (WritableTxnMarkerTopic topic : marker.topics()) {
                for (int partition : topic.partitionIndexes()) {
                    parts.add(new Part(partition, part(marker, topic, partition)));
                }
            }
        }
        Gathering<WriteTxnMarkersResponseData> gathering =
                new Gathering<>(
                        parts.size(),
                        WriteTxnMarkersResponseData.class,
                        answers -> request.reply(whole(answers)));
        for (Part part : parts) {
            boolean isGroups =
                    part.request()
                            .markers()
                            .getFirst()
                            .topics()
                            .getFirst()
                            .name()
                            .equals(Topic.GROUP_METADATA_TOPIC_NAME);
            if (!isGroups) {
                gathering.add(
                        GroupErrors.reply(
                                part.request(), version, Errors.UNKNOWN_TOPIC_OR_PARTITION));
                continue;
            }
            groups.submit(
                    part.shard(), new ShardCall(part.request(), version, "", "", gathering::add));
        }
    }

    private static WriteTxnMarkersRequestData part(
            WritableTxnMarker marker, WritableTxnMarkerTopic topic, int partition) {
        WritableTxnMarker one = marker.duplicate();
        one.setTopics(
                List.of(
                        new WritableTxnMarkerTopic()
                                .setName(topic.name())
                                .setPartitionIndexes(List.of(partition))));
        return new WriteTxnMarkersRequestData().setMarkers(List.of(one));
    }

    /** A result for each part, though several are of one marker: all name what they are about. */
    private static WriteTxnMarkersResponseData whole(List<WriteTxnMarkersResponseData> answers) {
        WriteTxnMarkersResponseData whole = new WriteTxnMarkersResponseData();
        answers.forEach(answer -> whole.markers().addAll(answer.markers()));
        return whole;
    }
}
