package io.headrace.client.consume;

import org.apache.kafka.common.TopicPartition;

import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import java.util.Map;

/**
 * Reads partitions from positions that the caller keeps; it belongs to no group and commits
 * nothing.
 *
 * <pre>{@code
 * client.consumer()
 *         .read(Assignment.topic("orders", Position.earliest()))
 *         .take(100)
 *         .subscribe(record -> log.info("{}@{} {}", record.partition(), record.offset(), record.valueText()));
 * }</pre>
 */
public interface Consumer {
    /** As {@link #read(Assignment, ReadOptions)} with the default options. */
    default Flux<ConsumedRecord> read(Assignment assignment) {
        return read(assignment, ReadOptions.defaults());
    }

    /**
     * Reads from when it is subscribed to until it is cancelled. Records of a partition come in
     * order. Fetching pauses while the subscriber asks for nothing; leaders that move and nodes
     * that vanish are waited for. Each subscription has its own positions.
     */
    Flux<ConsumedRecord> read(Assignment assignment, ReadOptions options);

    /**
     * Reads as {@link #read} does, but hands out whole answers, undecoded: for relays and for high
     * rates. One element of demand is one partition's answer.
     */
    Flux<FetchedBatches> readBatches(Assignment assignment, ReadOptions options);

    /**
     * Fetches once from one partition: for stateless readers that keep their own offset. Several
     * such calls at once to a node share its connections and do not wait for each other's long
     * polls longer than {@code maxWait}. Fails with OFFSET_OUT_OF_RANGE as a {@link
     * io.headrace.client.error.ServerErrorException}.
     */
    Mono<FetchedBatches> fetch(TopicPartition partition, long offset, FetchOptions options);

    /** Looks up the offsets of positions, in one request for each leader. */
    Mono<Map<TopicPartition, FoundOffset>> offsets(Map<TopicPartition, Position> positions);
}
