package io.headrace.coordinator.share;

import java.util.List;

/**
 * What is known of a share partition. The log has it as a snapshot and the updates since. Confined
 * to its shard's core.
 */
final class ShareState {
    /** The start offset of a state that nobody decided about yet. */
    static final long NO_OFFSET = -1;

    /** The delivery complete count where none is known. */
    static final int NO_COUNT = -1;

    private int snapshotEpoch;
    private final int stateEpoch;
    private int leaderEpoch;
    private long startOffset;
    private int deliveryCompleteCount;
    private final long createdMs;
    private int updateCount;
    private int slotCount;
    private final StateBatches batches = new StateBatches();

    /**
     * @param snapshotEpoch the number of the snapshot that the log has, or is about to have
     * @param slotCount how many slots of updates the log may hold, of whatever snapshot
     */
    ShareState(
            int snapshotEpoch,
            int stateEpoch,
            int leaderEpoch,
            long startOffset,
            int deliveryCompleteCount,
            long createdMs,
            int slotCount) {
        this.snapshotEpoch = snapshotEpoch;
        this.stateEpoch = stateEpoch;
        this.leaderEpoch = leaderEpoch;
        this.startOffset = startOffset;
        this.deliveryCompleteCount = deliveryCompleteCount;
        this.createdMs = createdMs;
        this.slotCount = slotCount;
    }

    int snapshotEpoch() {
        return snapshotEpoch;
    }

    int stateEpoch() {
        return stateEpoch;
    }

    int leaderEpoch() {
        return leaderEpoch;
    }

    long startOffset() {
        return startOffset;
    }

    int deliveryCompleteCount() {
        return deliveryCompleteCount;
    }

    long createdMs() {
        return createdMs;
    }

    StateBatches batches() {
        return batches;
    }

    /** How many updates there were since the snapshot: the slot of the next. */
    int updateCount() {
        return updateCount;
    }

    int slotCount() {
        return slotCount;
    }

    /**
     * Takes a write in. A start offset below the one that is known is that of a write that comes
     * late.
     *
     * @param newStartOffset {@link #NO_OFFSET} if it stays
     */
    void write(
            int inLeaderEpoch, long newStartOffset, int completeCount, List<StateBatch> written) {
        leaderEpoch = Math.max(leaderEpoch, inLeaderEpoch);
        if (newStartOffset != NO_OFFSET) {
            startOffset = Math.max(startOffset, newStartOffset);
        }
        deliveryCompleteCount = completeCount;
        written.forEach(batches::put);
        batches.forgetBefore(startOffset);
    }

    /** The state was written as a whole. */
    void onSnapshot() {
        snapshotEpoch++;
        updateCount = 0;
    }

    /** A change was written into the slot. */
    void onUpdate(int slot) {
        updateCount = slot + 1;
        keepSlots(updateCount);
    }

    /** The log holds updates in so many slots, whatever they are worth. */
    void keepSlots(int count) {
        slotCount = Math.max(slotCount, count);
    }
}
