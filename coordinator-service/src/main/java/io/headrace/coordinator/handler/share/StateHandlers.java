package io.headrace.coordinator.handler.share;

import io.headrace.coordinator.handler.ForwardedHandler;
import io.headrace.coordinator.handler.routing.ShardRouter;

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
import org.apache.kafka.common.protocol.ApiKeys;

/** The share state APIs, each by the messages it is made of. */
final class StateHandlers {
    private StateHandlers() {}

    static ForwardedHandler initialize(ShardRouter router) {
        return new StateHandler<>(
                new StateHandler.Shape<>(
                        ApiKeys.INITIALIZE_SHARE_GROUP_STATE,
                        InitializeShareGroupStateRequestData.class,
                        InitializeShareGroupStateResponseData.class,
                        InitializeShareGroupStateRequestData::groupId,
                        InitializeShareGroupStateRequestData::topics,
                        InitializeStateData::topicId,
                        InitializeStateData::partitions,
                        InitializeShareGroupStateRequestData.PartitionData::partition,
                        id -> new InitializeStateData().setTopicId(id),
                        (groupId, topics) ->
                                new InitializeShareGroupStateRequestData()
                                        .setGroupId(groupId)
                                        .setTopics(topics),
                        parts ->
                                new InitializeShareGroupStateResponseData()
                                        .setResults(
                                                ShareResults.merged(
                                                        parts,
                                                        InitializeShareGroupStateResponseData
                                                                ::results,
                                                        result -> result.topicId(),
                                                        result -> result.partitions()))),
                router);
    }

    static ForwardedHandler read(ShardRouter router) {
        return new StateHandler<>(
                new StateHandler.Shape<>(
                        ApiKeys.READ_SHARE_GROUP_STATE,
                        ReadShareGroupStateRequestData.class,
                        ReadShareGroupStateResponseData.class,
                        ReadShareGroupStateRequestData::groupId,
                        ReadShareGroupStateRequestData::topics,
                        ReadStateData::topicId,
                        ReadStateData::partitions,
                        ReadShareGroupStateRequestData.PartitionData::partition,
                        id -> new ReadStateData().setTopicId(id),
                        (groupId, topics) ->
                                new ReadShareGroupStateRequestData()
                                        .setGroupId(groupId)
                                        .setTopics(topics),
                        parts ->
                                new ReadShareGroupStateResponseData()
                                        .setResults(
                                                ShareResults.merged(
                                                        parts,
                                                        ReadShareGroupStateResponseData::results,
                                                        result -> result.topicId(),
                                                        result -> result.partitions()))),
                router);
    }

    static ForwardedHandler write(ShardRouter router) {
        return new StateHandler<>(
                new StateHandler.Shape<>(
                        ApiKeys.WRITE_SHARE_GROUP_STATE,
                        WriteShareGroupStateRequestData.class,
                        WriteShareGroupStateResponseData.class,
                        WriteShareGroupStateRequestData::groupId,
                        WriteShareGroupStateRequestData::topics,
                        WriteStateData::topicId,
                        WriteStateData::partitions,
                        WriteShareGroupStateRequestData.PartitionData::partition,
                        id -> new WriteStateData().setTopicId(id),
                        (groupId, topics) ->
                                new WriteShareGroupStateRequestData()
                                        .setGroupId(groupId)
                                        .setTopics(topics),
                        parts ->
                                new WriteShareGroupStateResponseData()
                                        .setResults(
                                                ShareResults.merged(
                                                        parts,
                                                        WriteShareGroupStateResponseData::results,
                                                        result -> result.topicId(),
                                                        result -> result.partitions()))),
                router);
    }

    static ForwardedHandler delete(ShardRouter router) {
        return new StateHandler<>(
                new StateHandler.Shape<>(
                        ApiKeys.DELETE_SHARE_GROUP_STATE,
                        DeleteShareGroupStateRequestData.class,
                        DeleteShareGroupStateResponseData.class,
                        DeleteShareGroupStateRequestData::groupId,
                        DeleteShareGroupStateRequestData::topics,
                        DeleteStateData::topicId,
                        DeleteStateData::partitions,
                        DeleteShareGroupStateRequestData.PartitionData::partition,
                        id -> new DeleteStateData().setTopicId(id),
                        (groupId, topics) ->
                                new DeleteShareGroupStateRequestData()
                                        .setGroupId(groupId)
                                        .setTopics(topics),
                        parts ->
                                new DeleteShareGroupStateResponseData()
                                        .setResults(
                                                ShareResults.merged(
                                                        parts,
                                                        DeleteShareGroupStateResponseData::results,
                                                        result -> result.topicId(),
                                                        result -> result.partitions()))),
                router);
    }

    static ForwardedHandler readSummary(ShardRouter router) {
        return new StateHandler<>(
                new StateHandler.Shape<>(
                        ApiKeys.READ_SHARE_GROUP_STATE_SUMMARY,
                        ReadShareGroupStateSummaryRequestData.class,
                        ReadShareGroupStateSummaryResponseData.class,
                        ReadShareGroupStateSummaryRequestData::groupId,
                        ReadShareGroupStateSummaryRequestData::topics,
                        ReadStateSummaryData::topicId,
                        ReadStateSummaryData::partitions,
                        ReadShareGroupStateSummaryRequestData.PartitionData::partition,
                        id -> new ReadStateSummaryData().setTopicId(id),
                        (groupId, topics) ->
                                new ReadShareGroupStateSummaryRequestData()
                                        .setGroupId(groupId)
                                        .setTopics(topics),
                        parts ->
                                new ReadShareGroupStateSummaryResponseData()
                                        .setResults(
                                                ShareResults.merged(
                                                        parts,
                                                        ReadShareGroupStateSummaryResponseData
                                                                ::results,
                                                        result -> result.topicId(),
                                                        result -> result.partitions()))),
                router);
    }
}
