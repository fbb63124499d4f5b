package io.headrace.storage.recovery;

import io.headrace.storage.file.Directories;
import io.headrace.storage.segment.SegmentFiles;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.TreeSet;

/** The files of one log's directory, after what earlier lives left unfinished is tidied up. */
final class LogDirectoryFiles {
    private static final List<String> INDEX_KINDS =
            List.of(
                    SegmentFiles.OFFSET_INDEX,
                    SegmentFiles.TIME_INDEX,
                    SegmentFiles.TRANSACTION_INDEX);

    private final Path directory;
    private final NavigableMap<Long, Long> segments = new TreeMap<>();
    private final TreeSet<Long> snapshots = new TreeSet<>();

    private LogDirectoryFiles(Path directory) {
        this.directory = directory;
    }

    /**
     * Reads the directory. Deleted and half-cleaned files are removed; a finished swap of
     * compaction is completed, so that old and new never mix.
     */
    static LogDirectoryFiles tidy(Path directory) throws IOException {
        List<Path> kept = new ArrayList<>();
        List<Path> swaps = new ArrayList<>();
        for (Path path : Directories.list(directory)) {
            String name = path.getFileName().toString();
            if (name.endsWith(SegmentFiles.DELETED)
                    || name.endsWith(SegmentFiles.CLEANED)
                    || name.endsWith(".tmp")
                    || name.equals(SegmentFiles.PREPARED_LOG)) {
                Files.deleteIfExists(path);
            } else if (name.endsWith(SegmentFiles.SWAP)) {
                swaps.add(path);
            } else {
                kept.add(path);
            }
        }
        if (!swaps.isEmpty()) {
            SegmentSwap.recover(directory);
            return tidy(directory);
        }
        LogDirectoryFiles files = new LogDirectoryFiles(directory);
        for (Path path : kept) {
            String name = path.getFileName().toString();
            long logBase = SegmentFiles.baseOffset(name, SegmentFiles.LOG);
            long snapshot = SegmentFiles.baseOffset(name, SegmentFiles.PRODUCER_SNAPSHOT);
            if (logBase >= 0) {
                files.segments.put(logBase, Files.size(path));
            } else if (snapshot >= 0) {
                files.snapshots.add(snapshot);
            }
        }
        files.deleteOrphanIndexes(kept);
        return files;
    }

    private void deleteOrphanIndexes(List<Path> kept) throws IOException {
        for (Path path : kept) {
            String name = path.getFileName().toString();
            for (String kind : INDEX_KINDS) {
                long base = SegmentFiles.baseOffset(name, kind);
                if (base >= 0 && !segments.containsKey(base)) {
                    Files.deleteIfExists(path);
                }
            }
        }
    }

    /** Base offset -> size of the records file. */
    NavigableMap<Long, Long> segments() {
        return segments;
    }

    /** Offsets of producer snapshots at or below an offset, newest first. */
    Collection<Long> snapshotsDescendingFrom(long offset) {
        return new ArrayList<>(snapshots.headSet(offset, true).descendingSet());
    }

    long newestSnapshotAtOrBelow(long offset) {
        Long newest = snapshots.floor(offset);
        return newest == null ? -1 : newest;
    }

    void deleteSnapshotsAbove(long offset) throws IOException {
        for (long snapshot : new ArrayList<>(snapshots.tailSet(offset, false))) {
            Files.deleteIfExists(
                    SegmentFiles.path(directory, snapshot, SegmentFiles.PRODUCER_SNAPSHOT));
            snapshots.remove(snapshot);
        }
    }

    void deleteIndexes(long baseOffset) throws IOException {
        for (String kind : INDEX_KINDS) {
            Files.deleteIfExists(SegmentFiles.path(directory, baseOffset, kind));
        }
    }

    void deleteSegment(long baseOffset) throws IOException {
        Files.deleteIfExists(SegmentFiles.path(directory, baseOffset, SegmentFiles.LOG));
        deleteIndexes(baseOffset);
    }
}
