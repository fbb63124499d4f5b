package io.headrace.storage.sharefetch;

import io.headrace.protocol.codec.RecordsField;
import io.headrace.storage.share.AcquiredRange;
import io.headrace.storage.share.SharedPartition;

import org.apache.kafka.common.protocol.Errors;

import java.util.List;

/**
 * The answer to a share request.
 *
 * @param lockMs how long the member may hold what it acquired
 */
public record ShareAnswer(Errors error, int lockMs, List<OfPartition> partitions) {

    static ShareAnswer failed(Errors error) {
        return new ShareAnswer(error, 0, List.of());
    }

    /**
     * What is answered for one partition.
     *
     * @param acknowledgeError how the acknowledgements fared; NONE if there were none
     * @param leaderId the leader as far as this node knows, or -1
     * @param records whole batches that contain what was acquired, and more
     */
    public record OfPartition(
            SharedPartition partition,
            Errors error,
            Errors acknowledgeError,
            int leaderId,
            int leaderEpoch,
            RecordsField records,
            List<AcquiredRange> acquired) {}
}
