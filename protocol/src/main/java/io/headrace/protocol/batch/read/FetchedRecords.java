package io.headrace.protocol.batch.read;

import io.headrace.protocol.batch.BatchSet;
import io.headrace.protocol.batch.BatchView;
import io.headrace.protocol.batch.CorruptBatchException;
import io.headrace.protocol.batch.RecordReader;
import io.headrace.protocol.batch.StoredRecord;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.NoSuchElementException;

/**
 * The records of a Fetch answer that a consumer asked for: from its fetch offset on, of visible
 * batches only. Throws {@link CorruptBatchException} on bad bytes. Close it, as {@link
 * RecordReader}.
 */
public final class FetchedRecords implements Iterator<StoredRecord>, AutoCloseable {
    private final ByteBuffer buffer;
    private final BatchSet batches;
    private final BatchVisibility visibility;
    private final long maxDecompressedBytes;
    private final boolean checkCrcs;
    private long nextFetchOffset;
    private @Nullable RecordReader reader;
    private @Nullable StoredRecord ahead;

    /**
     * Begins at the buffer's position.
     *
     * @param fetchOffset what the consumer asked for: batches may begin below it
     * @param maxDecompressedBytes the limit for each batch
     * @param checkCrcs whether to verify each batch's CRC before reading its records
     */
    public FetchedRecords(
            ByteBuffer buffer,
            long fetchOffset,
            BatchVisibility visibility,
            long maxDecompressedBytes,
            boolean checkCrcs) {
        this.buffer = buffer;
        this.batches = BatchSet.of(buffer);
        this.visibility = visibility;
        this.maxDecompressedBytes = maxDecompressedBytes;
        this.checkCrcs = checkCrcs;
        this.nextFetchOffset = fetchOffset;
    }

    /**
     * Where to fetch next: after the last record handed out, and past batches that had nothing to
     * hand out.
     */
    public long nextFetchOffset() {
        return nextFetchOffset;
    }

    @Override
    public boolean hasNext() {
        while (ahead == null) {
            if (reader == null) {
                if (!batches.next()) {
                    return false;
                }
                reader = openIfVisible(batches.index());
            } else if (reader.hasNext()) {
                StoredRecord record = reader.next();
                ahead = record.offset() >= nextFetchOffset ? record : null;
            } else {
                close();
                skipBatch();
            }
        }
        return true;
    }

    @Override
    public StoredRecord next() {
        StoredRecord record = hasNext() ? ahead : null;
        if (record == null) {
            throw new NoSuchElementException();
        }
        ahead = null;
        nextFetchOffset = record.offset() + 1;
        return record;
    }

    @Override
    public void close() {
        RecordReader open = reader;
        reader = null;
        if (open != null) {
            open.close();
        }
    }

    private @Nullable RecordReader openIfVisible(int index) {
        if (checkCrcs && !BatchView.isCrcValid(buffer, index)) {
            throw new CorruptBatchException(
                    "The CRC of the batch at offset "
                            + BatchView.baseOffset(buffer, index)
                            + " is not that of its bytes");
        }
        if (visibility.isVisible(buffer, index)
                && BatchView.lastOffset(buffer, index) >= nextFetchOffset) {
            return RecordReader.open(buffer, index, maxDecompressedBytes);
        }
        skipBatch();
        return null;
    }

    private void skipBatch() {
        nextFetchOffset = Math.max(nextFetchOffset, BatchView.nextOffset(buffer, batches.index()));
    }
}
