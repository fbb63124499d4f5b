package io.headrace.coordinator.handler.transaction;

import io.headrace.coordinator.handler.routing.EveryShardHandler;
import io.headrace.coordinator.handler.routing.ShardRouter;

import org.apache.kafka.common.message.ListTransactionsRequestData;
import org.apache.kafka.common.message.ListTransactionsResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** ListTransactions: the transactional ids of every shard that this coordinator owns. */
final class ListTransactionsHandler
        extends EveryShardHandler<ListTransactionsRequestData, ListTransactionsResponseData> {
    ListTransactionsHandler(ShardRouter router) {
        super(
                ApiKeys.LIST_TRANSACTIONS,
                ListTransactionsRequestData.class,
                ListTransactionsResponseData.class,
                router);
    }

    /** All ids, or an error: but for shards that moved away meanwhile, whose owner is asked. */
    @Override
    protected ListTransactionsResponseData whole(
            ListTransactionsRequestData body, List<ListTransactionsResponseData> parts) {
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
