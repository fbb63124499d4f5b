package io.headrace.storage.producer;

/**
 * What is known of one producer, as DescribeProducers answers it.
 *
 * @param lastSequence -1 when it wrote none in this epoch
 * @param lastSeenMs when it last wrote, on this node's clock
 * @param coordinatorEpoch of the last transaction marker, or -1
 * @param transactionFirstOffset first offset of the open transaction, or -1
 */
public record ProducerState(
        long producerId,
        short producerEpoch,
        int lastSequence,
        long lastSeenMs,
        int coordinatorEpoch,
        long transactionFirstOffset) {}
