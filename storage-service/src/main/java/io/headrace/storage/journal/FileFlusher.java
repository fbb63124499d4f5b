package io.headrace.storage.journal;

import io.headrace.storage.file.Directories;
import io.headrace.storage.file.LogFile;
import io.headrace.storage.file.VolumeFlush;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * Makes many files of a volume durable. A few are flushed one by one, many by one flush of their
 * volume, if there is such a thing. That also waits for what others wrote to the volume, so when it
 * was slow, files are flushed one by one for a while; and it tells of anybody's failed write, so
 * after an error the flush of each file decides whether it was one of these.
 *
 * <p>For one thread at a time.
 */
public final class FileFlusher implements AutoCloseable {
    private static final int VOLUME_FLUSH_FILES_MIN = 3;
    private static final long VOLUME_FLUSH_SLOW_NANOS = TimeUnit.MILLISECONDS.toNanos(50);
    private static final long VOLUME_FLUSH_PAUSE_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final Path path;
    private @Nullable ExecutorService pool;
    private @Nullable VolumeFlush volume;
    private boolean volumeTried;
    private long filesOnlyUntilNanos = System.nanoTime();

    /** Flushes files on the volume of a directory, one after the other. */
    public FileFlusher(Path directory) {
        this.path = directory;
    }

    /** Has it flush several files at once. */
    public void useThreads(ExecutorService threads) {
        pool = threads;
    }

    /** Returns when the device has all that was written to the files, and the entries. */
    public void flush(Collection<LogFile> files, Collection<Path> directories) throws IOException {
        List<Task> tasks = new ArrayList<>();
        directories.forEach(directory -> tasks.add(() -> Directories.flush(directory)));
        if (!flushVolume(files.size())) {
            files.forEach(file -> tasks.add(file::flush));
        }
        runAll(tasks);
    }

    /** Whether all files are durable by one flush of their volume. */
    private boolean flushVolume(int fileCount) {
        if (fileCount < VOLUME_FLUSH_FILES_MIN || System.nanoTime() - filesOnlyUntilNanos < 0) {
            return false;
        }
        if (!volumeTried) {
            volumeTried = true;
            volume = VolumeFlush.open(path);
            return false; // writes that failed before it was opened it would not tell
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
        ExecutorService threads = pool;
        if (threads == null || tasks.size() < 2) {
            for (Task task : tasks) {
                task.run();
            }
            return;
        }
        List<Future<?>> others = new ArrayList<>(tasks.size() - 1);
        for (int i = 0; i < tasks.size() - 1; i++) {
            Task task = tasks.get(i);
            others.add(
                    threads.submit(
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
                failure = new IOException("Flush of " + path + " failed", e.getCause());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                failure = new IOException("Flush of " + path + " was interrupted", e);
            }
        }
        if (failure != null) {
            throw failure;
        }
    }

    @Override
    public void close() {
        VolumeFlush whole = volume;
        if (whole != null) {
            volume = null;
            whole.close();
        }
    }
}
