package io.headrace.storage.log;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Has the next range of a log read from disk and checked while a reader of old records still has
 * the last one: disk, checks and the network then work at the same time. From the second answer
 * that went on where another had ended; one reader of a log at a time. Safe for use by several I/O
 * threads.
 */
final class ReadAhead {
    /** Later, what was read may have left the page cache again. */
    private static final long FRESH_MS = 1_000;

    private final PartitionLog log;
    private final AtomicReference<@Nullable Expected> expected = new AtomicReference<>();

    /**
     * The read that is expected.
     *
     * @param truncations of the log when the last answer was made: positions of before mean nothing
     * @param place where it begins
     * @param task reads it, or null if it is not read ahead
     */
    private record Expected(
            long offset,
            long truncations,
            LogReader.Place place,
            @Nullable FutureTask<@Nullable Found> task) {
        boolean is(LogReader.Cold read) {
            return offset == read.offset() && truncations == read.truncations();
        }
    }

    /**
     * A range that was read and found good at that time.
     *
     * @param loaded its bytes, or null if they are in the file's pages now
     */
    private record Found(LogReader.Range range, LogSlice.@Nullable Loaded loaded, long atMs) {}

    ReadAhead(PartitionLog log) {
        this.log = log;
    }

    /** Whole good batches that were just read; see {@link LogSlice.ColdRead#verify}. */
    LogSlice.@Nullable Checked read(LogReader.Cold read) throws IOException {
        Expected before = expected.get();
        boolean goesOn = before != null && before.is(read);
        LogReader.Verified found = before == null || !goesOn ? null : taken(before.task(), read);
        if (found == null) {
            found = read.at(before == null || !goesOn ? null : before.place()).verifyNow();
        }
        if (found == null) {
            return null;
        }
        LogReader.Cold next = read.after(found.range());
        FutureTask<@Nullable Found> task = goesOn && next.hasMore() ? task(next) : null;
        expected.set(
                new Expected(
                        next.offset(),
                        next.truncations(),
                        LogReader.Place.after(found.range()),
                        task));
        if (task != null) {
            log.context().runtime().io().execute(task);
        }
        return found.slice();
    }

    private FutureTask<@Nullable Found> task(LogReader.Cold next) {
        return new FutureTask<>(
                () -> {
                    LogReader.Verified found = next.verifyNow();
                    if (found == null) {
                        return null;
                    }
                    long nowMs = log.context().runtime().clockMs().getAsLong();
                    if (found.slice() instanceof LogSlice.Loaded loaded) {
                        loaded.memory().lay();
                        return new Found(found.range(), loaded, nowMs);
                    }
                    found.slice().release();
                    return new Found(found.range(), null, nowMs);
                });
    }

    /** What was read ahead, if it serves this read: else it reads for itself. */
    private LogReader.@Nullable Verified taken(
            @Nullable FutureTask<@Nullable Found> task, LogReader.Cold read) throws IOException {
        if (task == null) {
            return null;
        }
        task.run(); // if no thread came to it yet; else this waits for the thread that does it
        try {
            Found found = task.get();
            return found == null || !read.isServedBy(found.range()) || !isFresh(found)
                    ? null
                    : taken(found, read);
        } catch (ExecutionException e) {
            return null; // the read itself meets what is wrong, and says so
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return null;
        }
    }

    private static LogReader.@Nullable Verified taken(Found found, LogReader.Cold read)
            throws IOException {
        LogSlice.Loaded loaded = found.loaded();
        if (loaded == null) {
            return read.reuse(found.range());
        }
        return loaded.memory().take() ? new LogReader.Verified(found.range(), loaded) : null;
    }

    private boolean isFresh(Found found) {
        long ageMs = log.context().runtime().clockMs().getAsLong() - found.atMs();
        return Math.abs(ageMs) <= FRESH_MS;
    }
}
