package io.headrace.storage.repair;

import io.headrace.storage.compaction.CleanedSegment;

import org.apache.kafka.common.TopicIdPartition;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** A partition's log as repair sees it. */
public interface RepairableLog {
    TopicIdPartition id();

    /** Base offsets of its closed segments. Any thread. */
    List<Long> closedBaseOffsets();

    /**
     * The closed segment that holds an offset; the active one is closed for this. Empty when there
     * is none (any more).
     */
    CompletableFuture<Optional<ClosedSegment>> closedSegment(long offset);

    /**
     * Puts a segment, finished and flushed, in the place of one.
     *
     * @return false, with everything as it was, when that is gone, or cannot be replaced now
     */
    CompletableFuture<Boolean> replace(ClosedSegment damaged, CleanedSegment repaired);

    /** Begins to write a segment of this log anew; false while somebody else does. Any thread. */
    boolean beginRewrite();

    /** Ends what {@link #beginRewrite} allowed. Any thread. */
    void endRewrite();
}
