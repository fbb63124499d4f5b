package io.headrace.coordinator.config;

import io.headrace.coordinator.transaction.TransactionProperties;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

import java.time.Duration;

/**
 * Transactions, with Kafka's defaults.
 *
 * @param maxTimeout the longest transaction that a producer may ask for
 * @param idExpiration a transactional id that was silent this long is forgotten
 * @param idExpirationCheckInterval how often that is looked at
 */
@ConfigurationProperties("headrace.coordinator.transaction")
public record TransactionOptions(
        @DefaultValue("15m") Duration maxTimeout,
        @DefaultValue("7d") Duration idExpiration,
        @DefaultValue("1h") Duration idExpirationCheckInterval) {

    /** The same for the room of transactions, with the bounds that nobody sets. */
    public TransactionProperties toProperties() {
        TransactionProperties usual = TransactionProperties.defaults();
        return new TransactionProperties(
                Math.toIntExact(maxTimeout.toMillis()),
                idExpiration.toMillis(),
                idExpirationCheckInterval.toMillis(),
                usual.maxTransactionalIds(),
                usual.maxPartitions(),
                usual.holdMs(),
                usual.markerRetryMinMs(),
                usual.markerRetryMaxMs(),
                usual.unknownTopicGraceMs());
    }
}
