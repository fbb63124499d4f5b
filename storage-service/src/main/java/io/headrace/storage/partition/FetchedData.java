package io.headrace.storage.partition;

import java.nio.ByteBuffer;

/**
 * What a leader answered for one partition.
 *
 * @param leaderEpoch the epoch in which it was asked
 * @param records batches as they lie in the leader's log; the last one may be cut off
 * @param leaderCheck the leader's newest check, or -1
 */
public record FetchedData(
        int leaderEpoch,
        ByteBuffer records,
        long highWatermark,
        long logStartOffset,
        int leaderCheck) {}
