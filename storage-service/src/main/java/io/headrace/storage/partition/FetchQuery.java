package io.headrace.storage.partition;

/**
 * What a reader asks of one partition.
 *
 * @param currentLeaderEpoch the leader epoch that the reader knows, or -1 (KIP-320)
 * @param lastFetchedEpoch the epoch of the last record it has, or -1 (KIP-595)
 * @param maxBytes the most bytes to answer
 * @param minOneMessage whether the first batch is answered though it is larger than that
 * @param bound what is visible to this reader
 * @param fromFollower whether a follower may answer too (KIP-392)
 */
public record FetchQuery(
        long fetchOffset,
        int currentLeaderEpoch,
        int lastFetchedEpoch,
        int maxBytes,
        boolean minOneMessage,
        Bound bound,
        boolean fromFollower) {

    /** The exclusive bound of visible offsets. */
    public enum Bound {
        /** Consumers: the high watermark. */
        READ_UNCOMMITTED,
        /** Consumers of whole transactions only: the last stable offset. */
        READ_COMMITTED,
        /** Replicas: the log end. */
        LOG_END
    }
}
