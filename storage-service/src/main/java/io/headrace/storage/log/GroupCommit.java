package io.headrace.storage.log;

import java.io.IOException;

/**
 * Makes appended bytes durable, many partitions at a time: one per log directory.
 *
 * <p>Requests that arrive while a round runs wait for the next one; a round flushes every file of
 * its requests and, at the same time, writes the offsets it is about to promise into the
 * directory's journal. Only when both are durable does it report, each on its partition's owner
 * loop. The first failure takes the directory offline for good: a failed fsync is never retried.
 */
public final class GroupCommit implements AutoCloseable {
    /** Runs one round with what waits now, on the calling thread; for tests and shutdown. */
    public boolean commitOnce() throws IOException {
        throw new UnsupportedOperationException("not built yet");
    }

    @Override
    public void close() {
        throw new UnsupportedOperationException("not built yet");
    }
}
