package io.headrace.client.consume;

/**
 * A committed position.
 *
 * @param offset the next offset to read
 * @param leaderEpoch the leader epoch of the last record read; -1 when unknown
 * @param metadata a note of the committer; empty when none
 */
public record CommittedOffset(long offset, int leaderEpoch, String metadata) {
    public CommittedOffset {
        if (offset < 0) {
            throw new IllegalArgumentException("Offset " + offset + " is below zero");
        }
    }

    /** That offset, without epoch or note. */
    public static CommittedOffset of(long offset) {
        return new CommittedOffset(offset, -1, "");
    }
}
