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
     * @param task reads it, or null if it is not read ahead
     */
    private record Expected(long offset, long truncations, @Nullable FutureTask<Checked> task) {
        boolean is(LogReader.Cold read) {
            return offset == read.offset() && truncations == read.truncations();
        }
    }

    /** A range that was read and found good at that time; null when there was nothing. */
    private record Checked(LogReader.@Nullable Range range, long atMs) {}

    ReadAhead(PartitionLog log) {
        this.log = log;
    }

    /** Whole good batches that were just read; see {@link LogSlice.ColdRead#verify}. */
    LogSlice.@Nullable Warm read(LogReader.Cold read) throws IOException {
        Expected before = expected.get();
        boolean goesOn = before != null && before.is(read);
        FutureTask<Checked> ahead = before != null && goesOn ? before.task() : null;
        LogReader.Verified found = ahead == null ? null : taken(ahead, read);
        if (found == null) {
            found = read.verifyNow();
        }
        if (found == null) {
            return null;
        }
        LogReader.Cold next = read.from(found.range().endOffset());
        FutureTask<Checked> task = goesOn && next.hasMore() ? task(next) : null;
        expected.set(new Expected(next.offset(), next.truncations(), task));
        if (task != null) {
            log.context().runtime().io().execute(task);
        }
        return found.warm();
    }

    private FutureTask<Checked> task(LogReader.Cold next) {
        return new FutureTask<>(
                () -> {
                    LogReader.Verified found = next.verifyNow();
                    if (found == null) {
                        return new Checked(null, 0);
                    }
                    found.warm().release();
                    return new Checked(
                            found.range(), log.context().runtime().clockMs().getAsLong());
                });
    }

    /** What was read ahead, if it serves this read: else it reads for itself. */
    private LogReader.@Nullable Verified taken(FutureTask<Checked> task, LogReader.Cold read)
            throws IOException {
        task.run(); // if no thread came to it yet; else this waits for the thread that does it
        try {
            Checked checked = task.get();
            LogReader.Range range = checked.range();
            long ageMs = log.context().runtime().clockMs().getAsLong() - checked.atMs();
            return range == null || Math.abs(ageMs) > FRESH_MS ? null : read.reuse(range);
        } catch (ExecutionException e) {
            return null; // the read itself meets what is wrong, and says so
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return null;
        }
    }
}
