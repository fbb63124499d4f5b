package io.headrace.client.produce.send;

import io.headrace.protocol.batch.BatchDescriptor;
import io.headrace.protocol.batch.BatchView;

import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;

/**
 * The unacknowledged batches of one partition, in order, and their sequences (KIP-98, KIP-360).
 * Pure; confined to the sender's loop.
 *
 * <pre>
 *   send ----> in flight ----NONE, DUPLICATE_SEQUENCE----> acknowledged
 *                 |  ^
 *       retriable |  | first in order, after its pause
 *                 v  |
 *              waiting to be sent again --late--> failed
 * </pre>
 *
 * <p>While a batch waits to be sent again, no new batch is sent, and only the first in order is
 * sent again: so nothing is reordered. A batch that failed leaves a gap that the server reports as
 * OUT_OF_ORDER_SEQUENCE_NUMBER on the next, which proves that the next was not written: then the
 * rest is numbered anew under a higher epoch.
 */
final class SequenceTracker {
    /** What to do with a batch after an answer. */
    enum Verdict {
        ACKNOWLEDGE,
        RETRY,
        /** Number the unacknowledged batches anew under a new identity, then retry. */
        RENUMBER,
        /** Send its records in smaller batches. */
        SPLIT,
        FAIL,
        /** Fail it and number the others anew. */
        FAIL_AND_RENUMBER
    }

    private final boolean idempotent;
    private final boolean transactional;
    private final List<ProduceBatch> unacknowledged = new ArrayList<>();
    private ProducerIdentity identity = ProducerIdentity.NONE;
    private int nextSequence;
    private int lastAcknowledgedSequence = BatchDescriptor.NO_SEQUENCE;
    private long lastAcknowledgedOffset = -1;
    private boolean renumber;

    SequenceTracker(boolean idempotent) {
        this(idempotent, false);
    }

    /**
     * @param transactional whether a batch that cannot be stored ends its transaction: then nothing
     *     is numbered anew
     */
    SequenceTracker(boolean idempotent, boolean transactional) {
        this.idempotent = idempotent;
        this.transactional = transactional;
    }

    ProducerIdentity identity() {
        return identity;
    }

    boolean isEmpty() {
        return unacknowledged.isEmpty();
    }

    int inFlightCount() {
        int count = 0;
        for (ProduceBatch batch : unacknowledged) {
            count += batch.inFlight() ? 1 : 0;
        }
        return count;
    }

    /** Whether batches must be numbered anew and none is in flight any more. */
    boolean isReadyToRenumber() {
        return renumber && inFlightCount() == 0;
    }

    boolean mustRenumber() {
        return renumber;
    }

    /** The batch to send again now, or null. */
    @Nullable ProduceBatch nextRetry(long nowMs) {
        if (unacknowledged.isEmpty() || renumber) {
            return null;
        }
        ProduceBatch first = unacknowledged.getFirst();
        return !first.inFlight() && first.retryAtMs() <= nowMs ? first : null;
    }

    /** When the next batch is to be sent again; {@link Long#MAX_VALUE} when none is. */
    long retryAtMs() {
        ProduceBatch first = unacknowledged.isEmpty() ? null : unacknowledged.getFirst();
        return first == null || first.inFlight() ? Long.MAX_VALUE : first.retryAtMs();
    }

    /**
     * Whether a new batch may be sent. The first of an identity goes alone: a leader that knows
     * nothing of a producer takes any sequence from it, so a second batch could overtake a first
     * one that is refused.
     */
    boolean maySendNew(int maxInFlight) {
        if (renumber || unacknowledged.size() >= maxInFlight) {
            return false;
        }
        boolean unknown = lastAcknowledgedSequence == BatchDescriptor.NO_SEQUENCE;
        if (idempotent && unknown && !unacknowledged.isEmpty()) {
            return false;
        }
        for (ProduceBatch batch : unacknowledged) {
            if (!batch.inFlight()) {
                return false;
            }
        }
        return true;
    }

    /** Gives a new batch its place in the order. */
    void add(ProduceBatch batch, ProducerIdentity current) {
        if (idempotent && unacknowledged.isEmpty() && !identity.equals(current)) {
            adopt(current);
        }
        int sequence = idempotent ? nextSequence : BatchDescriptor.NO_SEQUENCE;
        batch.identify(identity.producerId(), identity.producerEpoch(), sequence);
        nextSequence = BatchView.incrementSequence(nextSequence, batch.recordCount());
        unacknowledged.add(batch);
    }

    /** Numbers what is unacknowledged from 0 on under another identity. */
    void renumber(ProducerIdentity current) {
        adopt(current);
        renumber = false;
        for (ProduceBatch batch : unacknowledged) {
            batch.identify(current.producerId(), current.producerEpoch(), nextSequence);
            nextSequence = BatchView.incrementSequence(nextSequence, batch.recordCount());
        }
    }

    private void adopt(ProducerIdentity current) {
        identity = current;
        nextSequence = 0;
        lastAcknowledgedSequence = BatchDescriptor.NO_SEQUENCE;
    }

    /**
     * Decides what an answer means; the batch is no longer in flight.
     *
     * @param logStartOffset as the answer says; -1 when it does not
     */
    Verdict decide(ProduceBatch batch, Errors error, long logStartOffset) {
        if (error == Errors.NONE || error == Errors.DUPLICATE_SEQUENCE_NUMBER) {
            return Verdict.ACKNOWLEDGE;
        }
        if (error == Errors.MESSAGE_TOO_LARGE && batch.recordCount() > 1) {
            return Verdict.SPLIT;
        }
        if (!idempotent) {
            return ServerErrors.isRetriable(error) ? Verdict.RETRY : Verdict.FAIL;
        }
        boolean first = unacknowledged.getFirst().equals(batch);
        if (transactional) {
            boolean mayFollow = error == Errors.OUT_OF_ORDER_SEQUENCE_NUMBER && !first;
            return mayFollow || ServerErrors.isRetriable(error) ? Verdict.RETRY : Verdict.FAIL;
        }
        boolean expected =
                batch.baseSequence() == BatchView.incrementSequence(lastAcknowledgedSequence, 1);
        return switch (error) {
            case OUT_OF_ORDER_SEQUENCE_NUMBER ->
                    !first
                            ? Verdict.RETRY
                            : expected ? Verdict.FAIL_AND_RENUMBER : Verdict.RENUMBER;
            case UNKNOWN_PRODUCER_ID ->
                    !first
                            ? Verdict.RETRY
                            : lastAcknowledgedOffset < logStartOffset
                                            || lastAcknowledgedSequence < 0
                                    ? Verdict.RENUMBER
                                    : Verdict.FAIL_AND_RENUMBER;
            case INVALID_PRODUCER_EPOCH ->
                    !first
                            ? Verdict.RETRY
                            : batch.maybeWritten() ? Verdict.FAIL_AND_RENUMBER : Verdict.RENUMBER;
            default -> ServerErrors.isRetriable(error) ? Verdict.RETRY : Verdict.FAIL;
        };
    }

    void onAcknowledged(ProduceBatch batch, long baseOffset) {
        unacknowledged.remove(batch);
        if (batch.hasSequence()) {
            int last = BatchView.incrementSequence(batch.baseSequence(), batch.recordCount() - 1);
            lastAcknowledgedSequence = last;
        }
        if (baseOffset >= 0) {
            lastAcknowledgedOffset = baseOffset + batch.recordCount() - 1;
        }
    }

    void onFailed(ProduceBatch batch) {
        unacknowledged.remove(batch);
    }

    void requireRenumbering() {
        renumber = true;
    }

    void replace(ProduceBatch batch, List<ProduceBatch> parts) {
        int index = unacknowledged.indexOf(batch);
        unacknowledged.remove(index);
        unacknowledged.addAll(index, parts);
    }

    /** The batches that wait to be sent again and were created before that time. */
    List<ProduceBatch> waitingSince(long timeMs) {
        List<ProduceBatch> late = new ArrayList<>();
        for (ProduceBatch batch : unacknowledged) {
            if (!batch.inFlight() && batch.createdMs() < timeMs) {
                late.add(batch);
            }
        }
        return late;
    }

    List<ProduceBatch> snapshot() {
        return List.copyOf(unacknowledged);
    }
}
