package io.headrace.storage.commit;

import java.util.function.LongSupplier;

/**
 * How far a log is to be flushed: up to its end at the moment when the flush begins, so that what
 * is appended while the request waits is flushed with it. Until then the log's loop may add to it;
 * the commit thread begins it once.
 *
 * <pre>
 *   loop:           write; end = x; if !hasBegun(): the request covers x
 *   commit thread:  begun = true; read end; flush
 * </pre>
 *
 * Either the loop sees that it has begun, or the commit thread sees the new end.
 */
public final class FlushExtent {
    private static final long UNKNOWN = -1;

    private final LongSupplier logEndOffset;
    private volatile long limit = Long.MAX_VALUE;
    private volatile boolean begun;
    private volatile long offset = UNKNOWN;
    private volatile boolean journaled;

    public FlushExtent(LongSupplier logEndOffset) {
        this.logEndOffset = logEndOffset;
    }

    /** What lies beyond the offset is in files that the request does not have. On the loop. */
    public void limitTo(long endOffset) {
        limit = Math.min(limit, endOffset);
    }

    /** Whether appends from now on belong to it. On the loop. */
    public boolean isOpen() {
        return !begun && limit == Long.MAX_VALUE;
    }

    /** Whether everything below the offset is in it for sure. On the loop. */
    public boolean covers(long endOffset) {
        return offset >= endOffset;
    }

    /** Ends its growth and answers how far it goes; on the commit thread. */
    long begin() {
        begun = true;
        long end = logEndOffset.getAsLong();
        offset = Math.min(end, limit); // the limit is read after the end that may lie beyond it
        return offset;
    }

    /** What it covers is durable in the journal, and only later in the files; commit thread. */
    void onJournaled() {
        journaled = true;
    }

    /** Whether {@link #onJournaled} was called. */
    public boolean isJournaled() {
        return journaled;
    }

    /** How far it went, once {@link #begin} was called. */
    public long offset() {
        return offset;
    }
}
