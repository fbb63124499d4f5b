package io.headrace.gateway.fanout;

import io.headrace.client.consume.ConsumedRecord;

import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.Map;

/**
 * What a reader got.
 *
 * @param records in order within each partition; empty when time was up
 * @param gaps offsets that were skipped because the log no longer has them
 * @param places where each partition of the reader goes on
 * @param trouble why there may be records all the same: reading fails for now; null when it does
 *     not, or there are records
 */
public record Delivery(
        List<ConsumedRecord> records,
        List<Gap> gaps,
        Map<TopicPartition, Place> places,
        @Nullable RuntimeException trouble) {

    /** Nothing, of no partition. */
    public static final Delivery NOTHING = new Delivery(List.of(), List.of(), Map.of(), null);

    /**
     * Where a reader is in a partition.
     *
     * @param nextOffset the offset that it reads next
     * @param logStartOffset first readable offset; -1 when not known yet
     * @param endOffset where the log ended when it was last read; -1 when not known yet
     */
    public record Place(long nextOffset, long logStartOffset, long endOffset) {}

    /**
     * Offsets that a reader asked for but the log does not have: from, inclusive, to, exclusive.
     */
    public record Gap(TopicPartition partition, long fromOffset, long toOffset) {}
}
