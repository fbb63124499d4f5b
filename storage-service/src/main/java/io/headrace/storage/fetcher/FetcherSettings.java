package io.headrace.storage.fetcher;

import io.headrace.protocol.metadata.MetadataImage;

import java.time.Duration;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * What the fetch loops of a node have in common.
 *
 * @param nodeEpoch the epoch of this incarnation's registration, or -1
 * @param maxWait how long a leader may wait for records ({@code replica.fetch.wait.max.ms})
 * @param maxBytes the most bytes of one answer ({@code replica.fetch.response.max.bytes})
 * @param maxPartitionBytes the most bytes for one partition ({@code replica.fetch.max.bytes})
 * @param answerWithin a connection that keeps a fetch waiting longer is given up
 */
public record FetcherSettings(
        int nodeId,
        LongSupplier nodeEpoch,
        Supplier<MetadataImage> image,
        Duration maxWait,
        int maxBytes,
        int maxPartitionBytes,
        Duration answerWithin) {

    /** Kafka's values. */
    public static FetcherSettings of(
            int nodeId, LongSupplier nodeEpoch, Supplier<MetadataImage> image) {
        return new FetcherSettings(
                nodeId,
                nodeEpoch,
                image,
                Duration.ofMillis(500),
                10 << 20,
                1 << 20,
                Duration.ofSeconds(10));
    }
}
