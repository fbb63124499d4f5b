package io.headrace.storage.journal;

import io.headrace.storage.file.LogFile;
import io.headrace.storage.file.NoSpace;
import io.headrace.storage.segment.SegmentFiles;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Brings what a crash left in a journal into the segment files, before the logs are loaded: then
 * the journal is void, and all that follows knows only files and promised offsets. May be repeated.
 *
 * <p>A log that was cut has an entry that makes its earlier ones void: they are left out, so the
 * order of all entries must be known. Every entry that counts agrees with what its segment file is
 * to be (see {@link RoundJournal}), so among these the order does not matter. A segment that is not
 * there was removed on purpose, since its name was durable before the entry was; so was a log.
 *
 * <p>On a full disk it gives back, one after the other, files that are only there for that.
 */
final class JournalReplay {
    private final Path directory;
    private final PromiseJournal promises;
    private final RoundJournal.Logs logs;
    private final Deque<Path> spares = new ArrayDeque<>();
    private @Nullable Map<PromiseJournal.Key, Path> found;

    JournalReplay(Path directory, PromiseJournal promises, RoundJournal.Logs logs) {
        this.directory = directory;
        this.promises = promises;
        this.logs = logs;
    }

    /** A file that may be given back; one that was void before, or is now. */
    void addSpare(Path path) {
        spares.add(path);
    }

    /**
     * Leaves out what counts no more, since a later entry made it void.
     *
     * @param files the entries of each file, the older file first
     */
    static List<List<StoredPiece>> counting(List<List<StoredPiece>> files) {
        Set<PromiseJournal.Key> voided = new HashSet<>();
        List<List<StoredPiece>> counting = new ArrayList<>();
        for (List<StoredPiece> pieces : files.reversed()) {
            List<StoredPiece> kept = new ArrayList<>();
            for (StoredPiece piece : pieces.reversed()) {
                if (!voided.contains(piece.key())) {
                    kept.add(piece);
                }
                if (piece.isVoiding()) {
                    voided.add(piece.key());
                }
            }
            counting.addFirst(kept.reversed());
        }
        return counting;
    }

    /**
     * Replays a file's entries; durable, with their promises, when it returns. What the file holds
     * may be made void then, if that of an older one is.
     */
    void replay(List<StoredPiece> pieces) throws IOException {
        if (pieces.isEmpty()) {
            return;
        }
        while (true) {
            try {
                write(pieces);
                return;
            } catch (IOException e) {
                giveBackOne(e);
            }
        }
    }

    private void giveBackOne(IOException cause) throws IOException {
        if (!NoSpace.isCauseOf(cause)) {
            throw cause;
        }
        boolean gaveBack = false;
        while (!gaveBack) {
            Path spare = spares.poll();
            if (spare == null) {
                throw new IOException(
                        "The disk of "
                                + directory
                                + " is full, and records that were promised are to be written from"
                                + " its journal to their logs: make some room on it and start"
                                + " again",
                        cause);
            }
            gaveBack = Files.deleteIfExists(spare);
        }
    }

    private void write(List<StoredPiece> pieces) throws IOException {
        Map<PromiseJournal.Key, Path> known = found;
        if (known == null) {
            known = logs.find();
            found = known;
        }
        Map<PromiseJournal.Key, Long> promised = new HashMap<>();
        Map<Path, LogFile> open = new HashMap<>();
        long bytes = 0;
        try {
            for (StoredPiece piece : pieces) {
                Path log = known.get(piece.key());
                if (log != null) {
                    promised.merge(piece.key(), piece.promised(), Math::max);
                    bytes += piece.isVoiding() ? 0 : write(piece, log, open);
                }
            }
            for (LogFile file : open.values()) {
                file.flush();
            }
        } finally {
            open.values().forEach(LogFile::release);
        }
        promises.raise(promised);
        System.getLogger(JournalReplay.class.getName())
                .log(
                        System.Logger.Level.INFO,
                        "{0}: {1} bytes of {2} logs were written from the journal to their files",
                        directory,
                        bytes,
                        promised.size());
    }

    private static long write(StoredPiece piece, Path log, Map<Path, LogFile> open)
            throws IOException {
        Path path = SegmentFiles.path(log, piece.segmentBaseOffset(), SegmentFiles.LOG);
        LogFile file = open.get(path);
        if (file == null) {
            if (!Files.exists(path)) {
                return 0;
            }
            file = LogFile.open(path);
            open.put(path, file);
        }
        file.write(piece.bytes().duplicate(), piece.position());
        return piece.bytes().remaining();
    }
}
