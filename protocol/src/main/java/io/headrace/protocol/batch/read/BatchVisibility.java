package io.headrace.protocol.batch.read;

import io.headrace.protocol.batch.BatchView;
import io.headrace.protocol.batch.ControlMarker;
import io.headrace.protocol.batch.RecordReader;
import io.headrace.protocol.batch.StoredRecord;

import java.nio.ByteBuffer;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Set;

/**
 * Which fetched batches a consumer hands out: never control batches, and under read_committed no
 * batch of an aborted transaction (KIP-98). Batches are shown to it in order of offset, each once.
 */
public final class BatchVisibility {
    private final PriorityQueue<AbortedTransaction> ahead =
            new PriorityQueue<>(Comparator.comparingLong(AbortedTransaction::firstOffset));
    private final Set<Long> aborting = new HashSet<>();

    private BatchVisibility(List<AbortedTransaction> aborted) {
        ahead.addAll(aborted);
    }

    /** All data batches. */
    public static BatchVisibility readUncommitted() {
        return new BatchVisibility(List.of());
    }

    /**
     * All data batches but those of the transactions that the Fetch answer names as aborted; that
     * answer ends below the last stable offset, so no other is undecided.
     */
    public static BatchVisibility readCommitted(List<AbortedTransaction> aborted) {
        return new BatchVisibility(aborted);
    }

    /** Whether the records of the batch at {@code index} are for the consumer. */
    public boolean isVisible(ByteBuffer buffer, int index) {
        long producerId = BatchView.producerId(buffer, index);
        long lastOffset = BatchView.lastOffset(buffer, index);
        AbortedTransaction next = ahead.peek();
        while (next != null && next.firstOffset() <= lastOffset) {
            aborting.add(next.producerId());
            ahead.remove();
            next = ahead.peek();
        }
        if (BatchView.isControl(buffer, index)) {
            if (aborting.contains(producerId) && endsAborted(buffer, index)) {
                aborting.remove(producerId);
            }
            return false;
        }
        return !(BatchView.isTransactional(buffer, index) && aborting.contains(producerId));
    }

    private static boolean endsAborted(ByteBuffer buffer, int index) {
        try (RecordReader records =
                RecordReader.open(buffer, index, ControlMarker.MAX_RECORD_BYTES)) {
            if (!records.hasNext()) {
                return false;
            }
            StoredRecord record = records.next();
            return ControlMarker.isEndOfTransaction(record)
                    && ControlMarker.parse(record).type() == ControlMarker.Type.ABORT;
        }
    }
}
