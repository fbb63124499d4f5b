package io.headrace.storage.recovery;

import io.headrace.storage.file.Directories;
import io.headrace.storage.file.LogFile;
import io.headrace.storage.segment.BatchHeaders;
import io.headrace.storage.segment.BatchPosition;
import io.headrace.storage.segment.SegmentFiles;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.NavigableMap;

/** Cuts the files of a log on purpose, as replication demands. */
public final class LogTruncation {
    private LogTruncation() {}

    /**
     * Removes batches that reach the offset or lie above it; durable. A batch that contains the
     * offset goes as a whole. A segment that begins at the offset stays, empty: then nothing of
     * what is below it is touched, nor to be read again.
     *
     * @param fully whether to remove everything
     */
    public static void cut(Path directory, long offset, boolean fully) throws IOException {
        LogDirectoryFiles files = LogDirectoryFiles.tidy(directory);
        NavigableMap<Long, Long> segments = files.segments();
        // From the end, so that a crash in between leaves a log without a hole.
        for (Map.Entry<Long, Long> segment : segments.descendingMap().entrySet()) {
            long baseOffset = segment.getKey();
            boolean isFirst = baseOffset == segments.firstKey();
            if (fully || (baseOffset > offset && !isFirst)) {
                files.deleteSegment(baseOffset);
                continue;
            }
            cutSegment(directory, baseOffset, segment.getValue(), offset);
            files.deleteIndexes(baseOffset);
            break;
        }
        files.deleteSnapshotsAbove(fully ? -1 : offset);
        if (fully) {
            Files.deleteIfExists(directory.resolve(LogLoader.EPOCH_FILE));
            Files.deleteIfExists(directory.resolve(LogLoader.LOST_RANGES_FILE));
        }
        Directories.flush(directory);
    }

    /**
     * Where the log will end after {@link #cut}: the offset, or the start of the batch that
     * contains it.
     */
    public static long endAfterCut(Path directory, long offset) throws IOException {
        Map.Entry<Long, Long> segment =
                LogDirectoryFiles.tidy(directory).segments().floorEntry(offset);
        if (segment == null || segment.getKey() == offset) {
            return offset;
        }
        LogFile file =
                LogFile.open(SegmentFiles.path(directory, segment.getKey(), SegmentFiles.LOG));
        try {
            BatchPosition first = new BatchHeaders(file, segment.getValue()).seek(0, offset);
            return first == null ? offset : Math.min(offset, first.baseOffset());
        } finally {
            file.release();
        }
    }

    private static void cutSegment(Path directory, long baseOffset, long size, long offset)
            throws IOException {
        LogFile file = LogFile.open(SegmentFiles.path(directory, baseOffset, SegmentFiles.LOG));
        try {
            BatchPosition first = new BatchHeaders(file, size).seek(0, offset);
            long end = baseOffset >= offset ? 0 : first == null ? size : first.position();
            if (end < size) {
                file.truncate(end);
                file.flush();
            }
        } finally {
            file.release();
        }
    }
}
