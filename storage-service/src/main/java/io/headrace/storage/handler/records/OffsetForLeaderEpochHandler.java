package io.headrace.storage.handler.records;

import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.protocol.codec.ApiSchema;
import io.headrace.storage.handler.request.ApiHandler;
import io.headrace.storage.handler.request.PartitionQuestions;
import io.headrace.storage.handler.request.Request;
import io.headrace.storage.handler.request.Services;
import io.headrace.storage.partition.Partition;

import org.apache.kafka.common.message.OffsetForLeaderEpochRequestData;
import org.apache.kafka.common.message.OffsetForLeaderEpochRequestData.OffsetForLeaderPartition;
import org.apache.kafka.common.message.OffsetForLeaderEpochRequestData.OffsetForLeaderTopic;
import org.apache.kafka.common.message.OffsetForLeaderEpochResponseData;
import org.apache.kafka.common.message.OffsetForLeaderEpochResponseData.EpochEndOffset;
import org.apache.kafka.common.message.OffsetForLeaderEpochResponseData.OffsetForLeaderTopicResult;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** OffsetForLeaderEpoch: where an epoch ends, so that a reader sees truncation (KIP-320). */
final class OffsetForLeaderEpochHandler implements ApiHandler {
    private final Services services;

    OffsetForLeaderEpochHandler(Services services) {
        this.services = services;
    }

    @Override
    public ApiSchema api() {
        return ApiCatalog.get(ApiKeys.OFFSET_FOR_LEADER_EPOCH);
    }

    @Override
    public void handle(Request request, ApiMessage body) {
        OffsetForLeaderEpochRequestData asked = (OffsetForLeaderEpochRequestData) body;
        request.releaseFrame();
        List<CompletableFuture<EpochEndOffset>> answers = new ArrayList<>();
        for (OffsetForLeaderTopic topic : asked.topics()) {
            for (OffsetForLeaderPartition partition : topic.partitions()) {
                answers.add(
                        PartitionQuestions.ask(
                                services,
                                topic.topic(),
                                partition.partition(),
                                partition.currentLeaderEpoch(),
                                found -> find(found, partition),
                                error ->
                                        new EpochEndOffset()
                                                .setPartition(partition.partition())
                                                .setErrorCode(error.code())));
            }
        }
        PartitionQuestions.whenAll(answers, () -> request.reply(gather(asked, answers)));
    }

    private static CompletableFuture<EpochEndOffset> find(
            Partition partition, OffsetForLeaderPartition asked) {
        var end = partition.log().endOffsetFor(asked.leaderEpoch());
        return CompletableFuture.completedFuture(
                new EpochEndOffset()
                        .setPartition(asked.partition())
                        .setErrorCode(Errors.NONE.code())
                        .setLeaderEpoch(end.leaderEpoch())
                        .setEndOffset(end.endOffset()));
    }

    private static OffsetForLeaderEpochResponseData gather(
            OffsetForLeaderEpochRequestData asked,
            List<CompletableFuture<EpochEndOffset>> answers) {
        OffsetForLeaderEpochResponseData response = new OffsetForLeaderEpochResponseData();
        int next = 0;
        for (OffsetForLeaderTopic topic : asked.topics()) {
            OffsetForLeaderTopicResult result =
                    new OffsetForLeaderTopicResult().setTopic(topic.topic());
            for (int i = 0; i < topic.partitions().size(); i++) {
                result.partitions().add(answers.get(next++).join());
            }
            response.topics().add(result);
        }
        return response;
    }
}
