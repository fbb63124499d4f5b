package io.headrace.storage.compaction;

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
     * Asks to replace closed segments: from a true answer to {@link #replaced} or {@link #cancel}
     * the log neither deletes nor truncates them.
     *
     * @return false when one of them is gone or is not as it was summarized
     */
    CompletableFuture<Boolean> reserve(List<SegmentSummary> segments);

    /**
     * Tells that one segment stands for the reserved ones from now on: the log serves it under
     * {@link SegmentSwap}'s names of swap files, and forgets the others without touching their
     * files. What is being read of them is read to its end.
     */
    CompletableFuture<Void> replaced(List<SegmentSummary> segments, CleanedSegment cleaned);

    /** Gives back what was reserved: nothing changed. */
    CompletableFuture<Void> cancel(List<SegmentSummary> segments);

    /** Tells that the files of the replacement have their final names. */
    CompletableFuture<Void> renamed(CleanedSegment cleaned);
}
