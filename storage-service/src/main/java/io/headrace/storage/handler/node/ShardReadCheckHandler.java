package io.headrace.storage.handler.node;

import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.protocol.codec.ApiSchema;
import io.headrace.protocol.message.ShardReadCheckRequestData;
import io.headrace.protocol.message.ShardReadCheckRequestData.CheckedShard;
import io.headrace.protocol.message.ShardReadCheckResponseData;
import io.headrace.protocol.message.ShardReadCheckResponseData.ShardVerdict;
import io.headrace.storage.handler.request.ApiHandler;
import io.headrace.storage.handler.request.PartitionQuestions;
import io.headrace.storage.handler.request.Request;
import io.headrace.storage.handler.request.Services;
import io.headrace.storage.partition.Partition;
import io.headrace.storage.partition.ShardFence;

import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * ShardReadCheck: whether the owners of shards are still unfenced at the partitions' leader, so
 * that they may answer reads. Answered once every other member of the in-sync set has fetched again
 * after it arrived, which shows that no newer leader had been elected; with this node alone in the
 * set, its own word is enough.
 */
final class ShardReadCheckHandler implements ApiHandler {
    private static final long CHECK_MS = 10_000;

    private final Services services;

    ShardReadCheckHandler(Services services) {
        this.services = services;
    }

    @Override
    public ApiSchema api() {
        return ApiCatalog.get(ApiCatalog.SHARD_READ_CHECK);
    }

    @Override
    public boolean nodesOnly() {
        return true;
    }

    @Override
    public void handle(Request request, ApiMessage body) {
        ShardReadCheckRequestData asked = (ShardReadCheckRequestData) body;
        request.releaseFrame();
        List<CompletableFuture<ShardVerdict>> verdicts = new ArrayList<>();
        for (CheckedShard shard : asked.shards()) {
            verdicts.add(check(shard));
        }
        PartitionQuestions.whenAll(
                verdicts,
                () ->
                        request.reply(
                                new ShardReadCheckResponseData()
                                        .setShards(
                                                verdicts.stream()
                                                        .map(CompletableFuture::join)
                                                        .toList())));
    }

    private CompletableFuture<ShardVerdict> check(CheckedShard shard) {
        Partition partition = services.partitions().find(shard.topicId(), shard.partition());
        CompletableFuture<ShardVerdict> verdict = new CompletableFuture<>();
        if (partition == null) {
            verdict.complete(failed(Errors.NOT_LEADER_OR_FOLLOWER));
            return verdict;
        }
        partition
                .loop()
                .run(
                        () -> {
                            Errors error = partition.checkLeader(-1);
                            if (error != Errors.NONE) {
                                verdict.complete(failed(error));
                                return;
                            }
                            ask(partition, shard, verdict);
                        });
        return verdict;
    }

    private void ask(
            Partition partition, CheckedShard shard, CompletableFuture<ShardVerdict> verdict) {
        ShardFence fence = partition.shardFence();
        fence.rebuild(partition.log())
                .whenComplete(
                        (done, failure) -> {
                            if (failure != null) {
                                verdict.complete(failed(Errors.KAFKA_STORAGE_ERROR));
                            } else if (partition.checkLeader(-1) != Errors.NONE) {
                                verdict.complete(failed(partition.checkLeader(-1)));
                            } else {
                                partition.awaitLeaderCheck(
                                        services.nowMs() + CHECK_MS,
                                        error ->
                                                verdict.complete(
                                                        error == Errors.NONE
                                                                ? judge(partition, shard, fence)
                                                                : failed(error)));
                            }
                        });
    }

    private static ShardVerdict judge(Partition partition, CheckedShard shard, ShardFence fence) {
        Errors error = partition.checkLeader(-1);
        if (error == Errors.NONE && partition.shardFence() != fence) {
            error = Errors.NOT_LEADER_OR_FOLLOWER; // it led, did not, and leads again
        }
        int highest = fence.shardEpoch();
        if (error == Errors.NONE && highest != shard.shardEpoch()) {
            error = Errors.FENCED_STATE_EPOCH;
        }
        return new ShardVerdict().setErrorCode(error.code()).setCurrentShardEpoch(highest);
    }

    private static ShardVerdict failed(Errors error) {
        return new ShardVerdict().setErrorCode(error.code());
    }
}
