package io.headrace.storage.segment;

import io.headrace.storage.file.Directories;
import io.headrace.storage.file.LogFile;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A stretch of a log in one records file: every offset in it is at least its base offset, and below
 * the next segment's.
 *
 * <p>While it is the active one, confined to the log's owner loop, which appends. Once closed it
 * changes no more, and any thread may search it.
 */
public final class Segment {
    private static final int TRANSACTION_INDEX_MAX_BYTES = 256 << 20;

    /** By default enough for the positions of 1 GiB of batches; 2 MiB. */
    private static final int KEPT_ENTRIES_MAX = 1 << 18;

    private final long baseOffset;
    private final SparseIndex offsets;
    private final SparseIndex times;
    private volatile Path directory;
    private volatile long sizeInBytes;
    private volatile long maxTimestampMs;
    private volatile long offsetOfMaxTimestamp;
    private volatile List<AbortedTransactionEntry> aborted;
    private volatile boolean replaced;
    private volatile long readOnceBelow;
    private long firstTimestampMs = -1;
    private long lastTimeEntryMs;
    private int bytesSinceEntry;
    private int abortedOnDisk;

    /**
     * A segment as found on disk, or a new one when all counts are 0.
     *
     * @param offsetEntries entries in its offset index file
     * @param timeEntries entries in its time index file
     * @param lastTime the last entry of the time index, or none
     */
    public Segment(
            Path directory,
            long baseOffset,
            long sizeInBytes,
            int offsetEntries,
            int timeEntries,
            SparseIndex.Entry lastTime,
            List<AbortedTransactionEntry> aborted) {
        this.directory = directory;
        this.baseOffset = baseOffset;
        this.sizeInBytes = sizeInBytes;
        this.offsets =
                new SparseIndex(
                        SparseIndex.Kind.BY_OFFSET,
                        () -> path(SegmentFiles.OFFSET_INDEX),
                        offsetEntries);
        this.times =
                new SparseIndex(
                        SparseIndex.Kind.BY_TIME, () -> path(SegmentFiles.TIME_INDEX), timeEntries);
        this.maxTimestampMs = lastTime.key();
        this.lastTimeEntryMs = lastTime.key();
        this.offsetOfMaxTimestamp = lastTime.isNone() ? -1 : baseOffset + lastTime.value();
        this.aborted = aborted;
        this.abortedOnDisk = aborted.size();
    }

    /** An empty segment. */
    public static Segment empty(Path directory, long baseOffset) {
        return new Segment(directory, baseOffset, 0, 0, 0, SparseIndex.Entry.NONE, List.of());
    }

    public long baseOffset() {
        return baseOffset;
    }

    /** Valid bytes in the records file. */
    public long sizeInBytes() {
        return sizeInBytes;
    }

    /** The file of that kind, where it is now. */
    public Path path(String kind) {
        return SegmentFiles.path(directory, baseOffset, kind);
    }

    /** The segment's directory was renamed. */
    public void moveTo(Path newDirectory) {
        directory = newDirectory;
    }

    /** Compaction put another segment in its place, whose file is about to get this one's name. */
    public void markReplaced() {
        replaced = true;
    }

    /**
     * Whether another segment stands for this one. To be asked after its file was opened: if it is
     * false then, the file is this segment's.
     */
    public boolean isReplaced() {
        return replaced;
    }

    /**
     * Whether nobody has read here past the page cache yet. Who comes second reads through it, so
     * that the third finds everything there.
     */
    public boolean isNewAt(long position) {
        return position >= readOnceBelow;
    }

    /** A read past the page cache ended there. */
    public void onReadOnce(long endPosition) {
        readOnceBelow = Math.max(readOnceBelow, endPosition);
    }

    /** The largest timestamp of any batch, -1 when there is none or it is not known. */
    public long maxTimestampMs() {
        return maxTimestampMs;
    }

    /** Last offset of the batch with the largest timestamp, or -1. */
    public long offsetOfMaxTimestamp() {
        return offsetOfMaxTimestamp;
    }

    /** The largest timestamp of the segment's first batch, -1 when it is empty or not known. */
    public long firstTimestampMs() {
        return firstTimestampMs;
    }

    /** Sets what {@link #firstTimestampMs} answers, read from the first batch at start-up. */
    public void setFirstTimestampMs(long timestampMs) {
        firstTimestampMs = timestampMs;
    }

    /** The index by offset. */
    public SparseIndex offsets() {
        return offsets;
    }

    /** The index by time. */
    public SparseIndex times() {
        return times;
    }

    /** Aborted transactions whose marker is in this segment; immutable. */
    public List<AbortedTransactionEntry> aborted() {
        return aborted;
    }

    /** Whether the batch's offset can be told relative to the base offset. */
    public boolean canHold(long lastOffset) {
        return lastOffset - baseOffset <= Integer.MAX_VALUE;
    }

    /** Notes a batch that now lies at the end of the records file. */
    public void onAppended(
            int batchSizeInBytes,
            long lastOffset,
            long batchMaxTimestampMs,
            int indexIntervalBytes) {
        long position = sizeInBytes;
        if (firstTimestampMs < 0) {
            firstTimestampMs = batchMaxTimestampMs;
        }
        if (batchMaxTimestampMs > maxTimestampMs) {
            maxTimestampMs = batchMaxTimestampMs;
            offsetOfMaxTimestamp = lastOffset;
        }
        if (bytesSinceEntry > indexIntervalBytes) {
            offsets.append(lastOffset - baseOffset, (int) position);
            addTimeEntry();
            bytesSinceEntry = 0;
        }
        sizeInBytes = position + batchSizeInBytes;
        bytesSinceEntry += batchSizeInBytes;
    }

    /** Brings the time index up to the largest timestamp so far. */
    public void addTimeEntry() {
        if (maxTimestampMs > lastTimeEntryMs && offsetOfMaxTimestamp >= baseOffset) {
            times.append(maxTimestampMs, (int) (offsetOfMaxTimestamp - baseOffset));
            lastTimeEntryMs = maxTimestampMs;
        }
    }

    /** Notes a transaction whose abort marker is in this segment. */
    public void addAborted(AbortedTransactionEntry transaction) {
        List<AbortedTransactionEntry> more = new ArrayList<>(aborted.size() + 1);
        more.addAll(aborted);
        more.add(transaction);
        aborted = List.copyOf(more);
    }

    /** Memory forgets index entries that are in the file, of batches below a position. */
    public void forgetBelow(long position) {
        offsets.forgetBelow(position, KEPT_ENTRIES_MAX);
        times.forgetBelow(Long.MAX_VALUE, 0);
    }

    /** What has to be written so that the index files tell all; take it on the owner loop. */
    public IndexTails tails() {
        List<AbortedTransactionEntry> now = aborted;
        return new IndexTails(this, offsets.view(), times.view(), now, now.size() != abortedOnDisk);
    }

    /** Index entries to write, at one moment. */
    public record IndexTails(
            Segment segment,
            SparseIndex.View offsets,
            SparseIndex.View times,
            List<AbortedTransactionEntry> aborted,
            boolean abortedChanged) {

        /** Writes them: on an I/O thread, one write at a time for a segment. */
        public void write(boolean flush) throws IOException {
            offsets.writeEntries(flush);
            times.writeEntries(flush);
            // An earlier write of the same entries may not have been flushed.
            if (abortedChanged || (flush && !aborted.isEmpty())) {
                writeAborted(segment.path(SegmentFiles.TRANSACTION_INDEX), aborted, flush);
            }
        }

        /** They are written, if not flushed: what changes no more need not be written again. */
        public void onWritten() {
            segment.abortedOnDisk = aborted.size();
        }

        /**
         * They are written and are not written again: memory may forget them. On the owner loop.
         */
        public void settle() {
            onWritten();
            segment.offsets.onWritten(offsets);
            segment.times.onWritten(times);
        }

        /** As {@link #settle}, and memory does forget them. */
        public void forget() {
            settle();
            segment.forgetBelow(Long.MAX_VALUE);
        }
    }

    /** Replaces a transaction index; {@code flush}: durably. */
    public static void writeAborted(Path path, List<AbortedTransactionEntry> entries, boolean flush)
            throws IOException {
        ByteBuffer bytes =
                ByteBuffer.allocate(entries.size() * AbortedTransactionEntry.SIZE_IN_BYTES);
        entries.forEach(entry -> entry.write(bytes));
        if (flush) {
            Directories.replace(path, bytes.array());
        } else {
            Directories.replaceUnflushed(path, bytes.array());
        }
    }

    /** Reads a transaction index; entries at or above the offset are left out. */
    public static List<AbortedTransactionEntry> readAborted(Path path, long belowOffset)
            throws IOException {
        byte[] content = Directories.readIfExists(path, TRANSACTION_INDEX_MAX_BYTES);
        if (content == null) {
            return List.of();
        }
        ByteBuffer bytes = ByteBuffer.wrap(content);
        List<AbortedTransactionEntry> entries = new ArrayList<>();
        while (bytes.remaining() >= AbortedTransactionEntry.SIZE_IN_BYTES) {
            AbortedTransactionEntry entry = AbortedTransactionEntry.read(bytes);
            if (entry.lastOffset() < belowOffset) {
                entries.add(entry);
            }
        }
        return List.copyOf(entries);
    }

    /**
     * The largest timestamp, read from the time index if need be, from the file's age if there is
     * none. May block.
     */
    public long loadMaxTimestampMs() throws IOException {
        if (maxTimestampMs >= 0) {
            return maxTimestampMs;
        }
        SparseIndex.Entry last = times.view().last();
        if (!last.isNone()) {
            offsetOfMaxTimestamp = baseOffset + last.value();
            maxTimestampMs = last.key();
            return last.key();
        }
        try {
            return Files.getLastModifiedTime(path(SegmentFiles.LOG)).toMillis();
        } catch (NoSuchFileException e) {
            return -1; // deleted meanwhile
        }
    }

    /**
     * The batch that contains the offset, or the first one after it in this segment; null when
     * there is none below {@code end}. May block; a wrong index costs time, never a wrong answer.
     *
     * @throws io.headrace.protocol.batch.CorruptBatchException when offsets on the way do not go up
     */
    public @Nullable BatchPosition seek(LogFile file, SparseIndex.View index, long offset, long end)
            throws IOException {
        BatchHeaders headers = new BatchHeaders(file, end);
        SparseIndex.Entry floor = index.floor(offset - baseOffset);
        if (!floor.isNone() && floor.value() > 0) {
            BatchPosition start = headers.at(floor.value());
            if (start != null && start.lastOffset() == baseOffset + floor.key()) {
                return headers.seekInOrder(floor.value(), start.baseOffset() - 1, offset);
            }
        }
        return headers.seekInOrder(0, baseOffset - 1, offset);
    }

    @Override
    public String toString() {
        return "segment " + baseOffset + " of " + directory + ", " + sizeInBytes + " bytes";
    }
}
