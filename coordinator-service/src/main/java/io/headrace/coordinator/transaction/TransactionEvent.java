package io.headrace.coordinator.transaction;

import io.headrace.coordinator.shard.ShardEvent;

import org.apache.kafka.common.protocol.Errors;

import java.util.Map;

/** What comes of a {@link TransactionTask}. */
public sealed interface TransactionEvent extends ShardEvent {

    /** The answers of partitions to markers, each a partition of the task. */
    record MarkersAnswered(
            String transactionalId,
            long producerId,
            short producerEpoch,
            Map<TransactionPartition, Errors> answers)
            implements TransactionEvent {}

    /** A producer id that nobody else got or gets. */
    record ProducerIdAllocated(long producerId) implements TransactionEvent {}

    /** No producer id can be had now. */
    record ProducerIdRefused() implements TransactionEvent {}
}
