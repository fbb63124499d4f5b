package io.headrace.storage.journal;

import io.headrace.storage.file.LogFile;
import io.headrace.storage.file.NoSpace;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;
import java.util.stream.Stream;

/**
 * Takes the records of small rounds, together with their promises, by one write and one flush in
 * place; the segment files are flushed later, many rounds at a time.
 *
 * <pre>
 *   promised-records.0, .1     one takes entries; the other is free, or sealed
 *   promised-records.spare     room that a replay on a full disk may need
 *
 *   free --append--> taking --full--> sealed --settled--> free
 *
 *   settling:  flush the segment files, raise the promised offsets, void the entries; each durable
 * </pre>
 *
 * <p>Whoever is to change a segment otherwise than at its end (cut, replace, give its name to
 * another), or to end or begin a log, {@link #settle settles} that log first, while nothing of it
 * is on its way into the journal. So an entry that counts never contradicts its segment file, and a
 * replay changes nothing that was not lost. A cut is in a hurry, and {@link #settleAlone settles}
 * its own log only: an entry says that earlier ones of the log are void, so the order of the two
 * files counts. The one that takes entries has the larger generation of those that have any, and
 * the older one is always settled, and replayed, first.
 *
 * <p>It is full when one file is, and the other not settled yet: then rounds are flushed as large
 * ones are, so nobody waits. A failed write or flush is final: nothing is taken or settled any
 * more, and what counts will be replayed at the next start.
 *
 * <p>Safe for use by several threads; one at a time appends.
 */
public final class RoundJournal implements AutoCloseable {
    private static final String NAME = "promised-records."; // no name of a log: they end in -number
    private static final int ENTRY_MAX_BYTES = 320 << 10;

    private final Path directory;
    private final PromiseJournal promises;
    private final int fileBytes;
    private final LongSupplier salts;
    private final FileFlusher flusher;
    private final Half[] halves = {new Half(), new Half()};
    private final Object settling = new Object();
    private final ByteBuffer buffer;
    private int taking;
    private boolean usable;
    private volatile boolean used;
    private @Nullable IOException failure;

    /** The logs in a directory, where they are now. */
    @FunctionalInterface
    public interface Logs {
        Map<PromiseJournal.Key, Path> find() throws IOException;
    }

    /** One file, and what its entries cover. */
    private static final class Half {
        @Nullable JournalFile file;
        Map<PromiseJournal.Key, Covered> covered = new HashMap<>();
        Set<LogFile> files = new HashSet<>();
        boolean sealed;

        void cover(JournalPiece piece) {
            if (files.add(piece.file()) && !piece.file().retain()) {
                throw new IllegalStateException(piece.file() + " is closed");
            }
            Covered before = covered.get(piece.key());
            Set<LogFile> its = before == null ? new HashSet<>() : before.files();
            its.add(piece.file());
            covered.put(piece.key(), new Covered(piece.promised(), piece.onSettled(), its));
        }
    }

    /** What the entries of one log in a file let it promise, and which files they name. */
    private record Covered(long promised, LongConsumer onSettled, Set<LogFile> files) {}

    private RoundJournal(
            Path directory, PromiseJournal promises, int fileBytes, LongSupplier salts) {
        this.directory = directory;
        this.promises = promises;
        this.fileBytes = fileBytes;
        this.salts = salts;
        this.flusher = new FileFlusher(directory);
        this.buffer = ByteBuffer.allocateDirect(entryMaxBytes(fileBytes));
    }

    private static int entryMaxBytes(int fileBytes) {
        return JournalFile.roundedUp(
                Math.min(ENTRY_MAX_BYTES, Math.max(0, fileBytes - JournalFile.ENTRIES_AT) / 4));
    }

    /**
     * Opens a directory's journal: what an earlier life left in it is in the logs' files then, and
     * promised. It takes nothing before {@link #prepare}.
     *
     * @param fileBytes of each of its files, if there is none yet; 0 for a journal that is not used
     * @param salts numbers that nobody can guess
     * @throws IOException also when the disk is too full to bring the records into their files
     */
    public static RoundJournal open(
            Path directory, PromiseJournal promises, int fileBytes, LongSupplier salts, Logs logs)
            throws IOException {
        RoundJournal journal = new RoundJournal(directory, promises, fileBytes, salts);
        try {
            journal.replay(logs);
            return journal;
        } catch (IOException | RuntimeException e) {
            journal.close();
            throw e;
        }
    }

    private Path path(int index) {
        return directory.resolve(NAME + index);
    }

    private Path spare() {
        return directory.resolve(NAME + "spare");
    }

    private void replay(Logs logs) throws IOException {
        for (Path path : List.of(path(0), path(1), spare())) {
            Files.deleteIfExists(JournalFile.unfinishedOf(path));
        }
        JournalReplay replay = new JournalReplay(directory, promises, logs);
        replay.addSpare(spare());
        List<Found> found = new ArrayList<>();
        for (Path path : List.of(path(0), path(1))) {
            if (Files.exists(path)) {
                try (JournalFile file = JournalFile.open(path)) {
                    found.add(new Found(path, file.generation(), file.read()));
                }
            }
        }
        // The older file first: what the newer one makes void must be gone before it is.
        found.sort(Comparator.comparingLong(Found::generation));
        var counting = JournalReplay.counting(found.stream().map(Found::pieces).toList());
        long newest = found.isEmpty() ? 0 : found.getLast().generation();
        for (int i = 0; i < found.size(); i++) {
            Path path = found.get(i).path();
            replay.replay(counting.get(i));
            try (JournalFile file = JournalFile.open(path)) {
                file.restart(newest, salts.getAsLong());
                newest = file.generation();
            }
            replay.addSpare(path);
        }
        for (int i = 0; i < halves.length; i++) {
            if (Files.exists(path(i))) {
                halves[i].file = JournalFile.open(path(i));
            }
        }
    }

    /** A file of an earlier life. */
    private record Found(Path path, long generation, List<StoredPiece> pieces) {}

    private long newestGeneration() {
        return Math.max(generationOf(halves[0]), generationOf(halves[1]));
    }

    private static long generationOf(Half half) {
        JournalFile file = half.file;
        return file == null ? 0 : file.generation();
    }

    /**
     * Makes the files that are missing; from then on it takes entries, unless the disk has no room
     * for them.
     */
    public void prepare() throws IOException {
        if (fileBytes == 0) {
            return;
        }
        try {
            for (int i = 0; i < halves.length; i++) {
                if (halves[i].file == null) {
                    long generation = newestGeneration() + 1;
                    halves[i].file =
                            JournalFile.create(path(i), fileBytes, generation, salts.getAsLong());
                }
            }
            if (!Files.exists(spare())) {
                JournalFile.createSpare(spare(), fileBytes);
            }
        } catch (IOException e) {
            if (!NoSpace.isCauseOf(e)) {
                throw e;
            }
            System.getLogger(RoundJournal.class.getName())
                    .log(
                            System.Logger.Level.WARNING,
                            "The disk of {0} has no room for a journal: until a restart small"
                                    + " rounds are flushed as large ones are",
                            directory);
            return;
        }
        synchronized (this) {
            if (!used) {
                // The older file first; whichever is free later has the newer generation.
                taking = generationOf(halves[0]) < generationOf(halves[1]) ? 0 : 1;
            }
            usable = true;
            used = true;
        }
    }

    /**
     * Makes the records and promises of a round durable.
     *
     * @return false when there is no room for them now; then nothing is durable
     * @throws IOException when the disk failed; it takes nothing any more
     */
    public synchronized boolean append(List<JournalPiece> pieces) throws IOException {
        requireWhole();
        return append(pieces, 1);
    }

    private boolean append(List<JournalPiece> pieces, int copies) throws IOException {
        long size = JournalEntry.sizeOf(pieces);
        if (!usable || size > buffer.capacity()) {
            return false;
        }
        int room = copies * JournalFile.roundedUp((int) size);
        JournalFile file = room > buffer.capacity() ? null : fileWithRoomFor(room);
        if (file == null) {
            return false;
        }
        pieces.forEach(halves[taking]::cover); // before: also what fails may be found by a replay
        try {
            file.append(pieces, copies, buffer);
            return true;
        } catch (IOException e) {
            if (!NoSpace.isCauseOf(e)) {
                failure = e;
                throw e;
            }
            seal(); // a disk that does not write in place, and is full
            usable = false;
            return false;
        }
    }

    private @Nullable JournalFile fileWithRoomFor(int sizeInBytes) {
        JournalFile file = halves[taking].file;
        if (file != null && sizeInBytes > file.capacityBytes()) {
            return null;
        }
        if (file != null && file.roomBytes() < sizeInBytes) {
            file = seal() ? halves[taking].file : null;
        }
        return file != null && file.roomBytes() >= sizeInBytes ? file : null;
    }

    /** Has the other file take entries, if it is free. */
    private boolean seal() {
        if (halves[1 - taking].sealed) {
            return false;
        }
        halves[taking].sealed = true;
        taking = 1 - taking;
        return true;
    }

    /** Whether it may ever have had entries in this life; does not wait for anybody. */
    public boolean isUsed() {
        return used;
    }

    /** Whether a file waits to be settled. */
    public synchronized boolean isSettleDue() {
        return sealed() != null;
    }

    private @Nullable Half sealed() {
        return halves[0].sealed ? halves[0] : halves[1].sealed ? halves[1] : null;
    }

    /** Settles the file that waits for it, if there is one. Blocks. */
    public void settleSealed() throws IOException {
        synchronized (settling) {
            Half half;
            synchronized (this) {
                requireWhole();
                half = sealed();
            }
            if (half == null) {
                return;
            }
            try {
                settle(half);
            } catch (IOException e) {
                if (!NoSpace.isCauseOf(e)) {
                    synchronized (this) {
                        failure = e;
                    }
                }
                throw e;
            }
        }
    }

    /** A sealed half changes no more. */
    private void settle(Half half) throws IOException {
        JournalFile file = half.file;
        if (file == null) {
            throw new IllegalStateException("A journal without a file was sealed");
        }
        Map<PromiseJournal.Key, Covered> covered = half.covered;
        Set<LogFile> files = half.files;
        flusher.flush(files, List.of());
        Map<PromiseJournal.Key, Long> promised = new HashMap<>();
        covered.forEach((key, each) -> promised.put(key, each.promised()));
        promises.raise(promised);
        file.restart(newestGeneration(), salts.getAsLong());
        covered.values().forEach(each -> each.onSettled().accept(each.promised()));
        files.forEach(LogFile::release);
        synchronized (this) {
            half.covered = new HashMap<>();
            half.files = new HashSet<>();
            half.sealed = false;
        }
    }

    /** Settles all entries there are: their segment files have everything. Blocks. */
    public void settleAll() throws IOException {
        synchronized (settling) {
            settleSealed();
            synchronized (this) {
                if (!halves[taking].covered.isEmpty()) {
                    seal();
                }
            }
            settleSealed();
        }
    }

    /**
     * Sees to it that no entry of a log counts any more, and that its segment files have all that
     * was promised. Nothing of the log may be on its way into the journal. Blocks.
     */
    public void settle(PromiseJournal.Key key) throws IOException {
        if (covers(key)) {
            settleAll();
        }
    }

    /**
     * Like {@link #settle}, for one log: its own files are flushed, then an entry makes its earlier
     * ones void. That one keeps the promise, as far as it is not to be taken back.
     *
     * @param endOffset nothing is promised from there on
     */
    public void settleAlone(PromiseJournal.Key key, long endOffset) throws IOException {
        synchronized (settling) { // nothing that a file covers is promised meanwhile
            List<Covered> all = coveredOf(key);
            if (all.isEmpty()) {
                return;
            }
            long promised = promises.promised(key);
            Set<LogFile> files = new HashSet<>();
            for (Covered each : all) {
                promised = Math.max(promised, each.promised());
                files.addAll(each.files());
            }
            for (LogFile file : files) {
                file.flush();
            }
            JournalPiece piece =
                    JournalPiece.voiding(
                            key, Math.min(promised, endOffset), files.iterator().next());
            if (!makeVoid(piece)) {
                settleAll();
            }
        }
    }

    /** Twice, lest one damaged block brings back all that it makes void. */
    private synchronized boolean makeVoid(JournalPiece piece) throws IOException {
        requireWhole();
        if (!append(List.of(piece), 2)) {
            return false;
        }
        for (Half half : halves) {
            half.covered.remove(piece.key());
        }
        halves[taking].cover(piece);
        return true;
    }

    private synchronized List<Covered> coveredOf(PromiseJournal.Key key) {
        return Stream.of(halves)
                .map(half -> half.covered.get(key))
                .filter(Objects::nonNull)
                .toList();
    }

    private synchronized boolean covers(PromiseJournal.Key key) {
        return halves[0].covered.containsKey(key) || halves[1].covered.containsKey(key);
    }

    private void requireWhole() throws IOException {
        IOException cause = failure;
        if (cause != null) {
            throw new IOException("The journal of " + directory + " has failed", cause);
        }
    }

    /** Leaves the entries that count to the next start. */
    @Override
    public void close() {
        synchronized (settling) {
            synchronized (this) {
                if (failure == null) {
                    failure = new IOException("The journal of " + directory + " is closed");
                }
                for (Half half : halves) {
                    half.files.forEach(LogFile::release);
                    half.files.clear();
                    JournalFile file = half.file;
                    if (file != null) {
                        half.file = null;
                        file.close();
                    }
                }
            }
            flusher.close();
        }
    }
}
