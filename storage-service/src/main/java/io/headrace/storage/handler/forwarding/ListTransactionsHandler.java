package io.headrace.storage.handler.forwarding;

import io.headrace.protocol.metadata.ShardOwnerImage;
import io.headrace.storage.handler.request.Nodes;
import io.headrace.storage.handler.request.Services;

import org.apache.kafka.common.message.ListTransactionsResponseData;
import org.apache.kafka.common.message.ListTransactionsResponseData.TransactionState;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * ListTransactions: asks every coordinator that owns transaction shards, and merges what this node
 * is to list.
 */
final class ListTransactionsHandler extends ListingHandler<ListTransactionsResponseData> {
    private static final byte KEY_TYPE = 1;

    ListTransactionsHandler(Services services) {
        super(
                services,
                ApiKeys.LIST_TRANSACTIONS,
                ListTransactionsResponseData.class,
                ShardOwnerImage.TRANSACTION);
    }

    @Override
    ListTransactionsResponseData merged(
            ApiMessage body, List<ListTransactionsResponseData> answers, List<Nodes.Address> live) {
        Map<String, TransactionState> states = new LinkedHashMap<>();
        Set<String> unknownStates = new TreeSet<>();
        ListTransactionsResponseData merged = new ListTransactionsResponseData();
        for (ListTransactionsResponseData answer : answers) {
            if (answer.errorCode() != Errors.NONE.code()) {
                merged.setErrorCode(answer.errorCode()); // part of a list is no list
            }
            unknownStates.addAll(answer.unknownStateFilters());
            answer.transactionStates().forEach(state -> states.put(state.transactionalId(), state));
        }
        states.keySet().removeIf(id -> !Nodes.lists(live, services().nodeId(), KEY_TYPE, id));
        merged.unknownStateFilters().addAll(unknownStates);
        return merged.setTransactionStates(
                merged.errorCode() == Errors.NONE.code()
                        ? new ArrayList<>(states.values())
                        : List.of());
    }
}
