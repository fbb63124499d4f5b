package io.headrace.storage.fetch;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.Executor;

/**
 * Reads from disk for answers: on I/O threads, with a bound on the bytes that are in memory at a
 * time, from before the read until the answer is written. Who does not fit waits its turn. Any
 * thread.
 */
public final class ColdReads {
    private final Executor io;
    private final long maxBytes;
    private final Queue<Waiting> waiting = new ArrayDeque<>();
    private long usedBytes;

    private record Waiting(long bytes, Runnable task) {}

    public ColdReads(Executor io, long maxBytes) {
        this.io = io;
        this.maxBytes = maxBytes;
    }

    /** Runs the task on an I/O thread once so many bytes are free; they are then its own. */
    public void submit(long bytes, Runnable task) {
        synchronized (this) {
            if (!waiting.isEmpty() || !fits(bytes)) {
                waiting.add(new Waiting(bytes, task));
                return;
            }
            usedBytes += bytes;
        }
        io.execute(task);
    }

    /** Gives bytes back. */
    public void release(long bytes) {
        while (true) {
            Waiting next;
            synchronized (this) {
                usedBytes -= bytes;
                next = waiting.peek();
                if (next == null || !fits(next.bytes())) {
                    return;
                }
                waiting.remove();
                usedBytes += next.bytes();
            }
            io.execute(next.task());
            bytes = 0;
        }
    }

    /** One that is larger than the bound alone may go when nothing else is in memory. */
    private boolean fits(long bytes) {
        return usedBytes == 0 || usedBytes + bytes <= maxBytes;
    }

    /** Bytes that are in memory now. */
    public synchronized long usedBytes() {
        return usedBytes;
    }

    /** How many reads wait for memory. */
    public synchronized int waitingCount() {
        return waiting.size();
    }
}
