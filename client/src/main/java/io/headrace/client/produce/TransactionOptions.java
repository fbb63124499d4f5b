package io.headrace.client.produce;

import io.headrace.client.connection.OptionChecks;

import java.time.Duration;

/**
 * How a producer runs transactions.
 *
 * @param transactionalId what names the producer over restarts; a new one with the same id fences
 *     the one before
 * @param timeout how long a transaction may take before the cluster aborts it
 * @param producer how records are batched and sent; idempotent
 */
public record TransactionOptions(
        String transactionalId, Duration timeout, ProducerOptions producer) {
    public TransactionOptions {
        OptionChecks.positive(timeout, "timeout");
        if (transactionalId.isEmpty()) {
            throw new IllegalArgumentException("transactionalId must not be empty");
        }
        if (!producer.idempotent()) {
            throw new IllegalArgumentException("transactions need an idempotent producer");
        }
    }

    /** The defaults: a timeout of one minute, the default producer. */
    public static TransactionOptions of(String transactionalId) {
        return new TransactionOptions(
                transactionalId, Duration.ofMinutes(1), ProducerOptions.defaults());
    }
}
