package io.headrace.storage.log;

import io.headrace.protocol.batch.AbortedTransaction;
import io.headrace.protocol.batch.TimestampedOffset;

import org.apache.kafka.common.TopicIdPartition;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * The durable log of one partition.
 *
 * <p>Confined to its owner loop: every method is called there unless it says otherwise, returns at
 * once, and does no more than write to the page cache. What blocks runs on the store's I/O
 * executor; its futures complete on the owner loop.
 *
 * <pre>
 *   logStartOffset <= highWatermark <= flushedOffset <= logEndOffset      (single replica)
 *   lastStableOffset <= highWatermark
 * </pre>
 */
public final class PartitionLog {
    PartitionLog() {}

    /** Receives news of a log on its owner loop. */
    public interface Listener {
        /** Everything below the offset is now stored as the flush policy demands. */
        void onFlushed(PartitionLog log, long flushedOffset);

        /** The log's directory is offline: nothing more is appended, read or flushed. */
        void onOffline(PartitionLog log, Throwable cause);
    }

    /** Topic id, name and partition. Any thread. */
    public TopicIdPartition id() {
        throw new UnsupportedOperationException("not built yet");
    }

    /** Who hears of flushes and failures; replaces the one before. */
    public void listen(Listener listener) {
        throw new UnsupportedOperationException("not built yet");
    }

    public LogConfig config() {
        throw new UnsupportedOperationException("not built yet");
    }

    /** Takes a changed topic configuration into force. */
    public void updateConfig(LogConfig config) {
        throw new UnsupportedOperationException("not built yet");
    }

    /** First readable offset. */
    public long logStartOffset() {
        throw new UnsupportedOperationException("not built yet");
    }

    /** Next offset to be written. */
    public long logEndOffset() {
        throw new UnsupportedOperationException("not built yet");
    }

    /**
     * Everything below is stored as the topic's flush policy demands: on the device for fsync
     * topics, so it follows {@link #requestFlush}; the log end for page-cache topics.
     */
    public long flushedOffset() {
        throw new UnsupportedOperationException("not built yet");
    }

    /** Exclusive bound of what is replicated, as last set by {@link #updateHighWatermark}. */
    public long highWatermark() {
        throw new UnsupportedOperationException("not built yet");
    }

    /** Exclusive bound for read_committed: the first offset of the oldest open transaction. */
    public long lastStableOffset() {
        throw new UnsupportedOperationException("not built yet");
    }

    /** Bytes in all segments. */
    public long sizeInBytes() {
        throw new UnsupportedOperationException("not built yet");
    }

    /** Why acknowledged records may be missing, found at recovery; empty for a clean log. */
    public Optional<UncleanLog> unclean() {
        throw new UnsupportedOperationException("not built yet");
    }

    /**
     * Appends one or more batches that {@code protocol.batch} has checked, with one write to the
     * page cache.
     *
     * <p>For {@link AppendOrigin#CLIENT} and {@link AppendOrigin#COORDINATOR} assigns offsets and
     * leader epoch in the caller's buffer (and, for topics with log append time, the timestamp and
     * CRC). The bytes from position to limit are consumed. All batches are appended, or none.
     *
     * @throws org.apache.kafka.common.errors.ApiException the protocol's error:
     *     OUT_OF_ORDER_SEQUENCE_NUMBER, INVALID_PRODUCER_EPOCH, TRANSACTION_COORDINATOR_FENCED,
     *     KAFKA_STORAGE_ERROR, ...
     */
    public AppendResult append(
            ByteBuffer batches, int leaderEpoch, AppendOrigin origin, long nowMs) {
        throw new UnsupportedOperationException("not built yet");
    }

    /**
     * Finds the batches from the one that contains the offset.
     *
     * @param maxBytes how much to send at most
     * @param minOneMessage whether the first batch is sent whole though it exceeds {@code maxBytes}
     * @param upperBoundOffset nothing at or above is sent: high watermark, last stable offset or
     *     log end
     * @throws org.apache.kafka.common.errors.OffsetOutOfRangeException below the log start or above
     *     the log end
     * @throws CorruptRangeException when the offset is in a lost range
     */
    public LogSlice read(
            long fetchOffset, int maxBytes, boolean minOneMessage, long upperBoundOffset) {
        throw new UnsupportedOperationException("not built yet");
    }

    /** Whether nothing was truncated since the slice was made. */
    public boolean isCurrent(LogSlice.Cold slice) {
        throw new UnsupportedOperationException("not built yet");
    }

    /**
     * Aborted transactions with records between the offsets (upper exclusive), for read_committed.
     */
    public List<AbortedTransaction> abortedTransactions(long fromOffset, long upperBoundOffset) {
        throw new UnsupportedOperationException("not built yet");
    }

    /**
     * Asks that everything appended so far becomes durable; {@link Listener#onFlushed} tells when.
     * Cheap to call after every append: requests are coalesced. Does nothing for page-cache topics,
     * whose {@link #flushedOffset} is already the log end.
     */
    public void requestFlush() {
        throw new UnsupportedOperationException("not built yet");
    }

    /**
     * Tells the log what is committed; reads, retention, transactions and DeleteRecords depend on
     * it. Kept within log start and log end.
     *
     * @return whether it moved
     */
    public boolean updateHighWatermark(long highWatermark) {
        throw new UnsupportedOperationException("not built yet");
    }

    /**
     * Hides records below the offset (DeleteRecords); segments wholly below are deleted later.
     *
     * @return the log start afterwards
     * @throws org.apache.kafka.common.errors.OffsetOutOfRangeException above the high watermark
     */
    public long advanceLogStartOffset(long offset) {
        throw new UnsupportedOperationException("not built yet");
    }

    /** The first record at or after the time, if there is one below the high watermark. */
    public CompletableFuture<Optional<TimestampedOffset>> offsetForTimestamp(long timestampMs) {
        throw new UnsupportedOperationException("not built yet");
    }

    /** The first record with the largest timestamp (ListOffsets -3). */
    public CompletableFuture<Optional<TimestampedOffset>> offsetOfMaxTimestamp() {
        throw new UnsupportedOperationException("not built yet");
    }

    /** The newest leader epoch with an entry in this log, or -1. */
    public int latestLeaderEpoch() {
        throw new UnsupportedOperationException("not built yet");
    }

    /** The epoch in which the record at the offset was written, or -1. */
    public int leaderEpochAt(long offset) {
        throw new UnsupportedOperationException("not built yet");
    }

    /**
     * Begins a leader epoch at the log end. A leader answers nothing in the epoch before the future
     * completes: then its start is durable.
     */
    public CompletableFuture<Void> startLeaderEpoch(int leaderEpoch) {
        throw new UnsupportedOperationException("not built yet");
    }

    /** Where the epoch, or the largest one below it, ends in this log. */
    public EpochEndOffset endOffsetFor(int leaderEpoch) {
        throw new UnsupportedOperationException("not built yet");
    }

    /**
     * Removes records at and above the offset (a follower that diverged). No append or read may
     * come before the future completes.
     */
    public CompletableFuture<Void> truncateTo(long offset) {
        throw new UnsupportedOperationException("not built yet");
    }

    /** Removes everything and goes on at the offset (a follower below the leader's log start). */
    public CompletableFuture<Void> truncateFullyAndStartAt(long offset) {
        throw new UnsupportedOperationException("not built yet");
    }
}
