package io.headrace.coordinator.handler.share;

import io.headrace.coordinator.handler.routing.ManyShardsHandler;
import io.headrace.coordinator.handler.routing.ShardRouter;
import io.headrace.coordinator.share.SharePartition;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.ReadShareGroupStateSummaryRequestData;
import org.apache.kafka.common.message.ReadShareGroupStateSummaryRequestData.PartitionData;
import org.apache.kafka.common.message.ReadShareGroupStateSummaryRequestData.ReadStateSummaryData;
import org.apache.kafka.common.message.ReadShareGroupStateSummaryResponseData;
import org.apache.kafka.common.protocol.ApiKeys;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** ReadShareGroupStateSummary. */
final class ReadSummaryStateHandler
        extends ManyShardsHandler<
                ReadShareGroupStateSummaryRequestData,
                ReadShareGroupStateSummaryResponseData,
                ReadSummaryStateHandler.Asked> {

    /** What is asked of one share partition. */
    record Asked(String groupId, Uuid topicId, PartitionData data) {}

    ReadSummaryStateHandler(ShardRouter router) {
        super(
                ApiKeys.READ_SHARE_GROUP_STATE_SUMMARY,
                ReadShareGroupStateSummaryRequestData.class,
                ReadShareGroupStateSummaryResponseData.class,
                router);
    }

    @Override
    protected List<Asked> things(ReadShareGroupStateSummaryRequestData request, short version) {
        List<Asked> all = new ArrayList<>();
        for (ReadStateSummaryData topic : request.topics()) {
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
    protected ReadShareGroupStateSummaryRequestData part(
            ReadShareGroupStateSummaryRequestData whole, List<Asked> things) {
        Map<Uuid, ReadStateSummaryData> topics = new LinkedHashMap<>();
        for (Asked asked : things) {
            topics.computeIfAbsent(asked.topicId(), id -> new ReadStateSummaryData().setTopicId(id))
                    .partitions()
                    .add(asked.data());
        }
        return new ReadShareGroupStateSummaryRequestData()
                .setGroupId(whole.groupId())
                .setTopics(List.copyOf(topics.values()));
    }

    @Override
    protected ReadShareGroupStateSummaryResponseData whole(
            ReadShareGroupStateSummaryRequestData request,
            short version,
            List<ReadShareGroupStateSummaryResponseData> parts) {
        return new ReadShareGroupStateSummaryResponseData()
                .setResults(
                        ShareResults.merged(
                                parts,
                                ReadShareGroupStateSummaryResponseData::results,
                                result -> result.topicId(),
                                (into, from) -> into.partitions().addAll(from.partitions())));
    }
}
