package io.headrace.coordinator.handler.share;

import io.headrace.coordinator.handler.routing.ManyShardsHandler;
import io.headrace.coordinator.handler.routing.ShardRouter;
import io.headrace.coordinator.share.SharePartition;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.WriteShareGroupStateRequestData;
import org.apache.kafka.common.message.WriteShareGroupStateRequestData.PartitionData;
import org.apache.kafka.common.message.WriteShareGroupStateRequestData.WriteStateData;
import org.apache.kafka.common.message.WriteShareGroupStateResponseData;
import org.apache.kafka.common.protocol.ApiKeys;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** WriteShareGroupState. */
final class WriteStateHandler
        extends ManyShardsHandler<
                WriteShareGroupStateRequestData,
                WriteShareGroupStateResponseData,
                WriteStateHandler.Asked> {

    /** What is asked of one share partition. */
    record Asked(String groupId, Uuid topicId, PartitionData data) {}

    WriteStateHandler(ShardRouter router) {
        super(
                ApiKeys.WRITE_SHARE_GROUP_STATE,
                WriteShareGroupStateRequestData.class,
                WriteShareGroupStateResponseData.class,
                router);
    }

    @Override
    protected List<Asked> things(WriteShareGroupStateRequestData request, short version) {
        List<Asked> all = new ArrayList<>();
        for (WriteStateData topic : request.topics()) {
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
    protected WriteShareGroupStateRequestData part(
            WriteShareGroupStateRequestData whole, List<Asked> things) {
        Map<Uuid, WriteStateData> topics = new LinkedHashMap<>();
        for (Asked asked : things) {
            topics.computeIfAbsent(asked.topicId(), id -> new WriteStateData().setTopicId(id))
                    .partitions()
                    .add(asked.data());
        }
        return new WriteShareGroupStateRequestData()
                .setGroupId(whole.groupId())
                .setTopics(List.copyOf(topics.values()));
    }

    @Override
    protected WriteShareGroupStateResponseData whole(
            WriteShareGroupStateRequestData request,
            short version,
            List<WriteShareGroupStateResponseData> parts) {
        return new WriteShareGroupStateResponseData()
                .setResults(
                        ShareResults.merged(
                                parts,
                                WriteShareGroupStateResponseData::results,
                                result -> result.topicId(),
                                (into, from) -> into.partitions().addAll(from.partitions())));
    }
}
