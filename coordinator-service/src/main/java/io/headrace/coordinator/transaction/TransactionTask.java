package io.headrace.coordinator.transaction;

import io.headrace.coordinator.shard.ShardTask;

import java.util.Set;

/** What a transaction shard wants done outside. */
public sealed interface TransactionTask extends ShardTask {

    /**
     * Write the markers of a decided transaction into partitions, once; answered by {@link
     * TransactionEvent.MarkersAnswered}. What fails is asked for again.
     *
     * @param producerEpoch of the markers
     * @param transactionVersion of the client (KIP-890)
     */
    record WriteMarkers(
            String transactionalId,
            long producerId,
            short producerEpoch,
            boolean commit,
            short transactionVersion,
            Set<TransactionPartition> partitions)
            implements TransactionTask {}

    /** Get a producer id that nobody has; answered by an event. */
    record AllocateProducerId() implements TransactionTask {}
}
