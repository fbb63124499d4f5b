package io.headrace.coordinator.handler.transaction;

import io.headrace.coordinator.handler.ForwardedHandler;
import io.headrace.coordinator.handler.routing.OneShardHandler;
import io.headrace.coordinator.handler.routing.ShardRouter;
import io.headrace.coordinator.metadata.InternalTopics;
import io.headrace.coordinator.shard.OwnedShards;
import io.headrace.coordinator.transaction.TransactionErrors;

import org.apache.kafka.common.internals.Topic;
import org.apache.kafka.common.message.EndTxnRequestData;
import org.apache.kafka.common.message.InitProducerIdRequestData;
import org.apache.kafka.common.protocol.ApiKeys;

import java.util.List;

/** The handlers of all transaction APIs. */
public final class TransactionHandlers {
    private TransactionHandlers() {}

    /**
     * One handler for each API.
     *
     * @param shards the transaction shards of this coordinator
     * @param groups the group shards, of which only the placement of groups is asked
     * @param topics makes the shards' topic when a transactional id is first asked for
     */
    public static List<ForwardedHandler> of(
            OwnedShards shards, OwnedShards groups, InternalTopics topics) {
        ShardRouter router =
                new ShardRouter(
                        shards,
                        topics,
                        Topic.TRANSACTION_STATE_TOPIC_NAME,
                        TransactionErrors::reply);
        return List.of(
                new OneShardHandler<>(
                        ApiKeys.INIT_PRODUCER_ID,
                        InitProducerIdRequestData.class,
                        body -> body.transactionalId() == null ? "" : body.transactionalId(),
                        router),
                new OneShardHandler<>(
                        ApiKeys.END_TXN,
                        EndTxnRequestData.class,
                        EndTxnRequestData::transactionalId,
                        router),
                new AddOffsetsHandler(router, groups),
                new AddPartitionsHandler(router),
                new DescribeTransactionsHandler(router),
                new ListTransactionsHandler(router));
    }
}
