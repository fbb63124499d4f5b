package io.headrace.storage.partition;

import org.jspecify.annotations.Nullable;

import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;

/**
 * The transactions that are about to begin in a partition: their coordinator is being asked whether
 * the partition belongs to them (KIP-890). A marker of the producer that is written meanwhile makes
 * the answer worthless, since it may be older than the marker. Confined to the partition's loop.
 */
public final class Verifications {
    private static final int MAX_PRODUCERS = 10_000;

    private final Map<Long, Start> starts = new HashMap<>();

    /** What is about to begin for a producer. */
    private static final class Start {
        private final short producerEpoch;
        private int lowestSequence;
        private int open;
        private boolean valid = true;

        Start(short producerEpoch, int lowestSequence) {
            this.producerEpoch = producerEpoch;
            this.lowestSequence = lowestSequence;
        }
    }

    /** A question under way. */
    public static final class Ticket {
        private final Start start;

        private Ticket(Start start) {
            this.start = start;
        }

        /** Whether no transaction of the producer ended since the question was asked. */
        public boolean isValid() {
            return start.valid;
        }

        /** The lowest sequence that the producer has tried to begin with. */
        public int lowestSequence() {
            return start.lowestSequence;
        }
    }

    /**
     * A batch that begins a transaction came; the question is asked after this call.
     *
     * @return null when too many are under way
     */
    public @Nullable Ticket begin(long producerId, short producerEpoch, int baseSequence) {
        Start start = starts.get(producerId);
        if (start == null || start.producerEpoch != producerEpoch) {
            if (start == null && starts.size() >= MAX_PRODUCERS && !forgetIdle()) {
                return null;
            }
            start = new Start(producerEpoch, baseSequence);
            starts.put(producerId, start);
        }
        start.lowestSequence = Math.min(start.lowestSequence, baseSequence);
        start.open++;
        return new Ticket(start);
    }

    private boolean forgetIdle() {
        return starts.values().removeIf(start -> start.open == 0);
    }

    /** The question is answered. Its producer stays known until its transaction has begun. */
    public void end(Ticket ticket) {
        ticket.start.open--;
    }

    /** A transaction of the producer began here. */
    public void onBegun(long producerId) {
        Start start = starts.get(producerId);
        if (start != null && start.open == 0) {
            starts.remove(producerId);
        }
    }

    /** A marker of the producer is in the log: answers to questions of before count for nothing. */
    public void onMarker(long producerId) {
        Start start = starts.remove(producerId);
        if (start != null) {
            start.valid = false;
        }
    }

    /** Another leads now: whatever is answered is of before. */
    void clear() {
        Iterator<Start> each = starts.values().iterator();
        while (each.hasNext()) {
            each.next().valid = false;
            each.remove();
        }
    }
}
