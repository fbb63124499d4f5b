package io.headrace.storage.log;

import io.headrace.storage.epoch.LeaderEpochs;

/**
 * The end of a leader epoch in a log, as OffsetForLeaderEpoch answers it (KIP-101, KIP-279).
 *
 * @param leaderEpoch the largest epoch known that is at most the one asked for, or that one itself
 *     when it is below all of them; -1 when nothing is known
 * @param endOffset where the next epoch begins, or the log end; -1 when unknown
 */
public record EpochEndOffset(int leaderEpoch, long endOffset) {

    static EpochEndOffset of(LeaderEpochs epochs, int leaderEpoch, long logEndOffset) {
        long endOffset = epochs.endOffset(leaderEpoch, logEndOffset);
        if (endOffset < 0) {
            return new EpochEndOffset(LeaderEpochs.NO_EPOCH, LeaderEpochs.NO_OFFSET);
        }
        int floor = epochs.floor(leaderEpoch);
        return new EpochEndOffset(floor == LeaderEpochs.NO_EPOCH ? leaderEpoch : floor, endOffset);
    }
}
