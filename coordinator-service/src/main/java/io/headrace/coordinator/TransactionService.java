package io.headrace.coordinator;

import io.headrace.coordinator.exchange.MarkerWriter;
import io.headrace.coordinator.exchange.ProducerIdBlocks;
import io.headrace.coordinator.exchange.TransactionTasks;
import io.headrace.coordinator.handler.ForwardedHandler;
import io.headrace.coordinator.handler.transaction.TransactionHandlers;
import io.headrace.coordinator.metadata.Controller;
import io.headrace.coordinator.shard.OwnedShards;
import io.headrace.coordinator.shard.OwnedShards.Ownership;
import io.headrace.coordinator.shard.ShardProperties;
import io.headrace.coordinator.shard.StorageLinks;
import io.headrace.coordinator.shard.StorageShardLogs;
import io.headrace.coordinator.transaction.TransactionErrors;
import io.headrace.coordinator.transaction.TransactionProperties;
import io.headrace.coordinator.transaction.TransactionShard;
import io.headrace.protocol.metadata.ShardOwnerImage;
import io.headrace.transport.loop.Loops;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.internals.Topic;

import java.util.List;
import java.util.function.LongSupplier;

/** The transactional ids that this coordinator owns, with all that they need. */
public final class TransactionService implements AutoCloseable {
    private final OwnedShards shards;
    private final List<ForwardedHandler> handlers;

    /**
     * @param links to nodes and other coordinators; stay the caller's
     */
    TransactionService(
            int coordinatorId,
            TransactionProperties properties,
            Uuid incarnationId,
            Loops loops,
            Controller controller,
            LongSupplier clockMs,
            StorageLinks links,
            OwnedShards groups) {
        shards =
                new OwnedShards(
                        new Ownership(
                                ShardOwnerImage.TRANSACTION,
                                Topic.TRANSACTION_STATE_TOPIC_NAME,
                                coordinatorId,
                                incarnationId),
                        controller.metadataLog(),
                        loops,
                        new StorageShardLogs(controller.metadataLog(), links)::of,
                        clockMs,
                        ShardProperties.defaults(),
                        TransactionErrors::reply,
                        () -> new TransactionShard(properties),
                        new TransactionTasks(
                                new MarkerWriter(controller.metadataLog(), links),
                                new ProducerIdBlocks(
                                        coordinatorId, controller.metadataLog(), links)));
        handlers = TransactionHandlers.of(shards, groups, controller);
    }

    /** The handlers of the transaction APIs. */
    List<ForwardedHandler> handlers() {
        return handlers;
    }

    /** The shards of this coordinator. */
    OwnedShards shards() {
        return shards;
    }

    @Override
    public void close() {
        shards.close();
    }
}
