package io.headrace.storage.journal;

import io.headrace.storage.file.LogFile;
import io.headrace.storage.file.NoSpace;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;

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
 * replay changes nothing that was not lost.
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
            covered.put(piece.key(), new Covered(piece.promised(), piece.onSettled()));
        }
    }

    private record Covered(long promised, LongConsumer onSettled) {}

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
        for (int i = 0; i < halves.length; i++) {
            if (!Files.exists(path(i))) {
                continue;
            }
            try (JournalFile file = JournalFile.open(path(i))) {
                replay.replay(file);
                file.restart(salts.getAsLong());
            }
            replay.addSpare(path(i));
        }
        for (int i = 0; i < halves.length; i++) {
            if (Files.exists(path(i))) {
                halves[i].file = JournalFile.open(path(i));
            }
        }
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
                    halves[i].file = JournalFile.create(path(i), fileBytes, salts.getAsLong());
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
        long size = JournalEntry.sizeOf(pieces);
        if (!usable || size > buffer.capacity()) {
            return false;
        }
        JournalFile file = fileWithRoomFor(JournalFile.roundedUp((int) size));
        if (file == null) {
            return false;
        }
        pieces.forEach(halves[taking]::cover); // before: also what fails may be found by a replay
        try {
            file.append(pieces, buffer);
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
        file.restart(salts.getAsLong());
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
