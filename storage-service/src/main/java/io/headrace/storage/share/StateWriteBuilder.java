package io.headrace.storage.share;

import java.util.ArrayList;
import java.util.List;

/** Puts a write together from the ranges in flight, in their order. */
final class StateWriteBuilder {
    private final List<StateBatch> batches = new ArrayList<>();
    private long startOffset;
    private long completeCount;
    private boolean atFront = true;

    StateWriteBuilder(long startOffset) {
        this.startOffset = startOffset;
    }

    /** Adds a range as it will be once the write is done; what is done at the front needs none. */
    void add(InFlightRange range) {
        RecordState state = range.pending == null ? range.state : range.target;
        if (state.isTerminal() && atFront) {
            startOffset = range.lastOffset + 1;
            return;
        }
        atFront = false;
        if (state.isTerminal()) {
            completeCount += range.count();
        }
        if (range.pending != null || range.unwritten) {
            put(range, state);
        }
    }

    private void put(InFlightRange range, RecordState state) {
        // A delivery under way counts once its end is written.
        StateBatch batch =
                state == RecordState.ACQUIRED
                        ? new StateBatch(
                                range.firstOffset,
                                range.lastOffset,
                                RecordState.AVAILABLE,
                                range.deliveryCount - 1)
                        : new StateBatch(
                                range.firstOffset, range.lastOffset, state, range.deliveryCount);
        StateBatch before = batches.isEmpty() ? null : batches.getLast();
        if (before != null
                && before.lastOffset() + 1 == batch.firstOffset()
                && before.state() == batch.state()
                && before.deliveryCount() == batch.deliveryCount()) {
            batches.set(
                    batches.size() - 1,
                    new StateBatch(
                            before.firstOffset(),
                            batch.lastOffset(),
                            batch.state(),
                            batch.deliveryCount()));
        } else {
            batches.add(batch);
        }
    }

    StateWrite build(int stateEpoch, int leaderEpoch) {
        return new StateWrite(
                stateEpoch,
                leaderEpoch,
                startOffset,
                (int) Math.min(completeCount, Integer.MAX_VALUE),
                batches);
    }
}
