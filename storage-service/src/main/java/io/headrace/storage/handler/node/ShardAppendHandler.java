package io.headrace.storage.handler.node;

import io.headrace.protocol.batch.BatchSet;
import io.headrace.protocol.batch.BatchView;
import io.headrace.protocol.batch.CorruptBatchException;
import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.protocol.codec.ApiSchema;
import io.headrace.protocol.codec.RecordsField;
import io.headrace.protocol.message.ShardAppendRequestData;
import io.headrace.protocol.message.ShardAppendResponseData;
import io.headrace.storage.handler.request.ApiHandler;
import io.headrace.storage.handler.request.Request;
import io.headrace.storage.handler.request.Services;
import io.headrace.storage.log.AppendOrigin;
import io.headrace.storage.log.AppendResult;
import io.headrace.storage.partition.Partition;
import io.headrace.storage.partition.ShardFence;

import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.nio.ByteBuffer;

/**
 * ShardAppend: a compare-and-append on a shard topic, only in the highest shard epoch seen and at
 * the expected end offset. Answered when committed.
 */
final class ShardAppendHandler implements ApiHandler {
    private static final Logger LOG = LoggerFactory.getLogger(ShardAppendHandler.class);
    private static final long ANY_OFFSET = -1;

    private final Services services;

    ShardAppendHandler(Services services) {
        this.services = services;
    }

    @Override
    public ApiSchema api() {
        return ApiCatalog.get(ApiCatalog.SHARD_APPEND);
    }

    @Override
    public boolean nodesOnly() {
        return true;
    }

    @Override
    public void handle(Request request, ApiMessage body) {
        ShardAppendRequestData asked = (ShardAppendRequestData) body;
        ByteBuffer records = RecordsField.bytes(asked.records());
        String problem = records == null ? "There are no records" : problem(records);
        if (records == null || problem != null) {
            request.reply(failed(Errors.CORRUPT_MESSAGE, problem, -1));
            return;
        }
        Partition partition = services.partitions().find(asked.topicId(), asked.partition());
        if (partition == null) {
            boolean known = services.image().topic(asked.topicId()) != null;
            request.reply(
                    failed(
                            known ? Errors.NOT_LEADER_OR_FOLLOWER : Errors.UNKNOWN_TOPIC_ID,
                            null,
                            -1));
            return;
        }
        partition.runAppend(() -> onLoop(request, asked, records, partition));
    }

    private static @Nullable String problem(ByteBuffer records) {
        try {
            BatchSet batches = BatchSet.of(records);
            boolean any = false;
            while (batches.next()) {
                any = true;
                if (!BatchView.isCrcValid(records, batches.index())) {
                    return "A batch has a wrong CRC";
                }
                if (BatchView.recordCount(records, batches.index())
                        != BatchView.lastOffsetDelta(records, batches.index()) + 1) {
                    return "A batch's record count is not that of its offsets";
                }
            }
            return any && batches.endIndex() == records.limit()
                    ? null
                    : "The records are no whole batches";
        } catch (CorruptBatchException e) {
            return e.getMessage();
        }
    }

    private void onLoop(
            Request request,
            ShardAppendRequestData asked,
            ByteBuffer records,
            Partition partition) {
        Errors error = partition.checkLeader(-1);
        if (error != Errors.NONE) {
            request.reply(failed(error, null, -1));
            return;
        }
        ShardFence fence = partition.shardFence();
        fence.rebuild(partition.log())
                .whenComplete(
                        (done, failure) -> {
                            if (failure != null) {
                                LOG.error("No fence for {}", partition.id(), failure);
                                request.reply(failed(Errors.KAFKA_STORAGE_ERROR, null, -1));
                            } else {
                                append(request, asked, records, partition, fence);
                            }
                        });
    }

    private void append(
            Request request,
            ShardAppendRequestData asked,
            ByteBuffer records,
            Partition partition,
            ShardFence fence) {
        Errors error = partition.checkLeader(-1);
        if (error == Errors.NONE && partition.shardFence() != fence) {
            error = Errors.NOT_LEADER_OR_FOLLOWER; // it led, did not, and leads again
        }
        int highest = fence.shardEpoch();
        if (error == Errors.NONE && asked.shardEpoch() < Math.max(0, highest)) {
            error = Errors.FENCED_STATE_EPOCH;
        }
        if (error == Errors.NONE && !partition.hasEnoughInSync()) {
            error = Errors.NOT_ENOUGH_REPLICAS;
        }
        if (error != Errors.NONE) {
            request.reply(failed(error, null, highest));
            return;
        }
        long endOffset = partition.log().logEndOffset();
        if (asked.expectedEndOffset() != ANY_OFFSET && asked.expectedEndOffset() != endOffset) {
            request.reply(
                    failed(Errors.OFFSET_OUT_OF_RANGE, null, highest).setLogEndOffset(endOffset));
            return;
        }
        AppendResult appended;
        try {
            ShardFence.stamp(records, asked.shardEpoch());
            appended = partition.append(records, AppendOrigin.COORDINATOR);
        } catch (ApiException e) {
            request.reply(failed(Errors.forException(e), e.getMessage(), highest));
            return;
        } finally {
            request.releaseFrame();
        }
        fence.raiseTo(asked.shardEpoch());
        long deadlineMs = services.nowMs() + Math.max(0, asked.timeoutMs());
        partition.awaitCommit(
                appended.lastOffset() + 1,
                deadlineMs,
                outcome ->
                        request.reply(
                                new ShardAppendResponseData()
                                        .setErrorCode(outcome.code())
                                        .setBaseOffset(appended.baseOffset())
                                        .setLogEndOffset(appended.lastOffset() + 1)
                                        .setCurrentShardEpoch(fence.shardEpoch())));
    }

    private static ShardAppendResponseData failed(
            Errors error, @Nullable String message, int shardEpoch) {
        return new ShardAppendResponseData()
                .setErrorCode(error.code())
                .setErrorMessage(message)
                .setCurrentShardEpoch(shardEpoch);
    }
}
