package io.headrace.storage.recovery;

import io.headrace.storage.segment.Segment;
import io.headrace.storage.segment.SegmentFiles;
import io.headrace.storage.segment.SparseIndex;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

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
    static Segment open(Path directory, long baseOffset, long sizeInBytes, long belowOffset)
            throws IOException {
        Path offsetPath = SegmentFiles.path(directory, baseOffset, SegmentFiles.OFFSET_INDEX);
        Path timePath = SegmentFiles.path(directory, baseOffset, SegmentFiles.TIME_INDEX);
        int offsetEntries = (int) (sizeOf(offsetPath) / OFFSET_ENTRY_BYTES);
        int timeEntries = (int) (sizeOf(timePath) / TIME_ENTRY_BYTES);
        SparseIndex.Entry lastTime = SparseIndex.Entry.NONE;
        if (belowOffset != Long.MAX_VALUE) {
            long bound = belowOffset - baseOffset;
            offsetEntries = offsetsOf(offsetPath, offsetEntries).countBelow(bound);
            SparseIndex.View times =
                    new SparseIndex(SparseIndex.Kind.BY_TIME, () -> timePath, timeEntries).view();
            timeEntries = times.countOfValuesBelow(bound);
            lastTime =
                    new SparseIndex(SparseIndex.Kind.BY_TIME, () -> timePath, timeEntries)
                            .view()
                            .last();
        }
        return new Segment(
                directory,
                baseOffset,
                sizeInBytes,
                offsetEntries,
                timeEntries,
                lastTime,
                Segment.readAborted(
                        SegmentFiles.path(directory, baseOffset, SegmentFiles.TRANSACTION_INDEX),
                        belowOffset));
    }

    private static SparseIndex.View offsetsOf(Path path, int entries) {
        return new SparseIndex(SparseIndex.Kind.BY_OFFSET, () -> path, entries).view();
    }

    private static long sizeOf(Path path) throws IOException {
        try {
            return Files.size(path);
        } catch (NoSuchFileException e) {
            return 0;
        }
    }
}
