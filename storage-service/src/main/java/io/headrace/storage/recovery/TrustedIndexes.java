package io.headrace.storage.recovery;

import io.headrace.storage.segment.Segment;
import io.headrace.storage.segment.SegmentFiles;
import io.headrace.storage.segment.SparseIndex;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Opens a segment with its index files as they are. */
final class TrustedIndexes {
    private static final int OFFSET_ENTRY_BYTES = 8;
    private static final int TIME_ENTRY_BYTES = 12;

    private TrustedIndexes() {}

    /**
     * A segment of that valid size.
     *
     * @param belowOffset index entries of batches at or above it are left out; {@code
     *     Long.MAX_VALUE} takes them all without reading them
     */
    static Segment open(
            Path directory,
            LogDirectoryFiles files,
            long baseOffset,
            long sizeInBytes,
            long belowOffset)
            throws IOException {
        Path offsetPath = files.find(baseOffset, SegmentFiles.OFFSET_INDEX);
        Path timePath = files.find(baseOffset, SegmentFiles.TIME_INDEX);
        int offsetEntries = entriesIn(offsetPath, OFFSET_ENTRY_BYTES);
        int timeEntries = entriesIn(timePath, TIME_ENTRY_BYTES);
        SparseIndex.Entry lastTime = SparseIndex.Entry.NONE;
        if (belowOffset != Long.MAX_VALUE) {
            long bound = belowOffset - baseOffset;
            if (offsetPath != null && offsetEntries > 0) {
                offsetEntries = offsetsOf(offsetPath, offsetEntries).countBelow(bound);
            }
            if (timePath != null && timeEntries > 0) {
                timeEntries = timesOf(timePath, timeEntries).countOfValuesBelow(bound);
                lastTime = timesOf(timePath, timeEntries).last();
            }
        }
        Path abortedPath = files.find(baseOffset, SegmentFiles.TRANSACTION_INDEX);
        return new Segment(
                directory,
                baseOffset,
                sizeInBytes,
                offsetEntries,
                timeEntries,
                lastTime,
                abortedPath == null ? List.of() : Segment.readAborted(abortedPath, belowOffset));
    }

    /**
     * Leaves of a segment's index files what is below a verified place in it. The entries by offset
     * and time that are beyond are in the way of nobody: they are overwritten, with all that
     * follows, before any later place is verified. But aborted transactions are not written again
     * while there are as many as before; durable, since a clean stop vouches for that file, too.
     */
    static void cut(LogDirectoryFiles files, VerifiedPoint verified) throws IOException {
        Path path = files.find(verified.segmentBaseOffset(), SegmentFiles.TRANSACTION_INDEX);
        if (path != null) {
            var kept = Segment.readAborted(path, verified.offset());
            if (kept.size() < Segment.readAborted(path, Long.MAX_VALUE).size()) {
                Segment.writeAborted(path, kept, true);
            }
        }
    }

    private static SparseIndex.View timesOf(Path path, int entries) {
        return new SparseIndex(SparseIndex.Kind.BY_TIME, () -> path, entries).view();
    }

    private static int entriesIn(@Nullable Path path, int entryBytes) throws IOException {
        return path == null ? 0 : (int) (Files.size(path) / entryBytes);
    }

    private static SparseIndex.View offsetsOf(Path path, int entries) {
        return new SparseIndex(SparseIndex.Kind.BY_OFFSET, () -> path, entries).view();
    }
}
