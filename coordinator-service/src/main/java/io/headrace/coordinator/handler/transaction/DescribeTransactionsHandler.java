package io.headrace.coordinator.handler.transaction;

import io.headrace.coordinator.handler.ForwardedHandler;
import io.headrace.coordinator.handler.ForwardedRequest;
import io.headrace.coordinator.handler.group.Gathering;
import io.headrace.protocol.codec.ApiCatalog;

import org.apache.kafka.common.message.DescribeTransactionsRequestData;
import org.apache.kafka.common.message.DescribeTransactionsResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** DescribeTransactions. */
final class DescribeTransactionsHandler implements ForwardedHandler {
    private final TransactionRouter router;

    DescribeTransactionsHandler(TransactionRouter router) {
        this.router = router;
    }

    @Override
    public short apiKey() {
        return ApiKeys.DESCRIBE_TRANSACTIONS.id;
    }

    @Override
    public short minVersion() {
        return ApiCatalog.get(ApiKeys.DESCRIBE_TRANSACTIONS).oldestVersion();
    }

    @Override
    public short maxVersion() {
        return ApiCatalog.get(ApiKeys.DESCRIBE_TRANSACTIONS).latestVersion();
    }

    @Override
    public void handle(ForwardedRequest request) {
        DescribeTransactionsRequestData body = request.body(DescribeTransactionsRequestData.class);
        Map<Integer, List<String>> byShard = new LinkedHashMap<>();
        for (String id : body.transactionalIds()) {
            byShard.computeIfAbsent(router.shardOf(id), shard -> new ArrayList<>()).add(id);
        }
        if (!byShard.isEmpty() && byShard.keySet().stream().noneMatch(router::isOurs)) {
            request.refuse(Errors.NOT_COORDINATOR);
            return;
        }
        Gathering<DescribeTransactionsResponseData> gathering =
                new Gathering<>(
                        byShard.size(),
                        DescribeTransactionsResponseData.class,
                        parts -> {
                            DescribeTransactionsResponseData whole =
                                    new DescribeTransactionsResponseData();
                            parts.forEach(
                                    part ->
                                            whole.transactionStates()
                                                    .addAll(part.transactionStates()));
                            request.reply(whole);
                        });
        byShard.forEach(
                (shard, ids) ->
                        router.route(
                                request,
                                shard,
                                new DescribeTransactionsRequestData().setTransactionalIds(ids),
                                gathering::add));
    }
}
