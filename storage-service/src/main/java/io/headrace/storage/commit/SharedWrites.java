package io.headrace.storage.commit;

import io.headrace.storage.file.Directories;
import io.headrace.storage.file.VolumeFlush;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Makes new logs and replaces small files of a directory; those that come together share their
 * device flushes, so a thousand logs cost about as many as a few.
 *
 * <pre>
 *   prepare each (other names)  ->  flush  ->  publish each (rename)  ->  flush  ->  done
 * </pre>
 *
 * <p>Few writes are flushed file by file, many by one flush of the volume before and, if they are
 * in many directories, one after the renames. A volume flush that fails tells nothing about whose
 * bytes were lost, so each file is then flushed itself. Any thread may submit; the rest runs on the
 * I/O executor, one batch at a time.
 */
public final class SharedWrites {
    private static final int BATCH_MAX = 1_000;

    /** So many flushes at once are dearer than one of the volume, whatever else it waits for. */
    private static final int VOLUME_FLUSH_MIN = 8;

    private final Path directory;
    private final Executor io;
    private final Queue<Write> waiting = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean running = new AtomicBoolean();
    private @Nullable VolumeFlush volume;
    private boolean volumeTried;

    public SharedWrites(Path directory, Executor io) {
        this.directory = directory;
        this.io = io;
    }

    /** Something to be written under other names first, and then published by renaming. */
    public interface Write {
        /** Writes; what was there before still counts. */
        void prepare() throws IOException;

        /** Waits until the device has what was prepared. */
        void flushPrepared() throws IOException;

        /** Gives it its name. */
        void publish() throws IOException;

        /** The directory whose entries were changed by that. */
        Path publishedIn();

        /** It is durable, or failed and counts for nothing. */
        void done(@Nullable IOException failure);
    }

    public void submit(Write write) {
        waiting.add(write);
        schedule();
    }

    private void schedule() {
        if (running.compareAndSet(false, true)) {
            io.execute(this::drain);
        }
    }

    private void drain() {
        try {
            List<Write> batch = new ArrayList<>();
            for (Write next = waiting.poll(); next != null; next = waiting.poll()) {
                batch.add(next);
                if (batch.size() == BATCH_MAX) {
                    break;
                }
            }
            write(batch);
        } finally {
            running.set(false);
            if (!waiting.isEmpty()) {
                schedule();
            }
        }
    }

    private void write(List<Write> batch) {
        List<Write> prepared = each(batch, Write::prepare);
        boolean shared = prepared.size() >= VOLUME_FLUSH_MIN && flushVolume();
        List<Write> flushed = shared ? prepared : each(prepared, Write::flushPrepared);
        List<Write> published = each(flushed, Write::publish);
        for (Write write : flushNames(published)) {
            write.done(null);
        }
    }

    /** A step of a write. */
    @FunctionalInterface
    private interface Step {
        void run(Write write) throws IOException;
    }

    /** Takes a step with each; answers those that did not fail. */
    private static List<Write> each(List<Write> writes, Step step) {
        List<Write> good = new ArrayList<>(writes.size());
        for (Write write : writes) {
            try {
                step.run(write);
                good.add(write);
            } catch (IOException e) {
                write.done(e);
            }
        }
        return good;
    }

    private List<Write> flushNames(List<Write> published) {
        Set<Path> changed = new LinkedHashSet<>();
        published.forEach(write -> changed.add(write.publishedIn()));
        if (changed.size() >= VOLUME_FLUSH_MIN && flushVolume()) {
            return published;
        }
        Set<Path> flushed = new LinkedHashSet<>();
        return each(
                published,
                write -> {
                    if (!flushed.contains(write.publishedIn())) {
                        Directories.flush(write.publishedIn());
                        flushed.add(write.publishedIn());
                    }
                });
    }

    private boolean flushVolume() {
        if (!volumeTried) {
            volumeTried = true;
            volume = VolumeFlush.open(directory);
        }
        VolumeFlush whole = volume;
        if (whole == null) {
            return false;
        }
        try {
            whole.flush();
            return true;
        } catch (IOException anyFileOfTheVolume) {
            return false; // each file knows its own errors
        }
    }

    /** Gives the volume back; nothing is submitted any more. */
    public void close() {
        VolumeFlush whole = volume;
        if (whole != null && running.compareAndSet(false, true)) {
            whole.close();
        }
    }
}
