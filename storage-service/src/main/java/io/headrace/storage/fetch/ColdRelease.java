package io.headrace.storage.fetch;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * Gives the memory of one answer's cold reads back once all of its buffers are written or dropped.
 */
public final class ColdRelease {
    private final ColdReads coldReads;
    private final long bytes;
    private final AtomicInteger holders = new AtomicInteger(1);

    public ColdRelease(ColdReads coldReads, long bytes) {
        this.coldReads = coldReads;
        this.bytes = bytes;
    }

    /** Adds a holder; what is answered ends its hold, and is to be called once. */
    public Runnable hold() {
        holders.incrementAndGet();
        return this::drop;
    }

    /** No more holders will come. */
    public void seal() {
        drop();
    }

    private void drop() {
        if (holders.decrementAndGet() == 0 && bytes > 0) {
            coldReads.release(bytes);
        }
    }
}
