package io.headrace.storage.compaction;

import io.headrace.storage.recovery.SegmentSwap;

import org.apache.kafka.common.TopicIdPartition;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * A partition's log as compaction sees it. Called from the compaction thread, which blocks on the
 * futures; what they promise happens on the log's owner loop.
 */
public interface CompactableLog {
    TopicIdPartition id();

    /** Where its files are now. */
    Path directory();

    /** The topic's settings, or null while its cleanup policy is without {@code compact}. */
    @org.jspecify.annotations.Nullable
    CompactionSettings compaction();

    /** The log at one moment. */
    CompletableFuture<LogSummary> summarize();

    /**
     * Puts a cleaned segment, finished and flushed, in the place of closed segments that follow
     * each other, by {@link SegmentSwap#commit} and {@link SegmentSwap#finish}; between the two the
     * log begins to serve the new one. What is being read of the old ones is read to its end.
     *
     * @return false, with everything as it was, when one of them is gone or is not as summarized
     */
    CompletableFuture<Boolean> replace(List<SegmentSummary> segments, CleanedSegment cleaned);

    /** Begins to write segments of this log anew; false while somebody else does. */
    boolean beginRewrite();

    /** Ends what {@link #beginRewrite} allowed. */
    void endRewrite();
}
