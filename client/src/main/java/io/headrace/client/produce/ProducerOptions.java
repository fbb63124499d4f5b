package io.headrace.client.produce;

import io.headrace.client.connection.OptionChecks;
import io.headrace.protocol.batch.CompressionCodec;

import org.jspecify.annotations.Nullable;

import java.time.Duration;

/**
 * How a producer batches, acknowledges and retries. The defaults are safe: every replica in sync
 * acknowledges, and retries never duplicate or reorder.
 *
 * <pre>{@code
 * ProducerOptions options = ProducerOptions.builder()
 *         .linger(Duration.ofMillis(20))
 *         .compression(CompressionCodec.ZSTD)
 *         .build();
 * }</pre>
 *
 * @param acks who must have a batch before it counts as sent
 * @param idempotent whether retries are told apart from new batches (KIP-98); needs {@link
 *     Acks#ALL}
 * @param linger how long a batch waits for more records; zero sends at once. Null, the default: a
 *     batch waits only while an earlier request to its node is under way, at most 5 ms, so that a
 *     lone record is sent at once and many are sent together
 * @param batchBytes the size at which a batch is sent without waiting, in bytes before compression
 * @param compression how batches are compressed
 * @param maxRequestBytes the largest produce request, so also the largest record, in bytes before
 *     compression
 * @param maxInFlight produce requests in flight to one node; at most 5 when idempotent
 * @param bufferBytes memory for batches that are not acknowledged yet, in bytes
 * @param maxBlock how long a record waits for room in the buffer or for the metadata of its topic
 *     before it fails
 * @param deliveryTimeout how long a record may take from {@code send} to its outcome, retries
 *     included
 * @param maxWaiting records that may wait for room in the buffer at once; one more fails at once
 * @param flowConcurrency records of one {@code send(Publisher)} that may be unacknowledged at once
 * @param partitioner chooses the partition of a record that names none
 */
public record ProducerOptions(
        Acks acks,
        boolean idempotent,
        @Nullable Duration linger,
        int batchBytes,
        CompressionCodec compression,
        int maxRequestBytes,
        int maxInFlight,
        long bufferBytes,
        Duration maxBlock,
        Duration deliveryTimeout,
        int maxWaiting,
        int flowConcurrency,
        Partitioner partitioner) {
    private static final long MOST_LINGER_MS = 5;

    public ProducerOptions {
        if (linger != null) {
            OptionChecks.notNegative(linger, "linger");
        }
        OptionChecks.inRange(batchBytes, "batchBytes", 0, 1 << 30);
        OptionChecks.inRange(maxRequestBytes, "maxRequestBytes", 1024, 1 << 30);
        OptionChecks.inRange(maxInFlight, "maxInFlight", 1, 1000);
        OptionChecks.positive(maxBlock, "maxBlock");
        OptionChecks.positive(deliveryTimeout, "deliveryTimeout");
        OptionChecks.inRange(maxWaiting, "maxWaiting", 0, 10_000_000);
        OptionChecks.inRange(flowConcurrency, "flowConcurrency", 1, 10_000_000);
        if (bufferBytes < maxRequestBytes) {
            throw new IllegalArgumentException(
                    "bufferBytes is "
                            + bufferBytes
                            + ", less than maxRequestBytes, "
                            + maxRequestBytes);
        }
        if (idempotent && acks != Acks.ALL) {
            throw new IllegalArgumentException(
                    "idempotent needs acks ALL, not " + acks + ": set idempotent(false)");
        }
        if (idempotent && maxInFlight > 5) {
            throw new IllegalArgumentException(
                    "idempotent allows at most 5 requests in flight, not " + maxInFlight);
        }
    }

    /** The most that a batch waits for more records, in milliseconds. */
    public long lingerMs() {
        return linger == null ? MOST_LINGER_MS : linger.toMillis();
    }

    /** Whether a batch goes out without waiting when nothing is under way to its node. */
    public boolean sendsWhenIdle() {
        return linger == null;
    }

    /** Starts from the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    /** The defaults. */
    public static ProducerOptions defaults() {
        return builder().build();
    }

    /** Collects the options; each setter is documented at the record's component of that name. */
    public static final class Builder {
        private Acks acks = Acks.ALL;
        private boolean idempotent = true;
        private @Nullable Duration linger;
        private int batchBytes = 16 * 1024;
        private CompressionCodec compression = CompressionCodec.NONE;
        private int maxRequestBytes = 1024 * 1024;
        private int maxInFlight = 5;
        private long bufferBytes = 32L * 1024 * 1024;
        private Duration maxBlock = Duration.ofSeconds(60);
        private Duration deliveryTimeout = Duration.ofMinutes(2);
        private int maxWaiting = 10_000;
        private int flowConcurrency = 100_000;
        private Partitioner partitioner = Partitioner.standard();

        private Builder() {}

        public Builder acks(Acks acks) {
            this.acks = acks;
            return this;
        }

        public Builder idempotent(boolean idempotent) {
            this.idempotent = idempotent;
            return this;
        }

        public Builder linger(Duration linger) {
            this.linger = linger;
            return this;
        }

        public Builder batchBytes(int batchBytes) {
            this.batchBytes = batchBytes;
            return this;
        }

        public Builder compression(CompressionCodec compression) {
            this.compression = compression;
            return this;
        }

        public Builder maxRequestBytes(int maxRequestBytes) {
            this.maxRequestBytes = maxRequestBytes;
            return this;
        }

        public Builder maxInFlight(int maxInFlight) {
            this.maxInFlight = maxInFlight;
            return this;
        }

        public Builder bufferBytes(long bufferBytes) {
            this.bufferBytes = bufferBytes;
            return this;
        }

        public Builder maxBlock(Duration maxBlock) {
            this.maxBlock = maxBlock;
            return this;
        }

        public Builder deliveryTimeout(Duration deliveryTimeout) {
            this.deliveryTimeout = deliveryTimeout;
            return this;
        }

        public Builder maxWaiting(int maxWaiting) {
            this.maxWaiting = maxWaiting;
            return this;
        }

        public Builder flowConcurrency(int flowConcurrency) {
            this.flowConcurrency = flowConcurrency;
            return this;
        }

        public Builder partitioner(Partitioner partitioner) {
            this.partitioner = partitioner;
            return this;
        }

        /** The options; throws {@link IllegalArgumentException} when one is out of its range. */
        public ProducerOptions build() {
            return new ProducerOptions(
                    acks,
                    idempotent,
                    linger,
                    batchBytes,
                    compression,
                    maxRequestBytes,
                    maxInFlight,
                    bufferBytes,
                    maxBlock,
                    deliveryTimeout,
                    maxWaiting,
                    flowConcurrency,
                    partitioner);
        }
    }
}
