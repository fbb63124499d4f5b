package io.headrace.storage.recovery;

import io.headrace.storage.file.Directories;
import io.headrace.storage.file.LogFile;
import io.headrace.storage.segment.BatchHeaders;
import io.headrace.storage.segment.BatchPosition;
import io.headrace.storage.segment.SegmentFiles;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Puts a cleaned segment in the place of those it replaces, so that a crash at any step leaves the
 * old ones or the new one, never a mixture.
 *
 * <pre>
 *   files of the new segment        files of the old ones       a crash here is recovered by
 *   -------------------------       ---------------------       ----------------------------------
 *   *.cleaned, flushed              live                        deleting *.cleaned
 *   indexes .swap                   live                        deleting them: no .log.swap
 *   .log.swap   = committed         live                        going on from here
 *   indexes live, .log.swap         *.deleted                   going on from here
 *   .log live                       *.deleted                   nothing is left to do
 * </pre>
 *
 * <p>After each line from the second on the directory is flushed. The range of the new segment is
 * read from its own last batch, which is why compaction keeps the last batch of every segment it
 * writes.
 */
public final class SegmentSwap {
    private static final List<String> INDEXES =
            List.of(
                    SegmentFiles.OFFSET_INDEX,
                    SegmentFiles.TIME_INDEX,
                    SegmentFiles.TRANSACTION_INDEX);

    private SegmentSwap() {}

    /** Makes the cleaned segment the one that counts: after this, only {@link #finish} is left. */
    public static void commit(Path directory, long baseOffset) throws IOException {
        for (String kind : INDEXES) {
            renameIfExists(
                    SegmentFiles.path(directory, baseOffset, kind + SegmentFiles.CLEANED),
                    SegmentFiles.path(directory, baseOffset, kind + SegmentFiles.SWAP));
        }
        Directories.flush(directory);
        Directories.rename(
                SegmentFiles.path(directory, baseOffset, SegmentFiles.LOG + SegmentFiles.CLEANED),
                swapLog(directory, baseOffset));
        Directories.flush(directory);
    }

    /**
     * Sets the old segments' files aside, under names that end in {@code .deleted}, and gives the
     * new ones their final names, which replaces the old ones of the same base offset. May be
     * repeated.
     *
     * @param nextOffset where the new segment ends: old segments that begin below it are replaced
     */
    public static void finish(Path directory, long baseOffset, long nextOffset) throws IOException {
        for (Path file : Directories.list(directory)) {
            String name = String.valueOf(file.getFileName());
            long base = SegmentFiles.baseOffset(name, SegmentFiles.LOG);
            for (String kind : INDEXES) {
                base = Math.max(base, SegmentFiles.baseOffset(name, kind));
            }
            if (base > baseOffset && base < nextOffset) {
                Directories.rename(file, file.resolveSibling(name + SegmentFiles.DELETED));
            }
        }
        for (String kind : INDEXES) {
            renameIfExists(
                    SegmentFiles.path(directory, baseOffset, kind + SegmentFiles.SWAP),
                    SegmentFiles.path(directory, baseOffset, kind));
        }
        Directories.flush(directory);
        Directories.rename(
                swapLog(directory, baseOffset),
                SegmentFiles.path(directory, baseOffset, SegmentFiles.LOG));
        Directories.flush(directory);
    }

    /**
     * Brings a log's directory out of any swap that a crash interrupted, before its segments are
     * listed. Does nothing but list the directory when there was none.
     *
     * @return whether a committed replacement was completed: then what the clean-shutdown marker or
     *     checkpoints say of the replaced segments is stale
     * @throws IOException when the disk fails
     */
    public static boolean recover(Path directory) throws IOException {
        List<Long> committed = new ArrayList<>();
        List<Path> unfinished = new ArrayList<>();
        for (Path file : Directories.list(directory)) {
            String name = String.valueOf(file.getFileName());
            long base = SegmentFiles.baseOffset(name, SegmentFiles.LOG + SegmentFiles.SWAP);
            if (base >= 0) {
                committed.add(base);
            } else if (name.endsWith(SegmentFiles.CLEANED) || name.endsWith(SegmentFiles.SWAP)) {
                unfinished.add(file);
            }
        }
        for (Path file : unfinished) {
            if (!belongsTo(file, committed)) {
                Files.delete(file);
            }
        }
        for (long base : committed) {
            finish(directory, base, nextOffsetOf(swapLog(directory, base), base));
        }
        return !committed.isEmpty();
    }

    /** Removes what an unfinished pass left of the segment with that base offset. */
    public static void deleteCleaned(Path directory, long baseOffset) throws IOException {
        Files.deleteIfExists(
                SegmentFiles.path(directory, baseOffset, SegmentFiles.LOG + SegmentFiles.CLEANED));
        for (String kind : INDEXES) {
            Files.deleteIfExists(
                    SegmentFiles.path(directory, baseOffset, kind + SegmentFiles.CLEANED));
        }
    }

    /** The records file of a committed replacement until it gets its final name. */
    public static Path swapLog(Path directory, long baseOffset) {
        return SegmentFiles.path(directory, baseOffset, SegmentFiles.LOG + SegmentFiles.SWAP);
    }

    private static boolean belongsTo(Path file, List<Long> committed) {
        String name = String.valueOf(file.getFileName());
        for (String kind : INDEXES) {
            if (committed.contains(SegmentFiles.baseOffset(name, kind + SegmentFiles.SWAP))) {
                return true;
            }
        }
        return false;
    }

    private static long nextOffsetOf(Path log, long baseOffset) throws IOException {
        LogFile file = LogFile.open(log);
        try {
            BatchHeaders headers = new BatchHeaders(file, file.sizeInBytes());
            long next = baseOffset;
            BatchPosition batch = headers.at(0);
            while (batch != null) {
                next = batch.lastOffset() + 1;
                batch = headers.at(batch.nextPosition());
            }
            return next;
        } finally {
            file.release();
        }
    }

    private static void renameIfExists(Path from, Path to) throws IOException {
        if (Files.exists(from)) {
            Directories.rename(from, to);
        }
    }
}
