package io.headrace.coordinator.handler.share;

import io.headrace.coordinator.handler.routing.ManyShardsHandler;
import io.headrace.coordinator.handler.routing.ShardRouter;
import io.headrace.coordinator.share.SharePartition;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.ReadShareGroupStateRequestData;
import org.apache.kafka.common.message.ReadShareGroupStateRequestData.PartitionData;
import org.apache.kafka.common.message.ReadShareGroupStateRequestData.ReadStateData;
import org.apache.kafka.common.message.ReadShareGroupStateResponseData;
import org.apache.kafka.common.protocol.ApiKeys;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** ReadShareGroupState. */
final class ReadStateHandler
        extends ManyShardsHandler<
                ReadShareGroupStateRequestData,
                ReadShareGroupStateResponseData,
                ReadStateHandler.Asked> {

    /** What is asked of one share partition. */
    record Asked(String groupId, Uuid topicId, PartitionData data) {}

    ReadStateHandler(ShardRouter router) {
        super(
                ApiKeys.READ_SHARE_GROUP_STATE,
                ReadShareGroupStateRequestData.class,
                ReadShareGroupStateResponseData.class,
                router);
    }

    @Override
    protected List<Asked> things(ReadShareGroupStateRequestData request, short version) {
        List<Asked> all = new ArrayList<>();
        for (ReadStateData topic : request.topics()) {
            topic.partitions()
                    .forEach(data -> all.add(new Asked(request.groupId(), topic.topicId(), data)));
        }
        return all;
    }

    @Override
    protected String id(Asked asked) {
        return new SharePartition(asked.groupId(), asked.topicId(), asked.data().partition()).key();
    }

    @Override
    protected ReadShareGroupStateRequestData part(
            ReadShareGroupStateRequestData whole, List<Asked> things) {
        Map<Uuid, ReadStateData> topics = new LinkedHashMap<>();
        for (Asked asked : things) {
            topics.computeIfAbsent(asked.topicId(), id -> new ReadStateData().setTopicId(id))
                    .partitions()
                    .add(asked.data());
        }
        return new ReadShareGroupStateRequestData()
                .setGroupId(whole.groupId())
                .setTopics(List.copyOf(topics.values()));
    }

    @Override
    protected ReadShareGroupStateResponseData whole(
            ReadShareGroupStateRequestData request,
            short version,
            List<ReadShareGroupStateResponseData> parts) {
        return new ReadShareGroupStateResponseData()
                .setResults(
                        ShareResults.merged(
                                parts,
                                ReadShareGroupStateResponseData::results,
                                result -> result.topicId(),
                                (into, from) -> into.partitions().addAll(from.partitions())));
    }
}
