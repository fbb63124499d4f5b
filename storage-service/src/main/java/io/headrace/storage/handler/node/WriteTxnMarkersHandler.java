package io.headrace.storage.handler.node;

import io.headrace.protocol.batch.BatchBuilder;
import io.headrace.protocol.batch.ControlMarker;
import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.protocol.codec.ApiSchema;
import io.headrace.protocol.codec.TaggedFields;
import io.headrace.protocol.metadata.TopicImage;
import io.headrace.storage.handler.request.ApiHandler;
import io.headrace.storage.handler.request.PartitionQuestions;
import io.headrace.storage.handler.request.Request;
import io.headrace.storage.handler.request.Services;
import io.headrace.storage.log.AppendOrigin;
import io.headrace.storage.log.AppendResult;
import io.headrace.storage.partition.Partition;

import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.WriteTxnMarkersRequestData;
import org.apache.kafka.common.message.WriteTxnMarkersRequestData.WritableTxnMarker;
import org.apache.kafka.common.message.WriteTxnMarkersRequestData.WritableTxnMarkerTopic;
import org.apache.kafka.common.message.WriteTxnMarkersResponseData;
import org.apache.kafka.common.message.WriteTxnMarkersResponseData.WritableTxnMarkerPartitionResult;
import org.apache.kafka.common.message.WriteTxnMarkersResponseData.WritableTxnMarkerResult;
import org.apache.kafka.common.message.WriteTxnMarkersResponseData.WritableTxnMarkerTopicResult;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * WriteTxnMarkers: ends transactions in partitions that this node leads. Answered when the markers
 * are committed.
 *
 * <p>The owner of a transaction shard asks it over a node's connection. A client may only have a
 * transaction aborted that hangs (KIP-664): one that no owner of a transactional id knows of.
 */
final class WriteTxnMarkersHandler implements ApiHandler {
    private static final byte V2 = 2;
    private static final long TIMEOUT_MS = 4_000;

    private final Services services;
    private final HangingTransactions hanging;

    WriteTxnMarkersHandler(Services services) {
        this.services = services;
        this.hanging = new HangingTransactions(services);
    }

    @Override
    public ApiSchema api() {
        return ApiCatalog.get(ApiKeys.WRITE_TXN_MARKERS);
    }

    @Override
    public void handle(Request request, ApiMessage body) {
        WriteTxnMarkersRequestData asked = (WriteTxnMarkersRequestData) body;
        request.releaseFrame();
        boolean isNode = request.client().isNode();
        List<CompletableFuture<Errors>> answers = new ArrayList<>();
        for (WritableTxnMarker marker : asked.markers()) {
            for (WritableTxnMarkerTopic topic : marker.topics()) {
                for (int partition : topic.partitionIndexes()) {
                    answers.add(
                            isNode
                                    ? write(marker, topic, partition)
                                    : abort(marker, topic, partition));
                }
            }
        }
        PartitionQuestions.whenAll(answers, () -> request.reply(gather(asked, answers)));
    }

    private static CompletableFuture<Errors> done(Errors error) {
        return CompletableFuture.completedFuture(error);
    }

    /** What a client may have done: the abort of what hangs. */
    private CompletableFuture<Errors> abort(
            WritableTxnMarker marker, WritableTxnMarkerTopic topic, int partition) {
        if (marker.transactionResult()) {
            return done(Errors.CLUSTER_AUTHORIZATION_FAILED);
        }
        return hanging.check(marker.producerId(), new TopicPartition(topic.name(), partition))
                .thenCompose(
                        error ->
                                error == Errors.NONE
                                        ? write(marker, topic, partition)
                                        : done(error));
    }

    private CompletableFuture<Errors> write(
            WritableTxnMarker marker, WritableTxnMarkerTopic asked, int index) {
        Uuid topicId = TaggedFields.uuid(asked, TaggedFields.TOPIC_ID);
        TopicImage topic =
                topicId.equals(Uuid.ZERO_UUID)
                        ? services.image().topic(asked.name())
                        : services.image().topic(topicId);
        if (topic == null || topic.partition(index) == null) {
            return done(Errors.UNKNOWN_TOPIC_OR_PARTITION);
        }
        if (topic.internal()) {
            return done(Errors.INVALID_TXN_STATE); // shards are written by their owners only
        }
        Partition partition = services.partitions().find(topic.topicId(), index);
        if (partition == null) {
            return done(Errors.NOT_LEADER_OR_FOLLOWER);
        }
        CompletableFuture<Errors> result = new CompletableFuture<>();
        partition.runAppend(
                () -> {
                    try {
                        append(marker, partition, result);
                    } catch (RuntimeException e) {
                        result.complete(Errors.forException(e));
                    }
                });
        return result;
    }

    private void append(
            WritableTxnMarker marker, Partition partition, CompletableFuture<Errors> result) {
        Errors error = partition.checkLeader(-1);
        if (error == Errors.NONE && !partition.hasEnoughInSync()) {
            error = Errors.NOT_ENOUGH_REPLICAS;
        }
        if (error != Errors.NONE) {
            result.complete(error);
            return;
        }
        if (marker.transactionVersion() >= V2) {
            partition
                    .log()
                    .producerStates()
                    .checkRaisedEpoch(marker.producerId(), marker.producerEpoch());
        }
        ControlMarker control =
                new ControlMarker(
                        marker.transactionResult()
                                ? ControlMarker.Type.COMMIT
                                : ControlMarker.Type.ABORT,
                        marker.coordinatorEpoch());
        AppendResult appended =
                partition.append(
                        BatchBuilder.endOfTransaction(
                                control,
                                marker.producerId(),
                                marker.producerEpoch(),
                                services.timeOfDay()),
                        AppendOrigin.COORDINATOR);
        partition.verifications().onMarker(marker.producerId());
        partition.awaitCommit(
                appended.lastOffset() + 1, services.nowMs() + TIMEOUT_MS, result::complete);
    }

    private static WriteTxnMarkersResponseData gather(
            WriteTxnMarkersRequestData asked, List<CompletableFuture<Errors>> answers) {
        WriteTxnMarkersResponseData response = new WriteTxnMarkersResponseData();
        int next = 0;
        for (WritableTxnMarker marker : asked.markers()) {
            WritableTxnMarkerResult result =
                    new WritableTxnMarkerResult().setProducerId(marker.producerId());
            for (WritableTxnMarkerTopic topic : marker.topics()) {
                WritableTxnMarkerTopicResult ofTopic =
                        new WritableTxnMarkerTopicResult().setName(topic.name());
                for (int partition : topic.partitionIndexes()) {
                    ofTopic.partitions()
                            .add(
                                    new WritableTxnMarkerPartitionResult()
                                            .setPartitionIndex(partition)
                                            .setErrorCode(answers.get(next++).join().code()));
                }
                result.topics().add(ofTopic);
            }
            response.markers().add(result);
        }
        return response;
    }
}
