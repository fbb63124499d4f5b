package io.headrace.storage.handler;

import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.protocol.codec.ApiSchema;
import io.headrace.protocol.message.ShardReadCheckRequestData;
import io.headrace.protocol.message.ShardReadCheckRequestData.CheckedShard;
import io.headrace.protocol.message.ShardReadCheckResponseData;
import io.headrace.protocol.message.ShardReadCheckResponseData.ShardVerdict;
import io.headrace.storage.partition.Partition;

import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * ShardReadCheck: whether the owners of shards are still unfenced at the partitions' leader, so
 * that they may answer reads. With this node alone in the ISR, its own word is enough.
 */
final class ShardReadCheckHandler implements ApiHandler {
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
                            partition
                                    .shardFence()
                                    .rebuild(partition.log())
                                    .whenComplete(
                                            (done, failure) ->
                                                    verdict.complete(
                                                            failure == null
                                                                    ? judge(partition, shard)
                                                                    : failed(
                                                                            Errors
                                                                                    .KAFKA_STORAGE_ERROR)));
                        });
        return verdict;
    }

    private static ShardVerdict judge(Partition partition, CheckedShard shard) {
        Errors error = partition.checkLeader(-1);
        int highest = partition.shardFence().shardEpoch();
        if (error == Errors.NONE && highest != shard.shardEpoch()) {
            error = Errors.FENCED_STATE_EPOCH;
        }
        return new ShardVerdict().setErrorCode(error.code()).setCurrentShardEpoch(highest);
    }

    private static ShardVerdict failed(Errors error) {
        return new ShardVerdict().setErrorCode(error.code());
    }
}
