package io.headrace.benchmarks.contender;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A contender that runs.
 *
 * @param processes all that belongs to it
 * @param httpUrl where its HTTP is, if it has any
 * @param startMs from its start until it served
 */
public record Server(
        List<Process> processes, String bootstrap, @Nullable String httpUrl, long startMs)
        implements AutoCloseable {

    /** What its processes have used so far. */
    public Usage usage() throws IOException {
        Usage sum = Usage.NONE;
        for (Process process : processes) {
            sum = sum.plus(Usage.of(process.pid()));
        }
        return sum;
    }

    /** Ends it without notice, as {@code kill -9} does. */
    public void kill() {
        processes.forEach(Process::destroyForcibly);
        awaitEnd();
    }

    @Override
    public void close() {
        processes.forEach(Process::destroy);
        awaitEnd();
    }

    private void awaitEnd() {
        for (Process process : processes) {
            try {
                if (!process.waitFor(20, TimeUnit.SECONDS)) {
                    process.destroyForcibly();
                }
            } catch (InterruptedException e) {
                process.destroyForcibly();
                Thread.currentThread().interrupt();
            }
        }
    }
}
