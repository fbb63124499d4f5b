package io.headrace.storage.handler.records;

import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.protocol.codec.ApiSchema;
import io.headrace.storage.handler.request.ApiHandler;
import io.headrace.storage.handler.request.PartitionQuestions;
import io.headrace.storage.handler.request.Request;
import io.headrace.storage.handler.request.Services;
import io.headrace.storage.partition.Partition;

import org.apache.kafka.common.message.DescribeProducersRequestData;
import org.apache.kafka.common.message.DescribeProducersRequestData.TopicRequest;
import org.apache.kafka.common.message.DescribeProducersResponseData;
import org.apache.kafka.common.message.DescribeProducersResponseData.PartitionResponse;
import org.apache.kafka.common.message.DescribeProducersResponseData.ProducerState;
import org.apache.kafka.common.message.DescribeProducersResponseData.TopicResponse;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** DescribeProducers: what partitions remember of producers (KIP-664). */
final class DescribeProducersHandler implements ApiHandler {
    private final Services services;

    DescribeProducersHandler(Services services) {
        this.services = services;
    }

    @Override
    public ApiSchema api() {
        return ApiCatalog.get(ApiKeys.DESCRIBE_PRODUCERS);
    }

    @Override
    public void handle(Request request, ApiMessage body) {
        DescribeProducersRequestData asked = (DescribeProducersRequestData) body;
        request.releaseFrame();
        List<CompletableFuture<PartitionResponse>> answers = new ArrayList<>();
        for (TopicRequest topic : asked.topics()) {
            for (int index : topic.partitionIndexes()) {
                answers.add(
                        PartitionQuestions.ask(
                                services,
                                topic.name(),
                                index,
                                -1,
                                partition -> describe(partition, index),
                                error ->
                                        new PartitionResponse()
                                                .setPartitionIndex(index)
                                                .setErrorCode(error.code())
                                                .setErrorMessage(error.message())));
            }
        }
        PartitionQuestions.whenAll(answers, () -> request.reply(gather(asked, answers)));
    }

    private static CompletableFuture<PartitionResponse> describe(Partition partition, int index) {
        PartitionResponse response =
                new PartitionResponse().setPartitionIndex(index).setErrorCode(Errors.NONE.code());
        for (var producer : partition.log().producers()) {
            response.activeProducers()
                    .add(
                            new ProducerState()
                                    .setProducerId(producer.producerId())
                                    .setProducerEpoch(producer.producerEpoch())
                                    .setLastSequence(producer.lastSequence())
                                    .setLastTimestamp(producer.lastSeenMs())
                                    .setCoordinatorEpoch(producer.coordinatorEpoch())
                                    .setCurrentTxnStartOffset(producer.transactionFirstOffset()));
        }
        return CompletableFuture.completedFuture(response);
    }

    private static DescribeProducersResponseData gather(
            DescribeProducersRequestData asked,
            List<CompletableFuture<PartitionResponse>> answers) {
        DescribeProducersResponseData response = new DescribeProducersResponseData();
        int next = 0;
        for (TopicRequest topic : asked.topics()) {
            TopicResponse result = new TopicResponse().setName(topic.name());
            for (int i = 0; i < topic.partitionIndexes().size(); i++) {
                result.partitions().add(answers.get(next++).join());
            }
            response.topics().add(result);
        }
        return response;
    }
}
