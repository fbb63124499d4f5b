package io.headrace.coordinator.handler.share;

import io.headrace.coordinator.handler.routing.ManyShardsHandler;
import io.headrace.coordinator.handler.routing.ShardRouter;
import io.headrace.coordinator.share.SharePartition;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.DeleteShareGroupStateRequestData;
import org.apache.kafka.common.message.DeleteShareGroupStateRequestData.DeleteStateData;
import org.apache.kafka.common.message.DeleteShareGroupStateRequestData.PartitionData;
import org.apache.kafka.common.message.DeleteShareGroupStateResponseData;
import org.apache.kafka.common.protocol.ApiKeys;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** DeleteShareGroupState. */
final class DeleteStateHandler
        extends ManyShardsHandler<
                DeleteShareGroupStateRequestData,
                DeleteShareGroupStateResponseData,
                DeleteStateHandler.Asked> {

    /** What is asked of one share partition. */
    record Asked(String groupId, Uuid topicId, PartitionData data) {}

    DeleteStateHandler(ShardRouter router) {
        super(
                ApiKeys.DELETE_SHARE_GROUP_STATE,
                DeleteShareGroupStateRequestData.class,
                DeleteShareGroupStateResponseData.class,
                router);
    }

    @Override
    protected List<Asked> things(DeleteShareGroupStateRequestData request, short version) {
        List<Asked> all = new ArrayList<>();
        for (DeleteStateData topic : request.topics()) {
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
    protected DeleteShareGroupStateRequestData part(
            DeleteShareGroupStateRequestData whole, List<Asked> things) {
        Map<Uuid, DeleteStateData> topics = new LinkedHashMap<>();
        for (Asked asked : things) {
            topics.computeIfAbsent(asked.topicId(), id -> new DeleteStateData().setTopicId(id))
                    .partitions()
                    .add(asked.data());
        }
        return new DeleteShareGroupStateRequestData()
                .setGroupId(whole.groupId())
                .setTopics(List.copyOf(topics.values()));
    }

    @Override
    protected DeleteShareGroupStateResponseData whole(
            DeleteShareGroupStateRequestData request,
            short version,
            List<DeleteShareGroupStateResponseData> parts) {
        return new DeleteShareGroupStateResponseData()
                .setResults(
                        ShareResults.merged(
                                parts,
                                DeleteShareGroupStateResponseData::results,
                                result -> result.topicId(),
                                (into, from) -> into.partitions().addAll(from.partitions())));
    }
}
