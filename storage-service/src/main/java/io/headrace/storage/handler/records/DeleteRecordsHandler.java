package io.headrace.storage.handler.records;

import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.protocol.codec.ApiSchema;
import io.headrace.protocol.metadata.TopicImage;
import io.headrace.storage.handler.request.ApiHandler;
import io.headrace.storage.handler.request.PartitionQuestions;
import io.headrace.storage.handler.request.Request;
import io.headrace.storage.handler.request.Services;
import io.headrace.storage.log.PartitionLog;
import io.headrace.storage.partition.Partition;

import org.apache.kafka.common.errors.OffsetOutOfRangeException;
import org.apache.kafka.common.message.DeleteRecordsRequestData;
import org.apache.kafka.common.message.DeleteRecordsRequestData.DeleteRecordsPartition;
import org.apache.kafka.common.message.DeleteRecordsRequestData.DeleteRecordsTopic;
import org.apache.kafka.common.message.DeleteRecordsResponseData;
import org.apache.kafka.common.message.DeleteRecordsResponseData.DeleteRecordsPartitionResult;
import org.apache.kafka.common.message.DeleteRecordsResponseData.DeleteRecordsTopicResult;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** DeleteRecords: hides all records below an offset (KIP-107). */
final class DeleteRecordsHandler implements ApiHandler {
    private final Services services;

    DeleteRecordsHandler(Services services) {
        this.services = services;
    }

    @Override
    public ApiSchema api() {
        return ApiCatalog.get(ApiKeys.DELETE_RECORDS);
    }

    @Override
    public void handle(Request request, ApiMessage body) {
        DeleteRecordsRequestData asked = (DeleteRecordsRequestData) body;
        request.releaseFrame();
        List<CompletableFuture<DeleteRecordsPartitionResult>> answers = new ArrayList<>();
        for (DeleteRecordsTopic topic : asked.topics()) {
            TopicImage known = services.image().topic(topic.name());
            boolean forbidden = known != null && known.internal();
            for (DeleteRecordsPartition partition : topic.partitions()) {
                answers.add(
                        forbidden
                                ? CompletableFuture.completedFuture(
                                        failed(partition, Errors.INVALID_TOPIC_EXCEPTION))
                                : delete(topic.name(), partition));
            }
        }
        PartitionQuestions.whenAll(answers, () -> request.reply(gather(asked, answers)));
    }

    private CompletableFuture<DeleteRecordsPartitionResult> delete(
            String topic, DeleteRecordsPartition asked) {
        return PartitionQuestions.ask(
                services,
                topic,
                asked.partitionIndex(),
                -1,
                partition -> {
                    if (partition.log().config().compact() && !partition.log().config().delete()) {
                        return CompletableFuture.completedFuture(
                                failed(asked, Errors.POLICY_VIOLATION));
                    }
                    return CompletableFuture.completedFuture(
                            new DeleteRecordsPartitionResult()
                                    .setPartitionIndex(asked.partitionIndex())
                                    .setLowWatermark(delete(partition, asked.offset())));
                },
                error -> failed(asked, error));
    }

    /**
     * Deletes the records below an offset; answers the first offset left.
     *
     * @param offset -1 for the high watermark
     */
    private static long delete(Partition partition, long offset) {
        PartitionLog log = partition.log();
        long target = offset == -1 ? log.highWatermark() : offset;
        if (target < 0 || target > log.highWatermark()) {
            throw new OffsetOutOfRangeException(
                    "The offset " + offset + " lies above the high watermark of " + partition.id());
        }
        return log.advanceLogStartOffset(target);
    }

    private static DeleteRecordsPartitionResult failed(DeleteRecordsPartition asked, Errors error) {
        return new DeleteRecordsPartitionResult()
                .setPartitionIndex(asked.partitionIndex())
                .setLowWatermark(-1)
                .setErrorCode(error.code());
    }

    private static DeleteRecordsResponseData gather(
            DeleteRecordsRequestData asked,
            List<CompletableFuture<DeleteRecordsPartitionResult>> answers) {
        DeleteRecordsResponseData response = new DeleteRecordsResponseData();
        int next = 0;
        for (DeleteRecordsTopic topic : asked.topics()) {
            DeleteRecordsTopicResult result = new DeleteRecordsTopicResult().setName(topic.name());
            for (int i = 0; i < topic.partitions().size(); i++) {
                result.partitions().add(answers.get(next++).join());
            }
            response.topics().add(result);
        }
        return response;
    }
}
