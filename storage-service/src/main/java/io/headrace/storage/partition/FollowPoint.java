package io.headrace.storage.partition;

/**
 * From where a follower goes on.
 *
 * @param leaderEpoch the epoch in which it follows
 * @param fetchOffset its log end
 * @param lastFetchedEpoch the epoch of the last record before, or -1
 * @param flushedOffset everything below is stored as the flush policy says
 * @param heardCheck the leader's newest check that it heard of in this epoch, or -1
 */
public record FollowPoint(
        int leaderEpoch,
        long fetchOffset,
        int lastFetchedEpoch,
        long logStartOffset,
        long flushedOffset,
        int heardCheck) {}
