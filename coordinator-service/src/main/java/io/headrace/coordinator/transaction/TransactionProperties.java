package io.headrace.coordinator.transaction;

/**
 * The limits of transactions, with Kafka's defaults where Kafka has them.
 *
 * @param maxTimeoutMs the longest transaction that a producer may ask for
 *     (transaction.max.timeout.ms)
 * @param expirationMs an id that was silent this long, without a transaction, is forgotten
 *     (transactional.id.expiration.ms)
 * @param expirationCheckMs how often that is looked at
 * @param maxTransactionalIds the most ids of one shard; above it no new one begins
 * @param maxPartitions the most partitions of one transaction
 * @param holdMs how long a request waits for the markers of the transaction before
 * @param markerRetryMinMs the pause before a marker that failed is written again, at first
 * @param markerRetryMaxMs the longest such pause
 * @param unknownTopicGraceMs how long a topic that the metadata does not have may still come: this
 *     coordinator may have read less of it than its predecessor
 */
public record TransactionProperties(
        int maxTimeoutMs,
        long expirationMs,
        long expirationCheckMs,
        int maxTransactionalIds,
        int maxPartitions,
        long holdMs,
        long markerRetryMinMs,
        long markerRetryMaxMs,
        long unknownTopicGraceMs) {

    public TransactionProperties {
        if (maxTimeoutMs <= 0
                || expirationMs <= 0
                || expirationCheckMs <= 0
                || maxTransactionalIds <= 0
                || maxPartitions <= 0
                || holdMs < 0
                || markerRetryMinMs <= 0
                || markerRetryMaxMs < markerRetryMinMs
                || unknownTopicGraceMs < 0) {
            throw new IllegalArgumentException("Out of range: " + this);
        }
    }

    /** What holds unless set otherwise. */
    public static TransactionProperties defaults() {
        return new TransactionProperties(
                15 * 60_000,
                7L * 24 * 3_600_000,
                3_600_000,
                100_000,
                20_000,
                2_000,
                20,
                2_000,
                30_000);
    }
}
