package io.headrace.storage.compaction;

import io.headrace.protocol.batch.BatchView;
import io.headrace.protocol.batch.ControlMarker;
import io.headrace.protocol.batch.CorruptBatchException;
import io.headrace.protocol.batch.RecordReader;
import io.headrace.protocol.batch.StoredRecord;
import io.headrace.storage.segment.AbortedTransactionEntry;

import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Which batches belong to aborted transactions, and which markers nothing depends on any more, told
 * from batches shown in order of offset (KIP-98, KIP-534).
 *
 * <p>A marker is needed as long as a batch of its transaction is in the log, be it without records:
 * so one pass removes an aborted transaction's records and a later pass its marker.
 */
final class TransactionTracker {
    private static final int MARKER_BYTES_MAX = 16 * 1024;

    private static final class Aborted {
        final AbortedTransactionEntry entry;
        boolean batchSeen;

        Aborted(AbortedTransactionEntry entry) {
            this.entry = entry;
        }
    }

    private final PriorityQueue<AbortedTransactionEntry> ahead =
            new PriorityQueue<>(Comparator.comparingLong(AbortedTransactionEntry::firstOffset));
    private final Map<Long, Aborted> aborting = new HashMap<>();
    private final Set<Long> committing = new HashSet<>();
    private final Consumer<AbortedTransactionEntry> stillNeeded;

    /**
     * @param aborted every aborted transaction that has batches in what will be shown
     * @param stillNeeded hears of those whose marker was shown after batches of theirs
     */
    TransactionTracker(
            Collection<AbortedTransactionEntry> aborted,
            Consumer<AbortedTransactionEntry> stillNeeded) {
        this.ahead.addAll(aborted);
        this.stillNeeded = stillNeeded;
    }

    /**
     * Whether the batch is one of an aborted transaction, or a marker that ends nothing any more.
     */
    boolean isDiscardable(ByteBuffer buffer, int index) {
        long lastOffset = BatchView.lastOffset(buffer, index);
        AbortedTransactionEntry next = ahead.peek();
        while (next != null && next.firstOffset() <= lastOffset) {
            if (next.lastOffset() >= BatchView.baseOffset(buffer, index)) {
                aborting.put(next.producerId(), new Aborted(next));
            }
            ahead.remove();
            next = ahead.peek();
        }
        return BatchView.isControl(buffer, index)
                ? isMarkerDiscardable(buffer, index)
                : isDataDiscardable(buffer, index);
    }

    private boolean isDataDiscardable(ByteBuffer buffer, int index) {
        if (!BatchView.isTransactional(buffer, index)) {
            return false;
        }
        long producerId = BatchView.producerId(buffer, index);
        Aborted aborted = aborting.get(producerId);
        if (aborted == null || aborted.entry.lastOffset() < BatchView.baseOffset(buffer, index)) {
            committing.add(producerId);
            return false;
        }
        aborted.batchSeen = true;
        return true;
    }

    private boolean isMarkerDiscardable(ByteBuffer buffer, int index) {
        long producerId = BatchView.producerId(buffer, index);
        try (RecordReader records = RecordReader.open(buffer, index, MARKER_BYTES_MAX)) {
            if (!records.hasNext()) {
                return true;
            }
            StoredRecord record = records.next();
            if (!ControlMarker.isEndOfTransaction(record)) {
                return false;
            }
            return switch (ControlMarker.parse(record).type()) {
                case ABORT -> {
                    Aborted aborted = aborting.remove(producerId);
                    if (aborted == null || !aborted.batchSeen) {
                        yield true;
                    }
                    stillNeeded.accept(aborted.entry);
                    yield false;
                }
                case COMMIT -> !committing.remove(producerId);
            };
        } catch (CorruptBatchException e) {
            throw new CorruptBatchException(
                    "Control batch at offset "
                            + BatchView.baseOffset(buffer, index)
                            + " cannot be read",
                    e);
        }
    }
}
