package io.headrace.coordinator.share;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.DeleteShareGroupStateRequestData;
import org.apache.kafka.common.message.DeleteShareGroupStateResponseData;
import org.apache.kafka.common.message.InitializeShareGroupStateRequestData;
import org.apache.kafka.common.message.InitializeShareGroupStateResponseData;
import org.apache.kafka.common.message.ReadShareGroupStateRequestData;
import org.apache.kafka.common.message.ReadShareGroupStateResponseData;
import org.apache.kafka.common.message.ReadShareGroupStateSummaryRequestData;
import org.apache.kafka.common.message.ReadShareGroupStateSummaryResponseData;
import org.apache.kafka.common.message.WriteShareGroupStateRequestData;
import org.apache.kafka.common.message.WriteShareGroupStateResponseData;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.util.function.BiFunction;

/** Puts the answers about share partitions together as the request names them. */
final class ShareAnswers {
    private ShareAnswers() {}

    static InitializeShareGroupStateResponseData initialized(
            InitializeShareGroupStateRequestData request,
            BiFunction<Uuid, InitializeShareGroupStateRequestData.PartitionData, Outcome> decide) {
        InitializeShareGroupStateResponseData response =
                new InitializeShareGroupStateResponseData();
        for (var topic : request.topics()) {
            var result =
                    new InitializeShareGroupStateResponseData.InitializeStateResult()
                            .setTopicId(topic.topicId());
            for (var partition : topic.partitions()) {
                Outcome outcome = decide.apply(topic.topicId(), partition);
                result.partitions()
                        .add(
                                new InitializeShareGroupStateResponseData.PartitionResult()
                                        .setPartition(partition.partition())
                                        .setErrorCode(outcome.error().code())
                                        .setErrorMessage(outcome.message()));
            }
            response.results().add(result);
        }
        return response;
    }

    static WriteShareGroupStateResponseData written(
            WriteShareGroupStateRequestData request,
            BiFunction<Uuid, WriteShareGroupStateRequestData.PartitionData, Outcome> decide) {
        WriteShareGroupStateResponseData response = new WriteShareGroupStateResponseData();
        for (var topic : request.topics()) {
            var result =
                    new WriteShareGroupStateResponseData.WriteStateResult()
                            .setTopicId(topic.topicId());
            for (var partition : topic.partitions()) {
                Outcome outcome = decide.apply(topic.topicId(), partition);
                result.partitions()
                        .add(
                                new WriteShareGroupStateResponseData.PartitionResult()
                                        .setPartition(partition.partition())
                                        .setErrorCode(outcome.error().code())
                                        .setErrorMessage(outcome.message()));
            }
            response.results().add(result);
        }
        return response;
    }

    static DeleteShareGroupStateResponseData deleted(
            DeleteShareGroupStateRequestData request,
            BiFunction<Uuid, DeleteShareGroupStateRequestData.PartitionData, Outcome> decide) {
        DeleteShareGroupStateResponseData response = new DeleteShareGroupStateResponseData();
        for (var topic : request.topics()) {
            var result =
                    new DeleteShareGroupStateResponseData.DeleteStateResult()
                            .setTopicId(topic.topicId());
            for (var partition : topic.partitions()) {
                Outcome outcome = decide.apply(topic.topicId(), partition);
                result.partitions()
                        .add(
                                new DeleteShareGroupStateResponseData.PartitionResult()
                                        .setPartition(partition.partition())
                                        .setErrorCode(outcome.error().code())
                                        .setErrorMessage(outcome.message()));
            }
            response.results().add(result);
        }
        return response;
    }

    static ReadShareGroupStateResponseData read(
            ReadShareGroupStateRequestData request,
            BiFunction<
                            Uuid,
                            ReadShareGroupStateRequestData.PartitionData,
                            ReadShareGroupStateResponseData.PartitionResult>
                    decide) {
        ReadShareGroupStateResponseData response = new ReadShareGroupStateResponseData();
        for (var topic : request.topics()) {
            var result =
                    new ReadShareGroupStateResponseData.ReadStateResult()
                            .setTopicId(topic.topicId());
            topic.partitions()
                    .forEach(
                            partition ->
                                    result.partitions()
                                            .add(decide.apply(topic.topicId(), partition)));
            response.results().add(result);
        }
        return response;
    }

    static ReadShareGroupStateResponseData.PartitionResult unread(
            ReadShareGroupStateRequestData.PartitionData partition,
            Errors error,
            @Nullable String message) {
        return new ReadShareGroupStateResponseData.PartitionResult()
                .setPartition(partition.partition())
                .setErrorCode(error.code())
                .setErrorMessage(message == null ? error.message() : message);
    }

    static ReadShareGroupStateSummaryResponseData summed(
            ReadShareGroupStateSummaryRequestData request,
            BiFunction<
                            Uuid,
                            ReadShareGroupStateSummaryRequestData.PartitionData,
                            ReadShareGroupStateSummaryResponseData.PartitionResult>
                    decide) {
        ReadShareGroupStateSummaryResponseData response =
                new ReadShareGroupStateSummaryResponseData();
        for (var topic : request.topics()) {
            var result =
                    new ReadShareGroupStateSummaryResponseData.ReadStateSummaryResult()
                            .setTopicId(topic.topicId());
            topic.partitions()
                    .forEach(
                            partition ->
                                    result.partitions()
                                            .add(decide.apply(topic.topicId(), partition)));
            response.results().add(result);
        }
        return response;
    }

    static ReadShareGroupStateSummaryResponseData.PartitionResult unsummed(
            int partition, Errors error, @Nullable String message) {
        return new ReadShareGroupStateSummaryResponseData.PartitionResult()
                .setPartition(partition)
                .setErrorCode(error.code())
                .setErrorMessage(message == null ? error.message() : message);
    }
}
