package io.headrace.coordinator.handler.share;

import io.headrace.coordinator.handler.routing.ManyShardsHandler;
import io.headrace.coordinator.handler.routing.ShardRouter;
import io.headrace.coordinator.share.SharePartition;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.InitializeShareGroupStateRequestData;
import org.apache.kafka.common.message.InitializeShareGroupStateRequestData.InitializeStateData;
import org.apache.kafka.common.message.InitializeShareGroupStateRequestData.PartitionData;
import org.apache.kafka.common.message.InitializeShareGroupStateResponseData;
import org.apache.kafka.common.protocol.ApiKeys;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** InitializeShareGroupState. */
final class InitializeStateHandler
        extends ManyShardsHandler<
                InitializeShareGroupStateRequestData,
                InitializeShareGroupStateResponseData,
                InitializeStateHandler.Asked> {

    /** What is asked of one share partition. */
    record Asked(String groupId, Uuid topicId, PartitionData data) {}

    InitializeStateHandler(ShardRouter router) {
        super(
                ApiKeys.INITIALIZE_SHARE_GROUP_STATE,
                InitializeShareGroupStateRequestData.class,
                InitializeShareGroupStateResponseData.class,
                router);
    }

    @Override
    protected List<Asked> things(InitializeShareGroupStateRequestData request, short version) {
        List<Asked> all = new ArrayList<>();
        for (InitializeStateData topic : request.topics()) {
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
    protected InitializeShareGroupStateRequestData part(
            InitializeShareGroupStateRequestData whole, List<Asked> things) {
        Map<Uuid, InitializeStateData> topics = new LinkedHashMap<>();
        for (Asked asked : things) {
            topics.computeIfAbsent(asked.topicId(), id -> new InitializeStateData().setTopicId(id))
                    .partitions()
                    .add(asked.data());
        }
        return new InitializeShareGroupStateRequestData()
                .setGroupId(whole.groupId())
                .setTopics(List.copyOf(topics.values()));
    }

    @Override
    protected InitializeShareGroupStateResponseData whole(
            InitializeShareGroupStateRequestData request,
            short version,
            List<InitializeShareGroupStateResponseData> parts) {
        return new InitializeShareGroupStateResponseData()
                .setResults(
                        ShareResults.merged(
                                parts,
                                InitializeShareGroupStateResponseData::results,
                                result -> result.topicId(),
                                (into, from) -> into.partitions().addAll(from.partitions())));
    }
}
