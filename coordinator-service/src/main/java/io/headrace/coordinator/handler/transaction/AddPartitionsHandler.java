package io.headrace.coordinator.handler.transaction;

import io.headrace.coordinator.handler.ForwardedHandler;
import io.headrace.coordinator.handler.ForwardedRequest;
import io.headrace.coordinator.handler.routing.Gathering;
import io.headrace.coordinator.handler.routing.ShardRouter;
import io.headrace.protocol.codec.ApiCatalog;

import org.apache.kafka.common.message.AddPartitionsToTxnRequestData;
import org.apache.kafka.common.message.AddPartitionsToTxnRequestData.AddPartitionsToTxnTransaction;
import org.apache.kafka.common.message.AddPartitionsToTxnResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;

import java.util.LinkedHashMap;
import java.util.Map;

/** AddPartitionsToTxn: of one transaction up to version 3, of many from version 4 on. */
final class AddPartitionsHandler implements ForwardedHandler {
    private static final short BATCHED = 4;

    private final ShardRouter router;

    AddPartitionsHandler(ShardRouter router) {
        this.router = router;
    }

    @Override
    public short apiKey() {
        return ApiKeys.ADD_PARTITIONS_TO_TXN.id;
    }

    @Override
    public short minVersion() {
        return ApiCatalog.get(ApiKeys.ADD_PARTITIONS_TO_TXN).oldestVersion();
    }

    @Override
    public short maxVersion() {
        return ApiCatalog.get(ApiKeys.ADD_PARTITIONS_TO_TXN).latestVersion();
    }

    @Override
    public void handle(ForwardedRequest request) {
        AddPartitionsToTxnRequestData body = request.body(AddPartitionsToTxnRequestData.class);
        if (request.apiVersion() < BATCHED) {
            int shard = router.shardOf(body.v3AndBelowTransactionalId());
            if (router.isOurs(shard)) {
                router.route(request, shard, body, request::reply);
            } else {
                request.refuse(Errors.NOT_COORDINATOR);
            }
            return;
        }
        Map<Integer, AddPartitionsToTxnRequestData> byShard = new LinkedHashMap<>();
        for (AddPartitionsToTxnTransaction transaction : body.transactions()) {
            byShard.computeIfAbsent(
                            router.shardOf(transaction.transactionalId()),
                            shard -> new AddPartitionsToTxnRequestData())
                    .transactions()
                    .add(transaction.duplicate());
        }
        if (!byShard.isEmpty() && byShard.keySet().stream().noneMatch(router::isOurs)) {
            request.refuse(Errors.NOT_COORDINATOR);
            return;
        }
        Gathering<AddPartitionsToTxnResponseData> gathering =
                new Gathering<>(
                        byShard.size(),
                        AddPartitionsToTxnResponseData.class,
                        parts -> {
                            AddPartitionsToTxnResponseData whole =
                                    new AddPartitionsToTxnResponseData();
                            for (AddPartitionsToTxnResponseData part : parts) {
                                part.resultsByTransaction()
                                        .forEach(
                                                result ->
                                                        whole.resultsByTransaction()
                                                                .add(result.duplicate()));
                            }
                            request.reply(whole);
                        });
        byShard.forEach((shard, part) -> router.route(request, shard, part, gathering::add));
    }
}
