package io.headrace.storage.compaction;

import io.headrace.protocol.batch.BatchRewriter;
import io.headrace.protocol.batch.BatchView;
import io.headrace.protocol.batch.RecordReader;
import io.headrace.protocol.batch.StoredRecord;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/**
 * Decides which records of a batch survive compaction, from the last offset of each key and what is
 * known of transactions and producers. Deterministic: no clock, no disk.
 *
 * <pre>
 *   data record     survives if above what the map has seen, or it is its key's last and it is a
 *                   value, or a tombstone before its batch's delete horizon
 *   aborted record  never survives
 *   marker          survives until nothing depends on it and its horizon has passed
 *   empty batch     stays for the producer's last sequence or epoch, and at the end of a segment
 * </pre>
 *
 * <p>The horizon is set, {@code delete.retention.ms} ahead, the first time a batch with a surviving
 * tombstone or a marker without a transaction is cleaned (KIP-534).
 */
final class BatchFilter {
    private final OffsetMap lastOffsets;
    private final TransactionTracker transactions;
    private final Map<Long, LastWritten> producers;
    private final long deleteRetentionMs;
    private final long nowMs;
    private final long maxDecompressedBytes;

    BatchFilter(
            OffsetMap lastOffsets,
            TransactionTracker transactions,
            Map<Long, LastWritten> producers,
            long deleteRetentionMs,
            long nowMs,
            long maxDecompressedBytes) {
        this.lastOffsets = lastOffsets;
        this.transactions = transactions;
        this.producers = producers;
        this.deleteRetentionMs = deleteRetentionMs;
        this.nowMs = nowMs;
        this.maxDecompressedBytes = maxDecompressedBytes;
    }

    /**
     * What remains of the batch at {@code index}: null when nothing does, a view of the same bytes
     * when all of it does. Batches are shown in order, each once.
     *
     * @param endsSegment whether it is the last batch of the segment: then at least its header
     *     stays
     */
    @Nullable ByteBuffer filter(ByteBuffer buffer, int index, boolean endsSegment) {
        boolean discardable = transactions.isDiscardable(buffer, index);
        boolean control = BatchView.isControl(buffer, index);
        boolean discarded = discardable && (!control || isHorizonPast(buffer, index));
        boolean keepEmpty = endsSegment || isLastOfProducer(buffer, index);

        List<StoredRecord> retained = new ArrayList<>();
        boolean needsHorizon = false;
        if (!discarded) {
            try (RecordReader records = RecordReader.open(buffer, index, maxDecompressedBytes)) {
                while (records.hasNext()) {
                    StoredRecord record = records.next();
                    if (control || survives(buffer, index, record)) {
                        retained.add(record);
                        needsHorizon |= control ? discardable : record.value() == null;
                    }
                }
            }
        }
        if (retained.isEmpty()) {
            return keepEmpty ? empty(buffer, index) : null;
        }
        OptionalLong horizon =
                needsHorizon && !BatchView.hasDeleteHorizon(buffer, index)
                        ? OptionalLong.of(saturatedAdd(nowMs, deleteRetentionMs))
                        : OptionalLong.empty();
        if (horizon.isEmpty() && retained.size() == BatchView.recordCount(buffer, index)) {
            return buffer.slice(index, BatchView.sizeInBytes(buffer, index));
        }
        return BatchRewriter.retain(buffer, index, retained, horizon);
    }

    private boolean survives(ByteBuffer buffer, int index, StoredRecord record) {
        if (record.offset() > lastOffsets.latestOffset()) {
            return true;
        }
        ByteBuffer key = record.key();
        if (key == null || record.offset() < lastOffsets.get(key)) {
            return false;
        }
        return record.value() != null || !isHorizonPast(buffer, index);
    }

    private boolean isHorizonPast(ByteBuffer buffer, int index) {
        return BatchView.hasDeleteHorizon(buffer, index)
                && BatchView.deleteHorizonMs(buffer, index) <= nowMs;
    }

    private boolean isLastOfProducer(ByteBuffer buffer, int index) {
        if (!BatchView.hasProducerId(buffer, index)) {
            return false;
        }
        LastWritten last = producers.get(BatchView.producerId(buffer, index));
        if (last == null) {
            return false;
        }
        return last.lastDataOffset() >= 0
                ? BatchView.lastOffset(buffer, index) == last.lastDataOffset()
                : BatchView.isControl(buffer, index)
                        && BatchView.producerEpoch(buffer, index) == last.producerEpoch();
    }

    private static ByteBuffer empty(ByteBuffer buffer, int index) {
        return BatchView.recordCount(buffer, index) == 0
                ? buffer.slice(index, BatchView.sizeInBytes(buffer, index))
                : BatchRewriter.retainEmpty(buffer, index);
    }

    private static long saturatedAdd(long a, long b) {
        return b > Long.MAX_VALUE - a ? Long.MAX_VALUE : a + b;
    }
}
