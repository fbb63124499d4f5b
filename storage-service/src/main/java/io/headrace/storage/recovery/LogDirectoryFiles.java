package io.headrace.storage.recovery;

import io.headrace.storage.file.Directories;
import io.headrace.storage.segment.SegmentFiles;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** The files of one log's directory, after what earlier lives left unfinished is tidied up. */
final class LogDirectoryFiles {
    private static final List<String> INDEX_KINDS =
            List.of(
                    SegmentFiles.OFFSET_INDEX,
                    SegmentFiles.TIME_INDEX,
                    SegmentFiles.TRANSACTION_INDEX);

    private static final int SNAPSHOT_MAX_BYTES = 1 << 30;

    private final Path directory;
    private final Set<String> names;
    private final NavigableMap<Long, Long> segments = new TreeMap<>();
    private final TreeSet<Long> snapshots = new TreeSet<>();
    private boolean hasDeleted;

    private LogDirectoryFiles(Path directory, Set<String> names) {
        this.directory = directory;
        this.names = names;
    }

    /**
     * Reads the directory. Deleted and half-cleaned files are removed; a finished swap of
     * compaction is completed, so that old and new never mix.
     */
    static LogDirectoryFiles tidy(Path directory) throws IOException {
        Set<String> kept = new HashSet<>();
        boolean swaps = false;
        for (Path path : Directories.list(directory)) {
            String name = path.getFileName().toString();
            if (name.endsWith(SegmentFiles.DELETED)
                    || name.endsWith(SegmentFiles.CLEANED)
                    || name.endsWith(".tmp")
                    || name.equals(SegmentFiles.PREPARED_LOG)) {
                Files.deleteIfExists(path);
            } else if (name.endsWith(SegmentFiles.SWAP)) {
                swaps = true;
            } else {
                kept.add(name);
            }
        }
        if (swaps) {
            SegmentSwap.recover(directory);
            return tidy(directory);
        }
        LogDirectoryFiles files = new LogDirectoryFiles(directory, kept);
        List<String> indexes = new ArrayList<>();
        for (String name : kept) {
            files.take(name, indexes);
        }
        for (String name : indexes) {
            files.deleteIfOrphan(name);
        }
        return files;
    }

    private void take(String name, List<String> indexes) throws IOException {
        long logBase = SegmentFiles.baseOffset(name, SegmentFiles.LOG);
        if (logBase >= 0) {
            segments.put(logBase, Files.size(directory.resolve(name)));
            return;
        }
        long snapshot = SegmentFiles.baseOffset(name, SegmentFiles.PRODUCER_SNAPSHOT);
        if (snapshot >= 0) {
            snapshots.add(snapshot);
        } else {
            indexes.add(name);
        }
    }

    private void deleteIfOrphan(String name) throws IOException {
        for (String kind : INDEX_KINDS) {
            long base = SegmentFiles.baseOffset(name, kind);
            if (base >= 0 && !segments.containsKey(base)) {
                delete(base, kind);
            }
        }
    }

    private void delete(long baseOffset, String kind) throws IOException {
        delete(SegmentFiles.path(directory, baseOffset, kind).getFileName().toString());
    }

    /** Removes a file, if it is there. */
    void delete(String name) throws IOException {
        if (names.remove(name)) {
            hasDeleted = true;
            Files.deleteIfExists(directory.resolve(name));
        }
    }

    /** Whether the directory is to be flushed, so that no file comes back that was removed. */
    boolean hasDeleted() {
        return hasDeleted;
    }

    /** The producers' snapshot at an offset, or null when there is none. */
    byte @Nullable [] readSnapshot(long offset) throws IOException {
        Path path = find(offset, SegmentFiles.PRODUCER_SNAPSHOT);
        return path == null ? null : Directories.readIfExists(path, SNAPSHOT_MAX_BYTES);
    }

    /** Whether there is a file of that name; one that is not need not be looked for. */
    boolean has(String name) {
        return names.contains(name);
    }

    /** The segment's file of that kind, or null when there is none. */
    @Nullable Path find(long baseOffset, String kind) {
        Path path = SegmentFiles.path(directory, baseOffset, kind);
        return has(path.getFileName().toString()) ? path : null;
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
            delete(snapshot, SegmentFiles.PRODUCER_SNAPSHOT);
            snapshots.remove(snapshot);
        }
    }

    void deleteIndexes(long baseOffset) throws IOException {
        for (String kind : INDEX_KINDS) {
            delete(baseOffset, kind);
        }
    }

    void deleteSegment(long baseOffset) throws IOException {
        delete(baseOffset, SegmentFiles.LOG);
        deleteIndexes(baseOffset);
    }
}
