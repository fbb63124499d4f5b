package io.headrace.storage.log;

import io.headrace.storage.diskwatch.FlushTimes;
import io.headrace.storage.file.Directories;
import io.headrace.storage.file.LogFile;
import io.headrace.storage.file.NoSpace;
import io.headrace.storage.file.VolumeFlush;
import io.headrace.storage.recovery.PromiseJournal;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/**
 * Makes appended bytes durable, many partitions at a time: one per log directory.
 *
 * <p>Requests that arrive while a round runs wait for the next one, and grow until it begins: so
 * the next round has everything that was appended during this one. A round flushes every file of
 * its requests, then writes the offsets it is about to promise into the directory's journal (one
 * overwrite in place for all of them). Only when both are durable does it report. The first failure
 * takes the directory offline for good: a failed fsync is never retried, whatever the reason, since
 * the system may have dropped what it could not write. Only a journal that finds no space for its
 * next file is tried again, by those whose promises it did not take.
 *
 * <p>A few files are flushed one by one, many by one flush of their volume, if there is such a
 * thing. That also waits for what others wrote to the volume, so when it was slow, files are
 * flushed one by one for a while.
 *
 * <p>Bounded: a log has at most one request in a round and one waiting, and one more for each of
 * its segments that was closed meanwhile.
 */
public final class GroupCommit implements AutoCloseable {
    private static final int VOLUME_FLUSH_FILES_MIN = 3;
    private static final long VOLUME_FLUSH_SLOW_NANOS = TimeUnit.MILLISECONDS.toNanos(50);
    private static final long VOLUME_FLUSH_PAUSE_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final Path path;
    private final String name;
    private final PromiseJournal journal;
    private final Consumer<IOException> onFailure;
    private final Consumer<IOException> onNoSpace;
    private final LinkedBlockingQueue<Request> waiting = new LinkedBlockingQueue<>();
    private final AtomicLong rounds = new AtomicLong();
    private final AtomicLong flushes = new AtomicLong();
    private final FlushTimes times = new FlushTimes(System::nanoTime);
    private @Nullable ExecutorService flushers;
    private @Nullable Executor rounder;
    private @Nullable Thread thread;
    private @Nullable VolumeFlush volume;
    private boolean volumeTried;
    private long filesOnlyUntilNanos = System.nanoTime();
    private volatile boolean closed;

    /**
     * What one log wants durable.
     *
     * @param promise whose offset is promised, or null when nothing is (page-cache topics)
     * @param extent how far; known when the round begins
     * @param files to flush; each with one use, given back when the request ends
     * @param directory to flush too, because files in it are new; or null
     * @param done receives null, or why it failed; on the commit thread
     */
    record Request(
            PromiseJournal.@Nullable Key promise,
            FlushExtent extent,
            List<LogFile> files,
            @Nullable Path directory,
            Consumer<@Nullable IOException> done) {}

    /**
     * @param onFailure hears that the disk failed
     * @param onNoSpace hears that the journal found no space
     */
    GroupCommit(
            Path path,
            PromiseJournal journal,
            Consumer<IOException> onFailure,
            Consumer<IOException> onNoSpace) {
        this.path = path;
        this.name = String.valueOf(path.getFileName());
        this.journal = journal;
        this.onFailure = onFailure;
        this.onNoSpace = onNoSpace;
    }

    /** Starts the thread that runs the rounds; without it, {@link #commitOnce} does. */
    void start(int flushThreads) {
        flushers =
                Executors.newFixedThreadPool(
                        flushThreads,
                        Thread.ofPlatform().daemon().name("flush-" + name + "-", 0).factory());
        thread = Thread.ofPlatform().daemon().name("commit-" + name).start(this::run);
    }

    /** Runs the rounds on an executor, one after the other, in place of {@link #start}. */
    void startOn(Executor executor) {
        rounder = executor;
    }

    /** Queues a request. */
    void submit(Request request) {
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

    /** Files flushed so far. */
    public long flushes() {
        return flushes.get();
    }

    /** How long the rounds take. */
    FlushTimes times() {
        return times;
    }

    private void run() {
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
        IOException failure = null;
        IOException unpromised = null;
        times.onBegun();
        try {
            // Only after the flush: a promise that a power loss finds without its data would look
            // like a loss of something acknowledged, and leave a gap that nobody was ever told of.
            Map<PromiseJournal.Key, Long> promises = flush(round);
            unpromised = promise(promises);
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
    }

    /** Null, or how the journal found no space. */
    private @Nullable IOException promise(Map<PromiseJournal.Key, Long> promises)
            throws IOException {
        try {
            journal.promise(promises);
            return null;
        } catch (IOException e) {
            if (!NoSpace.isCauseOf(e)) {
                throw e;
            }
            onNoSpace.accept(e);
            return e;
        }
    }

    private Map<PromiseJournal.Key, Long> flush(List<Request> round) throws IOException {
        Map<PromiseJournal.Key, Long> promises = new HashMap<>();
        Set<LogFile> files = new LinkedHashSet<>();
        Set<Path> directories = new LinkedHashSet<>();
        for (Request request : round) {
            long offset = request.extent().begin();
            if (request.promise() != null) {
                promises.merge(request.promise(), offset, Math::max);
            }
            files.addAll(request.files());
            if (request.directory() != null) {
                directories.add(request.directory());
            }
        }
        flushes.addAndGet(files.size());
        List<Task> tasks = new ArrayList<>();
        directories.forEach(directory -> tasks.add(() -> Directories.flush(directory)));
        if (!flushVolume(files.size())) {
            files.forEach(file -> tasks.add(file::flush));
        }
        runAll(tasks);
        return promises;
    }

    /** Whether all files are durable by one flush of their volume. */
    private boolean flushVolume(int fileCount) {
        if (fileCount < VOLUME_FLUSH_FILES_MIN || System.nanoTime() - filesOnlyUntilNanos < 0) {
            return false;
        }
        if (!volumeTried) {
            volumeTried = true;
            volume = VolumeFlush.open(path);
        }
        VolumeFlush whole = volume;
        if (whole == null) {
            return false;
        }
        long begunNanos = System.nanoTime();
        try {
            whole.flush();
        } catch (IOException anyFileOfTheVolume) {
            // Whether it is one of ours, the flush of each file tells: each knows its own errors.
            filesOnlyUntilNanos = System.nanoTime() + VOLUME_FLUSH_PAUSE_NANOS;
            return false;
        }
        long endedNanos = System.nanoTime();
        if (endedNanos - begunNanos > VOLUME_FLUSH_SLOW_NANOS) {
            filesOnlyUntilNanos = endedNanos + VOLUME_FLUSH_PAUSE_NANOS;
        }
        return true;
    }

    /** Something that blocks on the device. */
    @FunctionalInterface
    private interface Task {
        void run() throws IOException;
    }

    private void runAll(List<Task> tasks) throws IOException {
        ExecutorService pool = flushers;
        if (pool == null || tasks.size() < 2) {
            for (Task task : tasks) {
                task.run();
            }
            return;
        }
        List<Future<?>> others = new ArrayList<>(tasks.size() - 1);
        for (int i = 0; i < tasks.size() - 1; i++) {
            Task task = tasks.get(i);
            others.add(
                    pool.submit(
                            () -> {
                                task.run();
                                return null;
                            }));
        }
        IOException failure = null;
        try {
            tasks.getLast().run();
        } catch (IOException e) {
            failure = e;
        }
        for (Future<?> other : others) {
            try {
                other.get();
            } catch (ExecutionException e) {
                failure = new IOException("Flush of " + name + " failed", e.getCause());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                failure = new IOException("Flush of " + name + " was interrupted", e);
            }
        }
        if (failure != null) {
            throw failure;
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
            waiting.add(new Request(null, nothing, List.of(), null, failure -> {}));
            try {
                running.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        if (flushers != null) {
            flushers.shutdown();
        }
        VolumeFlush whole = volume;
        if (whole != null) {
            volume = null;
            whole.close();
        }
        failWaiting();
    }
}
