package io.headrace.storage.partition;

import io.headrace.protocol.batch.read.AbortedTransaction;
import io.headrace.storage.log.EpochEndOffset;
import io.headrace.storage.log.LogSlice;

import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.util.List;

/**
 * What a fetch found in one partition.
 *
 * @param slice where the records are; whoever gets a warm slice releases it
 * @param abortedTransactions for read_committed, else null
 * @param divergingEpoch where the reader's log and this one part (KIP-595), or null
 * @param leaderId the leader as far as this node knows, or -1
 * @param preferredReplica the node that the reader should rather ask (KIP-392), or -1
 */
public record PartitionRead(
        Errors error,
        long highWatermark,
        long lastStableOffset,
        long logStartOffset,
        LogSlice slice,
        @Nullable List<AbortedTransaction> abortedTransactions,
        @Nullable EpochEndOffset divergingEpoch,
        int leaderId,
        int leaderEpoch,
        int preferredReplica) {

    /** A read that found an error instead. */
    public static PartitionRead failed(
            Errors error, long logStartOffset, long highWatermark, int leaderId, int leaderEpoch) {
        return new PartitionRead(
                error,
                highWatermark,
                -1,
                logStartOffset,
                new LogSlice.Empty(),
                null,
                null,
                leaderId,
                leaderEpoch,
                -1);
    }

    /** A read of a partition that this node does not have. */
    public static PartitionRead failed(Errors error) {
        return failed(error, -1, -1, -1, -1);
    }

    /** The same, of which the records are not to be sent. */
    public PartitionRead withoutRecords() {
        return new PartitionRead(
                error,
                highWatermark,
                lastStableOffset,
                logStartOffset,
                new LogSlice.Empty(),
                null,
                divergingEpoch,
                leaderId,
                leaderEpoch,
                preferredReplica);
    }
}
