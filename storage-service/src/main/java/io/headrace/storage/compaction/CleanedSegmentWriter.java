package io.headrace.storage.compaction;

import io.headrace.protocol.batch.BatchView;
import io.headrace.storage.file.LogFile;
import io.headrace.storage.recovery.SegmentSwap;
import io.headrace.storage.segment.AbortedTransactionEntry;
import io.headrace.storage.segment.SegmentFiles;
import io.headrace.storage.segment.SparseIndex;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes one cleaned segment and its indexes under names that end in {@code .cleaned}, which the
 * log does not look at. Confined to the thread that writes it.
 */
public final class CleanedSegmentWriter implements AutoCloseable {
    private final Path directory;
    private final long baseOffset;
    private final int indexIntervalBytes;
    private final LogFile file;
    private final SparseIndex offsetIndex;
    private final SparseIndex timeIndex;
    private final List<AbortedTransactionEntry> aborted = new ArrayList<>();

    private long sizeInBytes;
    private long bytesSinceEntry;
    private long nextOffset;
    private long maxTimestampMs = -1;
    private long offsetOfMaxTimestamp = -1;
    private boolean hasHoles;
    private long lastIndexedTimestampMs = -1;

    /** Begins a segment; what an earlier attempt left of it is removed. */
    public CleanedSegmentWriter(Path directory, long baseOffset, int indexIntervalBytes)
            throws IOException {
        this.directory = directory;
        this.baseOffset = baseOffset;
        this.nextOffset = baseOffset;
        this.indexIntervalBytes = indexIntervalBytes;
        SegmentSwap.deleteCleaned(directory, baseOffset);
        this.file = LogFile.create(cleaned(SegmentFiles.LOG));
        this.offsetIndex =
                new SparseIndex(
                        SparseIndex.Kind.BY_OFFSET, () -> cleaned(SegmentFiles.OFFSET_INDEX), 0);
        this.timeIndex =
                new SparseIndex(
                        SparseIndex.Kind.BY_TIME, () -> cleaned(SegmentFiles.TIME_INDEX), 0);
    }

    /** Appends one batch, from position to limit. */
    public void append(ByteBuffer batch) throws IOException {
        int at = batch.position();
        long firstOffset = BatchView.baseOffset(batch, at);
        long lastOffset = BatchView.lastOffset(batch, at);
        if (firstOffset < nextOffset || lastOffset - baseOffset > Integer.MAX_VALUE) {
            throw new IllegalStateException(
                    "Batch "
                            + firstOffset
                            + ".."
                            + lastOffset
                            + " does not follow offset "
                            + nextOffset
                            + " in the cleaned segment "
                            + baseOffset);
        }
        long timestampMs = BatchView.maxTimestampMs(batch, at);
        if (timestampMs > maxTimestampMs) {
            maxTimestampMs = timestampMs;
            offsetOfMaxTimestamp = lastOffset;
        }
        if (bytesSinceEntry > indexIntervalBytes) {
            offsetIndex.append(lastOffset - baseOffset, Math.toIntExact(sizeInBytes));
            indexTime();
            bytesSinceEntry = 0;
        }
        int size = batch.remaining();
        file.write(batch, sizeInBytes);
        sizeInBytes += size;
        bytesSinceEntry += size;
        hasHoles |= firstOffset > nextOffset;
        nextOffset = lastOffset + 1;
    }

    /** Notes an aborted transaction whose marker is in this segment. */
    public void addAborted(AbortedTransactionEntry entry) {
        aborted.add(entry);
    }

    /** Completes all files and waits until the device has them. */
    public CleanedSegment finish() throws IOException {
        indexTime();
        SparseIndex.View offsets = offsetIndex.view();
        SparseIndex.View times = timeIndex.view();
        offsets.write(true);
        times.write(true);
        writeTransactionIndex(); // Though empty: it must take the place of an old one.
        file.flush();
        return new CleanedSegment(
                baseOffset,
                nextOffset,
                sizeInBytes,
                maxTimestampMs,
                offsetOfMaxTimestamp,
                offsets.count(),
                times.count(),
                aborted,
                hasHoles);
    }

    /** Closes the records file; what was not finished is left for {@link SegmentSwap}. */
    @Override
    public void close() {
        file.release();
    }

    private void indexTime() {
        if (maxTimestampMs > lastIndexedTimestampMs) {
            timeIndex.append(maxTimestampMs, Math.toIntExact(offsetOfMaxTimestamp - baseOffset));
            lastIndexedTimestampMs = maxTimestampMs;
        }
    }

    private void writeTransactionIndex() throws IOException {
        ByteBuffer bytes =
                ByteBuffer.allocate(aborted.size() * AbortedTransactionEntry.SIZE_IN_BYTES);
        aborted.forEach(entry -> entry.write(bytes));
        Path path = cleaned(SegmentFiles.TRANSACTION_INDEX);
        Files.deleteIfExists(path);
        LogFile index = LogFile.create(path);
        try {
            index.write(bytes.flip(), 0);
            index.flush();
        } finally {
            index.release();
        }
    }

    private Path cleaned(String kind) {
        return SegmentFiles.path(directory, baseOffset, kind + SegmentFiles.CLEANED);
    }
}
