package io.headrace.coordinator.handler.transaction;

import io.headrace.coordinator.handler.ForwardedHandler;
import io.headrace.coordinator.handler.ForwardedRequest;
import io.headrace.coordinator.handler.routing.Gathering;
import io.headrace.coordinator.handler.routing.ShardRouter;
import io.headrace.protocol.codec.ApiCatalog;

import org.apache.kafka.common.message.ListTransactionsRequestData;
import org.apache.kafka.common.message.ListTransactionsResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** ListTransactions: the transactional ids of every shard that this coordinator owns. */
final class ListTransactionsHandler implements ForwardedHandler {
    private final ShardRouter router;

    ListTransactionsHandler(ShardRouter router) {
        this.router = router;
    }

    @Override
    public short apiKey() {
        return ApiKeys.LIST_TRANSACTIONS.id;
    }

    @Override
    public short minVersion() {
        return ApiCatalog.get(ApiKeys.LIST_TRANSACTIONS).oldestVersion();
    }

    @Override
    public short maxVersion() {
        return ApiCatalog.get(ApiKeys.LIST_TRANSACTIONS).latestVersion();
    }

    @Override
    public void handle(ForwardedRequest request) {
        ListTransactionsRequestData body = request.body(ListTransactionsRequestData.class);
        Set<Integer> shards = router.shards().indexes();
        Gathering<ListTransactionsResponseData> gathering =
                new Gathering<>(
                        shards.size(),
                        ListTransactionsResponseData.class,
                        parts -> request.reply(whole(parts)));
        for (int shard : shards) {
            router.route(request, shard, body, gathering::add);
        }
    }

    /** All ids, or an error: but for shards that moved away meanwhile, whose owner is asked. */
    private static ListTransactionsResponseData whole(List<ListTransactionsResponseData> parts) {
        ListTransactionsResponseData whole = new ListTransactionsResponseData();
        Set<String> unknownStates = new TreeSet<>();
        for (ListTransactionsResponseData part : parts) {
            boolean hasMoved = part.errorCode() == Errors.NOT_COORDINATOR.code();
            if (part.errorCode() != Errors.NONE.code() && !hasMoved) {
                return new ListTransactionsResponseData().setErrorCode(part.errorCode());
            }
            unknownStates.addAll(part.unknownStateFilters());
            whole.transactionStates().addAll(part.transactionStates());
        }
        whole.unknownStateFilters().addAll(unknownStates);
        return whole;
    }
}
