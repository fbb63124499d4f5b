package io.headrace.storage.repair;

import io.headrace.protocol.batch.BatchView;
import io.headrace.storage.epoch.LeaderEpochs;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;

/**
 * What a batch that a log has stored must be. Its CRC does not cover its offset and its leader
 * epoch: those must fit what is around it.
 */
public final class BatchRules {
    private BatchRules() {}

    /**
     * What is wrong with a whole batch, for the end of a sentence; null if it is good.
     *
     * @param after the last offset of the batch before it
     * @param epochs the log's
     */
    public static @Nullable String problemOf(
            ByteBuffer bytes, int index, long after, LeaderEpochs epochs) {
        long baseOffset = BatchView.baseOffset(bytes, index);
        if (baseOffset <= after) {
            return "begins at offset " + baseOffset + ", though the one before ends at " + after;
        }
        if (BatchView.lastOffsetDelta(bytes, index) < 0) {
            return "ends before it begins";
        }
        if (!BatchView.isCrcValid(bytes, index)) {
            return "does not match its CRC";
        }
        int expected = epochs.epochAt(baseOffset);
        int leaderEpoch = BatchView.leaderEpoch(bytes, index);
        return expected >= 0 && leaderEpoch != expected
                ? "names the leader epoch " + leaderEpoch + " instead of " + expected
                : null;
    }
}
