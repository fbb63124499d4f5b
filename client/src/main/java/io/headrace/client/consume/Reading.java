package io.headrace.client.consume;

import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/** One partition that an engine reads. Confined to the engine's loop. */
public final class Reading {
    final TopicPartition partition;

    /** Where to go on; null once its offset is known. */
    @Nullable Position unresolved;

    boolean resolving;
    long fetchOffset;

    /** Counts the seeks: answers of earlier ones are stale. */
    int generation;

    int failures;
    boolean waiting;

    /** The follower that the leader prefers as source; -1 for the leader. */
    int replicaId = -1;

    boolean removed;
    private long endOffset = Long.MAX_VALUE;
    private long deliveredOffset = -1;
    private int deliveredEpoch = -1;

    Reading(TopicPartition partition, Position position) {
        this.partition = partition;
        this.unresolved = position;
    }

    public TopicPartition partition() {
        return partition;
    }

    /** What to commit now: behind the last record that the subscriber got; null when unknown. */
    public @Nullable CommittedOffset delivered() {
        return deliveredOffset < 0
                ? null
                : new CommittedOffset(deliveredOffset, deliveredEpoch, "");
    }

    /**
     * The subscriber has got everything below that offset.
     *
     * @param leaderEpoch of the last record below it; -1 when unknown
     */
    void delivered(long nextOffset, int leaderEpoch) {
        deliveredOffset = nextOffset;
        deliveredEpoch = leaderEpoch;
    }

    /** Where reading ends, exclusive. */
    long endOffset() {
        return endOffset;
    }

    void goTo(Position position) {
        generation++;
        unresolved = position;
        resolving = false;
    }

    void resolved(long offset, @Nullable FoundOffset end) {
        unresolved = null;
        fetchOffset = offset;
        delivered(offset, -1);
        if (end != null && endOffset == Long.MAX_VALUE) {
            endOffset = end.offset();
        }
    }

    boolean isWithinEnd() {
        return fetchOffset < endOffset;
    }

    boolean isDelivered() {
        return deliveredOffset >= endOffset;
    }
}
