package io.headrace.coordinator.group.share;

import org.apache.kafka.common.protocol.Errors;

/**
 * How far a share group is in a partition.
 *
 * @param startOffset the first offset in flight; -1 when nobody decided where to start
 * @param leaderEpoch of the leader that last read or wrote the state
 * @param lag records from the start offset on whose delivery is not complete (KIP-1226); -1 when
 *     that is not known
 */
public record StateSummary(Errors error, long startOffset, int leaderEpoch, long lag) {
    /** The start offset or the lag when there is none. */
    public static final long NONE = -1;

    /** Of a state that could not be read. */
    public static StateSummary of(Errors error) {
        return new StateSummary(error, NONE, 0, NONE);
    }
}
