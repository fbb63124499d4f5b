package io.headrace.storage.fetch;

import io.headrace.protocol.codec.PrivateFields;
import io.headrace.protocol.codec.RecordsField;

import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.protocol.Errors;

import java.util.ArrayList;
import java.util.List;

/** What was found in one partition, as the wire says it. */
final class PartitionAnswer {
    private PartitionAnswer() {}

    static FetchResponseData.PartitionData of(FetchEntry entry, RecordsField records) {
        var found = entry.result();
        FetchResponseData.PartitionData data =
                new FetchResponseData.PartitionData()
                        .setPartitionIndex(entry.target().key().partition())
                        .setErrorCode(found.error().code())
                        .setHighWatermark(found.highWatermark())
                        .setLastStableOffset(found.lastStableOffset())
                        .setLogStartOffset(found.logStartOffset())
                        .setPreferredReadReplica(found.preferredReplica())
                        .setRecords(records);
        var aborted = found.abortedTransactions();
        if (aborted != null) {
            List<FetchResponseData.AbortedTransaction> list = new ArrayList<>(aborted.size());
            for (var transaction : aborted) {
                list.add(
                        new FetchResponseData.AbortedTransaction()
                                .setProducerId(transaction.producerId())
                                .setFirstOffset(transaction.firstOffset()));
            }
            data.setAbortedTransactions(list);
        }
        var diverging = found.divergingEpoch();
        if (diverging != null) {
            data.divergingEpoch()
                    .setEpoch(diverging.leaderEpoch())
                    .setEndOffset(diverging.endOffset());
        }
        if (entry.leaderCheck() >= 0) {
            PrivateFields.addInt(data, PrivateFields.LEADER_CHECK, entry.leaderCheck());
        }
        if (found.error() == Errors.NOT_LEADER_OR_FOLLOWER
                || found.error() == Errors.FENCED_LEADER_EPOCH) {
            data.currentLeader().setLeaderId(found.leaderId()).setLeaderEpoch(found.leaderEpoch());
        }
        return data;
    }
}
