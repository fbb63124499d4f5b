package io.headrace.storage.commit;

import io.headrace.storage.diskwatch.FlushTimes;
import io.headrace.storage.file.LogFile;
import io.headrace.storage.file.NoSpace;
import io.headrace.storage.journal.FileFlusher;
import io.headrace.storage.journal.JournalPiece;
import io.headrace.storage.journal.PromiseJournal;
import io.headrace.storage.journal.RoundJournal;
import io.headrace.storage.segment.Segment;
import io.headrace.transport.loop.ShortTurns;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.LongConsumer;

/**
 * Makes appended bytes durable, many partitions at a time: one per log directory.
 *
 * <p>Requests that arrive while a round runs wait for the next one, and grow until it begins: so
 * the next round has everything that was appended during this one.
 *
 * <pre>
 *   few new bytes     they and the promised offsets go into the journal by one write and one flush;
 *                     their files are flushed later, when one half of the journal is full
 *   many, or files    every file is flushed, then the promised offsets are written (one overwrite
 *   that are new      in place for all of them)
 * </pre>
 *
 * <p>Only when all is durable does a round report. The first failure takes the directory offline
 * for good: a failed fsync is never retried, whatever the reason, since the system may have dropped
 * what it could not write. Only promised offsets that find no space for their next file are tried
 * again, by those whose promises were not taken.
 *
 * <p>Bounded: a log has at most one request in a round and one waiting, and one more for each of
 * its segments that was closed meanwhile.
 */
public final class GroupCommit implements AutoCloseable {
    /** Up to here two writes of the bytes cost less than the flush of several files. */
    private static final long JOURNALED_MAX_BYTES = 256 << 10;

    private final Path path;
    private final String name;
    private final PromiseJournal promised;
    private final RoundJournal journal;
    private final FileFlusher flusher;
    private final Consumer<IOException> onFailure;
    private final Consumer<IOException> onNoSpace;
    private final LinkedBlockingQueue<Request> waiting = new LinkedBlockingQueue<>();
    private final AtomicLong rounds = new AtomicLong();
    private final AtomicLong journaledRounds = new AtomicLong();
    private final AtomicLong flushes = new AtomicLong();
    private final FlushTimes times = new FlushTimes(System::nanoTime);
    private final AtomicBoolean journalWanted = new AtomicBoolean();
    private final AtomicBoolean settleQueued = new AtomicBoolean();
    private @Nullable ExecutorService flushers;
    private @Nullable ExecutorService settler;
    private @Nullable Executor rounder;
    private @Nullable Thread thread;
    private volatile boolean settleRests;
    private volatile boolean closed;

    /**
     * What one log wants durable.
     *
     * @param promise whose offset is promised, or null when nothing is (page-cache topics)
     * @param extent how far; known when the round begins
     * @param tail the active segment
     * @param files to flush, the active segment's last; each with one use, given back when the
     *     request ends
     * @param directory to flush too, because files in it are new; or null
     * @param onSettled hears, after a round that went to the journal, when the files have it too
     * @param done receives null, or why it failed; on the commit thread
     */
    public record Request(
            PromiseJournal.@Nullable Key promise,
            FlushExtent extent,
            SegmentTail tail,
            List<LogFile> files,
            @Nullable Path directory,
            LongConsumer onSettled,
            Consumer<@Nullable IOException> done) {}

    /** A request whose extent is known: up to that byte of the active segment at least. */
    private record Begun(Request request, long endPosition) {
        static Begun of(Request request) {
            request.extent().begin();
            return new Begun(request, request.tail().sizeInBytes()); // read after the end offset
        }

        /** Whether all that is to be made durable are the last bytes of a file that is known. */
        boolean canBeJournaled() {
            return request.promise() != null
                    && request.files().size() == 1
                    && request.directory() == null
                    && request.tail().isKnown();
        }

        long newBytes() {
            return endPosition - request.tail().durablePosition();
        }

        JournalPiece piece(PromiseJournal.Key key) {
            return new JournalPiece(
                    key,
                    request.extent().offset(),
                    request.files().getLast(),
                    request.tail().baseOffset(),
                    request.tail().durablePosition(),
                    (int) newBytes(),
                    request.onSettled());
        }
    }

    /**
     * @param onFailure hears that the disk failed
     * @param onNoSpace hears that promised offsets found no space
     */
    public GroupCommit(
            Path path,
            PromiseJournal promised,
            RoundJournal journal,
            Consumer<IOException> onFailure,
            Consumer<IOException> onNoSpace) {
        this.path = path;
        this.name = String.valueOf(path.getFileName());
        this.promised = promised;
        this.journal = journal;
        this.flusher = new FileFlusher(path);
        this.onFailure = onFailure;
        this.onNoSpace = onNoSpace;
    }

    /** Starts the threads that run the rounds; without them, {@link #commitOnce} does. */
    public void start(int flushThreads) {
        ExecutorService pool =
                Executors.newFixedThreadPool(
                        flushThreads,
                        ShortTurns.of(
                                Thread.ofPlatform()
                                        .daemon()
                                        .name("flush-" + name + "-", 0)
                                        .factory()));
        flushers = pool;
        flusher.useThreads(pool);
        ExecutorService settling =
                Executors.newSingleThreadExecutor(
                        Thread.ofPlatform().daemon().name("settle-" + name).factory());
        settler = settling;
        thread = Thread.ofPlatform().daemon().name("commit-" + name).start(this::run);
    }

    /** Runs the rounds on an executor, one after the other, in place of {@link #start}. */
    public void startOn(Executor executor) {
        rounder = executor;
    }

    /** Has small rounds go to the journal from now on, if there is room for its files. Blocks. */
    public void prepareJournal() {
        journalWanted.set(true);
        try {
            journal.prepare();
        } catch (IOException e) {
            onFailure.accept(e);
        }
    }

    /** The journal's files are made when the first round would go there: many disks have none. */
    private void prepareJournalLater() {
        Executor executor = settler == null ? rounder : settler;
        if (executor != null && journalWanted.compareAndSet(false, true)) {
            executor.execute(this::prepareJournal);
        }
    }

    /** Queues a request. */
    public void submit(Request request) {
        waiting.add(request);
        Executor given = rounder;
        if (given != null) {
            given.execute(this::commitOnce);
        }
        if (closed) {
            failWaiting();
        }
    }

    /** Rounds run so far. */
    public long rounds() {
        return rounds.get();
    }

    /** How many of them went to the journal. */
    public long journaledRounds() {
        return journaledRounds.get();
    }

    /** Files flushed so far by the others. */
    public long flushes() {
        return flushes.get();
    }

    /** How long the rounds take. */
    public FlushTimes times() {
        return times;
    }

    private void run() {
        ShortTurns.ask();
        while (!closed) {
            try {
                Request first = waiting.take();
                List<Request> round = new ArrayList<>();
                round.add(first);
                waiting.drainTo(round);
                commit(round);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    /**
     * Runs one round with what waits now, on the calling thread; for tests and shutdown.
     *
     * @return whether there was anything to do
     */
    public boolean commitOnce() {
        List<Request> round = new ArrayList<>();
        waiting.drainTo(round);
        if (round.isEmpty()) {
            return false;
        }
        commit(round);
        return true;
    }

    private void commit(List<Request> round) {
        List<Begun> begun = new ArrayList<>(round.size());
        round.forEach(request -> begun.add(Begun.of(request)));
        IOException failure = null;
        IOException unpromised = null;
        times.onBegun();
        try {
            if (!journal(begun)) {
                // Only after the flush: a promise that a power loss finds without its data would
                // look like a loss of something acknowledged, and leave a gap that nobody was ever
                // told of.
                flush(round);
                unpromised = promise(round);
            }
            begun.forEach(each -> each.request().tail().onDurable(each.endPosition()));
        } catch (IOException e) {
            failure = e;
            onFailure.accept(e);
        } finally {
            times.onEnded();
        }
        rounds.incrementAndGet();
        for (Request request : round) {
            request.files().forEach(LogFile::release);
            request.done()
                    .accept(failure == null && request.promise() != null ? unpromised : failure);
        }
        settleLater();
    }

    /** Whether the round is durable, since it is small and there was room in the journal. */
    private boolean journal(List<Begun> round) throws IOException {
        List<JournalPiece> pieces = new ArrayList<>(round.size());
        long bytes = 0;
        for (Begun each : round) {
            PromiseJournal.Key key = each.request().promise();
            if (key == null || !each.canBeJournaled()) {
                return false;
            }
            bytes += each.newBytes();
            if (bytes > JOURNALED_MAX_BYTES) {
                return false;
            }
            pieces.add(each.piece(key));
        }
        if (!journal.append(pieces)) {
            prepareJournalLater();
            return false;
        }
        journaledRounds.incrementAndGet();
        round.forEach(each -> each.request().extent().onJournaled());
        return true;
    }

    /** Null, or how the promised offsets found no space. */
    private @Nullable IOException promise(List<Request> round) throws IOException {
        Map<PromiseJournal.Key, Long> promises = new HashMap<>();
        for (Request request : round) {
            if (request.promise() != null) {
                promises.merge(request.promise(), request.extent().offset(), Math::max);
            }
        }
        try {
            promised.promise(promises);
            return null;
        } catch (IOException e) {
            if (!NoSpace.isCauseOf(e)) {
                throw e;
            }
            onNoSpace.accept(e);
            return e;
        }
    }

    private void flush(List<Request> round) throws IOException {
        Set<LogFile> files = new LinkedHashSet<>();
        Set<Path> directories = new LinkedHashSet<>();
        for (Request request : round) {
            files.addAll(request.files());
            if (request.directory() != null) {
                directories.add(request.directory());
            }
        }
        flushes.addAndGet(files.size());
        flusher.flush(files, directories);
    }

    private void settleLater() {
        Executor executor = settler == null ? rounder : settler;
        if (executor == null || settleRests || !journal.isSettleDue()) {
            return;
        }
        if (settleQueued.compareAndSet(false, true)) {
            executor.execute(this::settle);
        }
    }

    private void settle() {
        try {
            if (!closed) {
                journal.settleSealed();
            }
        } catch (IOException e) {
            if (NoSpace.isCauseOf(e)) {
                settleRests = true;
                onNoSpace.accept(e);
            } else {
                onFailure.accept(e);
            }
        } finally {
            settleQueued.set(false);
        }
    }

    /** Does again what found no space; called at each tick. */
    public void retry() {
        if (settleRests) {
            settleRests = false;
            settleLater();
        }
    }

    private void failWaiting() {
        List<Request> rest = new ArrayList<>();
        waiting.drainTo(rest);
        IOException reason = new IOException("Log directory " + name + " is closed");
        for (Request request : rest) {
            request.files().forEach(LogFile::release);
            request.done().accept(reason);
        }
    }

    @Override
    public void close() {
        closed = true;
        Thread running = thread;
        if (running != null) {
            // A thread inside force() must not be interrupted (that closes the file): wake it by
            // an empty request instead.
            FlushExtent nothing = new FlushExtent(() -> 0);
            SegmentTail none = new SegmentTail(Segment.empty(path, 0));
            waiting.add(
                    new Request(null, nothing, none, List.of(), null, offset -> {}, failure -> {}));
            try {
                running.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        if (flushers != null) {
            flushers.shutdown();
        }
        ExecutorService settling = settler;
        if (settling != null) {
            settling.close();
        }
        flusher.close();
        failWaiting();
    }
}
