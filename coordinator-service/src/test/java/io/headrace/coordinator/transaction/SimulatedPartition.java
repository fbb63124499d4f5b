package io.headrace.coordinator.transaction;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.coordinator.transaction.TransactionHarness.Session;
import io.headrace.coordinator.transaction.TransactionTask.WriteMarkers;

import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** A partition as its leader keeps it, with the checks of a storage node. */
final class SimulatedPartition {
    /** What one producer last did in a partition. */
    private static final class Written {
        private short producerEpoch;
        private int coordinatorEpoch = -1;
        private long markerCount;
        private final Set<Integer> open = new HashSet<>();
    }

    private final Map<Long, Written> producers = new HashMap<>();

    /** How each transaction ended here. */
    private final Map<Integer, Boolean> ends = new HashMap<>();

    private Written of(long producerId) {
        return producers.computeIfAbsent(producerId, id -> new Written());
    }

    boolean isOpen(Session session) {
        Written written = of(session.producerId());
        return !written.open.isEmpty() && written.producerEpoch == session.producerEpoch();
    }

    Errors append(Session session, int transaction) {
        Written written = of(session.producerId());
        if (session.producerEpoch() < written.producerEpoch) {
            return Errors.INVALID_PRODUCER_EPOCH;
        }
        written.producerEpoch = session.producerEpoch();
        written.open.add(transaction);
        assertThat(written.open).as("transactions that one marker would end").hasSize(1);
        assertThat(ends).as("transactions that have ended").doesNotContainKey(transaction);
        return Errors.NONE;
    }

    Errors end(WriteMarkers marker, int coordinatorEpoch) {
        Written written = of(marker.producerId());
        if (coordinatorEpoch < written.coordinatorEpoch) {
            return Errors.TRANSACTION_COORDINATOR_FENCED;
        }
        boolean isOfNext =
                !written.open.isEmpty() && marker.producerEpoch() == written.producerEpoch;
        if (marker.producerEpoch() < written.producerEpoch || isOfNext) {
            return Errors.INVALID_PRODUCER_EPOCH;
        }
        written.coordinatorEpoch = coordinatorEpoch;
        written.producerEpoch = marker.producerEpoch();
        written.markerCount++;
        written.open.forEach(transaction -> ends.put(transaction, marker.commit()));
        written.open.clear();
        return Errors.NONE;
    }

    /** How a transaction ended here, or null. */
    @Nullable Boolean endOf(int transaction) {
        return ends.get(transaction);
    }

    /** How many markers of a producer were written. */
    long markerCount(long producerId) {
        return of(producerId).markerCount;
    }

    /** The transactions without an end. */
    Set<Integer> open() {
        Set<Integer> all = new HashSet<>();
        producers.values().forEach(written -> all.addAll(written.open));
        return all;
    }
}
