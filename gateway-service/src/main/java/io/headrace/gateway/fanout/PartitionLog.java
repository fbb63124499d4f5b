package io.headrace.gateway.fanout;

import org.apache.kafka.common.TopicPartition;

import reactor.core.publisher.Mono;

import java.time.Duration;

/** Where the fan-out reads from. */
public interface PartitionLog {
    /**
     * Reads a piece of a partition's log. It fails with a {@link
     * io.headrace.client.error.HeadraceException}, OFFSET_OUT_OF_RANGE when the offset is not in
     * the log.
     *
     * @param maxWait how long to wait when there is nothing yet
     */
    Mono<LogSlice> read(TopicPartition partition, long offset, int maxBytes, Duration maxWait);

    /** The first readable offset and the end. */
    Mono<Bounds> bounds(TopicPartition partition);

    /** First readable offset, and the end, exclusive. */
    record Bounds(long startOffset, long endOffset) {}
}
