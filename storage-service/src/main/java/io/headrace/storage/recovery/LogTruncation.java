package io.headrace.storage.recovery;

import io.headrace.storage.file.Directories;
import io.headrace.storage.file.LogFile;
import io.headrace.storage.producer.ProducerIds;
import io.headrace.storage.producer.ProducerStates;
import io.headrace.storage.segment.BatchHeaders;
import io.headrace.storage.segment.BatchPosition;
import io.headrace.storage.segment.SegmentFiles;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.NavigableMap;

/**
 * A cut of a log's files on purpose, as replication demands.
 *
 * @param offset batches that reach it or lie above it go; a batch that contains it as a whole
 * @param fully whether to remove everything
 * @param verified a place at or below the offset, in the segment that is cut: what is below it is
 *     not read, and its index entries stay; null when there is none
 */
public record LogTruncation(long offset, boolean fully, @Nullable VerifiedPoint verified) {

    /** Where the log will end after {@link #cut}; -1 when nothing is to be left. */
    public long endOffset(Path directory) throws IOException {
        if (fully) {
            return -1;
        }
        Map.Entry<Long, Long> segment =
                LogDirectoryFiles.tidy(directory).segments().floorEntry(offset);
        if (segment == null || segment.getKey() == offset) {
            return offset;
        }
        LogFile file =
                LogFile.open(SegmentFiles.path(directory, segment.getKey(), SegmentFiles.LOG));
        try {
            BatchPosition first = firstToGo(file, segment.getKey(), segment.getValue());
            return first == null ? offset : Math.min(offset, first.baseOffset());
        } finally {
            file.release();
        }
    }

    private @Nullable BatchPosition firstToGo(LogFile file, long baseOffset, long size)
            throws IOException {
        VerifiedPoint point = pointIn(baseOffset);
        return new BatchHeaders(file, size).seek(point == null ? 0 : point.position(), offset);
    }

    private @Nullable VerifiedPoint pointIn(long segmentBaseOffset) {
        VerifiedPoint point = verified;
        return point != null && point.segmentBaseOffset() == segmentBaseOffset ? point : null;
    }

    /**
     * This cut, or one without a verified place if the log cannot be loaded from there: its segment
     * is shorter, or the producers' snapshot is not there or not whole.
     */
    public LogTruncation orUnverified(Path directory, ProducerIds producerIds) throws IOException {
        VerifiedPoint point = verified;
        return point == null || isWhole(point, directory, producerIds)
                ? this
                : new LogTruncation(offset, fully, null);
    }

    private static boolean isWhole(VerifiedPoint point, Path directory, ProducerIds producerIds)
            throws IOException {
        LogDirectoryFiles files = LogDirectoryFiles.tidy(directory);
        Long size = files.segments().get(point.segmentBaseOffset());
        if (size == null || size < point.position()) {
            return false;
        }
        if (point.snapshotOffset() < 0) {
            return true;
        }
        byte[] snapshot = files.readSnapshot(point.snapshotOffset());
        ProducerStates producers = new ProducerStates(producerIds, directory.toString());
        try {
            return snapshot != null && producers.load(snapshot);
        } finally {
            producers.clear();
        }
    }

    /**
     * Removes what is to go; durable. A segment that begins at the offset stays, empty: then
     * nothing of what is below it is touched, nor to be read again.
     */
    public void cut(Path directory) throws IOException {
        LogDirectoryFiles files = LogDirectoryFiles.tidy(directory);
        try {
            cut(directory, files);
        } finally {
            if (files.hasDeleted()) {
                Directories.flush(directory); // also if the rest is to be done again
            }
        }
    }

    private void cut(Path directory, LogDirectoryFiles files) throws IOException {
        NavigableMap<Long, Long> segments = files.segments();
        // From the end, so that a crash in between leaves a log without a hole.
        for (Map.Entry<Long, Long> segment : segments.descendingMap().entrySet()) {
            long baseOffset = segment.getKey();
            boolean isFirst = baseOffset == segments.firstKey();
            if (fully || (baseOffset > offset && !isFirst)) {
                files.deleteSegment(baseOffset);
                continue;
            }
            VerifiedPoint point = pointIn(baseOffset);
            // First what may find no space: to be done again, it must find the batches as they are.
            if (point == null) {
                files.deleteIndexes(baseOffset);
            } else {
                TrustedIndexes.cut(files, point);
            }
            cutSegment(directory, baseOffset, segment.getValue());
            break;
        }
        files.deleteSnapshotsAbove(fully ? -1 : offset);
        if (fully) {
            files.delete(LogLoader.EPOCH_FILE);
            files.delete(LogLoader.LOST_RANGES_FILE);
        }
    }

    /** Flushed in any case: also what a failed write left, which was cut off before. */
    private void cutSegment(Path directory, long baseOffset, long size) throws IOException {
        LogFile file = LogFile.open(SegmentFiles.path(directory, baseOffset, SegmentFiles.LOG));
        try {
            BatchPosition first = firstToGo(file, baseOffset, size);
            long end = baseOffset >= offset ? 0 : first == null ? size : first.position();
            if (end < size) {
                file.truncate(end);
            }
            file.flush();
        } finally {
            file.release();
        }
    }
}
