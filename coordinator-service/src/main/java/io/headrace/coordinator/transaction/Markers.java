package io.headrace.coordinator.transaction;

import io.headrace.coordinator.transaction.Deadlines.Kind;
import io.headrace.coordinator.transaction.TransactionEvent.MarkersAnswered;
import io.headrace.coordinator.transaction.TransactionTask.WriteMarkers;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.Errors;

import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Consumer;

/**
 * Which markers of decided transactions are still to be written: each is written until its
 * partition has it, or its topic is gone. Confined to the shard's core.
 */
final class Markers {
    private final TransactionSpace space;
    private final Consumer<String> onComplete;
    private final Map<String, Pending> pending = new HashMap<>();

    /** What a transaction waits for. */
    private static final class Pending {
        private final SortedSet<TransactionPartition> open;
        private final long sinceMs;
        private long pauseMs;

        Pending(SortedSet<TransactionPartition> open, long sinceMs, long pauseMs) {
            this.open = open;
            this.sinceMs = sinceMs;
            this.pauseMs = pauseMs;
        }
    }

    /**
     * @param onComplete hears of a transactional id whose transaction is complete
     */
    Markers(TransactionSpace space, Consumer<String> onComplete) {
        this.space = space;
        this.onComplete = onComplete;
    }

    /** Partitions whose marker is not written yet, of a prepared transaction. */
    SortedSet<TransactionPartition> open(String transactionalId) {
        Pending waiting = pending.get(transactionalId);
        return waiting == null
                ? Collections.emptySortedSet()
                : Collections.unmodifiableSortedSet(waiting.open);
    }

    /** A transaction is decided: its markers are to be written. */
    void begin(String transactionalId, TransactionState prepared) {
        Pending waiting =
                new Pending(
                        new TreeSet<>(prepared.partitions()),
                        space.nowMs(),
                        space.properties().markerRetryMinMs());
        pending.put(transactionalId, waiting);
        send(transactionalId, prepared, waiting);
    }

    private void send(String transactionalId, TransactionState state, Pending waiting) {
        boolean isGraceOver =
                space.nowMs() - waiting.sinceMs >= space.properties().unknownTopicGraceMs();
        SortedSet<TransactionPartition> known = new TreeSet<>();
        for (TransactionPartition partition : new TreeSet<>(waiting.open)) {
            if (isKnown(partition)) {
                known.add(partition);
            } else if (isGraceOver) {
                waiting.open.remove(partition); // a deleted topic has nothing to end
            }
        }
        if (waiting.open.isEmpty()) {
            complete(transactionalId, state);
        } else if (known.isEmpty()) {
            retryLater(transactionalId, waiting);
        } else {
            space.run(
                    new WriteMarkers(
                            transactionalId,
                            state.producerId(),
                            state.producerEpoch(),
                            state.status() == TransactionStatus.PREPARE_COMMIT,
                            state.clientVersion(),
                            known));
        }
    }

    private boolean isKnown(TransactionPartition partition) {
        return partition.topicId().equals(Uuid.ZERO_UUID)
                ? space.image().topic(partition.topic()) != null
                : space.image().topic(partition.topicId()) != null;
    }

    /** Partitions answered. */
    void onAnswered(MarkersAnswered event) {
        Pending waiting = pending.get(event.transactionalId());
        TransactionState state = space.state(event.transactionalId());
        if (waiting == null
                || state == null
                || !state.status().isPrepared()
                || state.producerId() != event.producerId()
                || state.producerEpoch() != event.producerEpoch()) {
            return;
        }
        event.answers()
                .forEach(
                        (partition, error) -> {
                            if (isOver(error)) {
                                waiting.open.remove(partition);
                            }
                        });
        if (waiting.open.isEmpty()) {
            complete(event.transactionalId(), state);
        } else {
            retryLater(event.transactionalId(), waiting);
        }
    }

    /** A partition that has seen a later epoch of the producer has nothing of this one to end. */
    private static boolean isOver(Errors error) {
        return error == Errors.NONE || error == Errors.INVALID_PRODUCER_EPOCH;
    }

    private void retryLater(String transactionalId, Pending waiting) {
        space.deadlines().schedule(Kind.MARKERS, transactionalId, space.nowMs() + waiting.pauseMs);
        waiting.pauseMs =
                Math.min(
                        space.properties().markerRetryMaxMs(),
                        Math.multiplyExact(waiting.pauseMs, 2));
    }

    /** The pause before a retry is over. */
    void onRetry(String transactionalId) {
        Pending waiting = pending.get(transactionalId);
        TransactionState state = space.state(transactionalId);
        if (waiting != null && state != null && state.status().isPrepared()) {
            send(transactionalId, state, waiting);
        }
    }

    private void complete(String transactionalId, TransactionState state) {
        pending.remove(transactionalId);
        space.deadlines().cancel(Kind.MARKERS, transactionalId);
        space.store(transactionalId, state.completed(space.nowMs()));
        onComplete.accept(transactionalId);
    }
}
