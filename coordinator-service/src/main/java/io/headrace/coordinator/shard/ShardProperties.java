package io.headrace.coordinator.shard;

/**
 * Bounds of a shard's runtime.
 *
 * @param maxOpenRequests requests that may be open in one shard, parked ones included
 * @param maxWaitingRequests requests that may wait, undecided, while an append is under way
 * @param maxPendingBytes records decided but not yet sent, from which on further requests wait
 * @param maxBatchBytes the largest record batch, below the topic's max.message.bytes
 * @param readBytes what one read of a replay asks for
 * @param commitTimeoutMs how long a decided response waits for its commit before the client is told
 *     to try again
 * @param loadWaitMs how long a request waits for a shard that is being taken over before the client
 *     is told to try again
 * @param retryMinMs the pause before the first retry of a failed log request
 * @param retryMaxMs the longest pause between retries
 */
public record ShardProperties(
        int maxOpenRequests,
        int maxWaitingRequests,
        int maxPendingBytes,
        int maxBatchBytes,
        int readBytes,
        long commitTimeoutMs,
        long loadWaitMs,
        long retryMinMs,
        long retryMaxMs) {

    /** What suits a topic of the default max.message.bytes. */
    public static ShardProperties defaults() {
        return new ShardProperties(
                20_000, 5_000, 4 << 20, 900_000, 1 << 20, 5_000, 1_000, 20, 1_000);
    }
}
