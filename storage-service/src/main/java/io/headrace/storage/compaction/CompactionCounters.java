package io.headrace.storage.compaction;

import java.util.concurrent.atomic.LongAdder;

/** What compaction has done and could not do, for metrics. Any thread may read. */
public final class CompactionCounters {
    final LongAdder passes = new LongAdder();
    final LongAdder failures = new LongAdder();
    final LongAdder bytesRead = new LongAdder();
    final LongAdder bytesWritten = new LongAdder();
    volatile int uncleanableCount;
    volatile double maxDirtyRatio;

    CompactionCounters() {}

    /** Passes that ended well. */
    public long passes() {
        return passes.sum();
    }

    /** Passes that failed. */
    public long failures() {
        return failures.sum();
    }

    /** Bytes of batches read for cleaning. */
    public long bytesRead() {
        return bytesRead.sum();
    }

    /** Bytes of batches written by cleaning. */
    public long bytesWritten() {
        return bytesWritten.sum();
    }

    /** Partitions that a failure took out of compaction ({@code uncleanable-partitions-count}). */
    public int uncleanableCount() {
        return uncleanableCount;
    }

    /** The dirtiest log's ratio when last looked ({@code max-dirty-percent} as a fraction). */
    public double maxDirtyRatio() {
        return maxDirtyRatio;
    }
}
