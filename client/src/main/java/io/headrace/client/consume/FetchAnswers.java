package io.headrace.client.consume;

import io.headrace.protocol.batch.BatchSet;
import io.headrace.protocol.batch.BatchView;
import io.headrace.protocol.batch.read.AbortedTransaction;
import io.headrace.protocol.codec.RecordsField;

import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.message.FetchResponseData.PartitionData;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Reads the parts of Fetch answers; pure. */
final class FetchAnswers {
    private FetchAnswers() {}

    /** How far an answer reaches: the offset after its last whole batch, and about how many. */
    record Extent(long nextOffset, int records) {}

    static FetchedBatches of(
            TopicPartition partition, long offset, IsolationLevel isolation, PartitionData part) {
        ByteBuffer records = RecordsField.bytes(part.records());
        List<AbortedTransaction> aborted = new ArrayList<>();
        if (part.abortedTransactions() != null) {
            for (FetchResponseData.AbortedTransaction transaction : part.abortedTransactions()) {
                aborted.add(
                        new AbortedTransaction(
                                transaction.producerId(), transaction.firstOffset()));
            }
        }
        return new FetchedBatches(
                partition,
                offset,
                part.logStartOffset(),
                part.highWatermark(),
                part.lastStableOffset(),
                records == null ? ByteBuffer.allocate(0) : records,
                isolation,
                aborted);
    }

    /** Throws {@code CorruptBatchException} when the batches' headers make no sense. */
    static Extent extent(FetchedBatches answer) {
        ByteBuffer bytes = answer.batches();
        BatchSet batches = BatchSet.of(bytes);
        long nextOffset = answer.fetchOffset();
        int records = 0;
        while (batches.next()) {
            nextOffset = Math.max(nextOffset, BatchView.nextOffset(bytes, batches.index()));
            records += Math.max(0, BatchView.recordCount(bytes, batches.index()));
        }
        return new Extent(nextOffset, records);
    }
}
