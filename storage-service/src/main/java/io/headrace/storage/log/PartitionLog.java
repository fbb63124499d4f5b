package io.headrace.storage.log;

import io.headrace.protocol.batch.read.AbortedTransaction;
import io.headrace.protocol.batch.read.TimestampedOffset;
import io.headrace.storage.compaction.CompactableLog;
import io.headrace.storage.epoch.LeaderEpochs;
import io.headrace.storage.file.LogFile;
import io.headrace.storage.journal.PromiseJournal;
import io.headrace.storage.producer.ProducerState;
import io.headrace.storage.producer.ProducerStates;
import io.headrace.storage.recovery.LoadedLog;
import io.headrace.storage.segment.Segment;

import org.apache.kafka.common.TopicIdPartition;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

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
    private final LogDirectory directory;
    private final LogContext context;
    private final TopicIdPartition id;
    private final PromiseJournal.Key journalKey;
    private final Executor loop;
    private final LogFlusher flusher;
    private final LogSegments segments;
    private final LogUpkeep upkeep;
    private final RecentBatches recent = new RecentBatches();
    private final LogAppender appender;
    private final LogLookups lookups;

    private volatile LogConfig config;
    private LogListener listener = LogListener.NONE;
    private final LeaderEpochs epochs;
    private ProducerStates producers;
    private volatile long logStartOffset;
    private volatile long logEndOffset;
    private volatile long highWatermark;
    private @Nullable UncleanLog unclean;
    private @Nullable UncleanLog lostPageCache; // counts only for page-cache topics
    private boolean truncating;
    private boolean replacingSegments;
    private boolean frozen;
    private volatile boolean closed;

    PartitionLog(
            LogDirectory directory,
            LogContext context,
            Path path,
            TopicIdPartition id,
            LogConfig config,
            LoadedLog loaded,
            long recoveryPoint,
            long highWatermark)
            throws IOException {
        this.directory = directory;
        this.context = context;
        this.id = id;
        this.journalKey = new PromiseJournal.Key(id.topicId(), id.partition());
        this.loop = context.runtime().loopFor().apply(id);
        this.config = config;
        this.epochs = loaded.epochs();
        this.producers = loaded.producers();
        this.logStartOffset = loaded.logStartOffset();
        this.logEndOffset = loaded.logEndOffset();
        this.segments = new LogSegments(this, path, loaded, directory.warmWindow());
        this.flusher = new LogFlusher(this, loop, Math.min(recoveryPoint, logEndOffset));
        this.highWatermark = Math.clamp(highWatermark, logStartOffset, logEndOffset);
        this.unclean = UncleanLog.of(loaded);
        this.producers.onHighWatermark(this.highWatermark);
        this.upkeep = new LogUpkeep(this, loaded);
        this.appender = new LogAppender(this);
        this.lookups = new LogLookups(this, loaded.lostRanges());
        segments.handUnflushedTo(flusher);
    }

    /** Topic id, name and partition. Any thread. */
    public TopicIdPartition id() {
        return id;
    }

    /** The loop that owns this log. Any thread. */
    public Executor loop() {
        return loop;
    }

    /** Who hears of flushes and failures; replaces the one before. */
    public void listen(LogListener newListener) {
        listener = newListener;
    }

    /** The configuration in force. Any thread. */
    public LogConfig config() {
        return config;
    }

    /** Takes a changed topic configuration into force. */
    public void updateConfig(LogConfig newConfig) {
        LogConfig before = config;
        config = newConfig;
        upkeep.onConfig(before);
    }

    /** First readable offset. Any thread. */
    public long logStartOffset() {
        return logStartOffset;
    }

    /** Next offset to be written. Any thread. */
    public long logEndOffset() {
        return logEndOffset;
    }

    /** Everything below is durable, after {@link #requestFlush}; for page-cache topics the end. */
    public long flushedOffset() {
        return isFsync() ? flusher.durableOffset() : logEndOffset;
    }

    /** Everything below is on the device in the log's own files, whatever the policy. */
    public long recoveryPoint() {
        return flusher.deviceOffset();
    }

    /** Exclusive bound of what is replicated, as last set by {@link #updateHighWatermark}. */
    public long highWatermark() {
        return highWatermark;
    }

    /** Exclusive bound for read_committed: the first offset of the oldest open transaction. */
    public long lastStableOffset() {
        long firstUnstable = producers.firstUnstableOffset();
        return firstUnstable < 0 ? highWatermark : Math.min(firstUnstable, highWatermark);
    }

    /** Bytes in all segments. Any thread. */
    public long sizeInBytes() {
        return segments.sizeInBytes();
    }

    /** Why acknowledged records may be missing, found at recovery; empty for a clean log. */
    public Optional<UncleanLog> unclean() {
        return unclean(config);
    }

    /** As {@link #unclean()}, under a configuration that is not in force yet. */
    public Optional<UncleanLog> unclean(LogConfig known) {
        return Optional.ofNullable(unclean == null && !known.isFsync() ? lostPageCache : unclean);
    }

    /** Forgets what was missing only from the log's end on: a leader brings all that follows. */
    public void endsWhole() {
        unclean = UncleanLog.afterCut(unclean, logStartOffset, logEndOffset);
        lostPageCache = UncleanLog.afterCut(lostPageCache, logStartOffset, logEndOffset);
    }

    /** Producers remembered, for DescribeProducers. */
    public List<ProducerState> producers() {
        return producers.describe();
    }

    /**
     * Appends one or more batches that {@code protocol.batch} has checked, with one write to the
     * page cache. Rolls to a new segment first when the batches do not fit: the next file was made
     * ahead on the I/O executor; only when segments fill faster than that is it created here.
     *
     * <p>For {@link AppendOrigin#CLIENT} and {@link AppendOrigin#COORDINATOR} assigns offsets and
     * leader epoch in the caller's buffer (and, for topics with log append time, the timestamp and
     * CRC of batches that do not have them yet). The bytes from position to limit are consumed. All
     * batches are appended, or none.
     *
     * @throws org.apache.kafka.common.errors.ApiException the protocol's error:
     *     OUT_OF_ORDER_SEQUENCE_NUMBER, INVALID_PRODUCER_EPOCH, INVALID_TXN_STATE,
     *     TRANSACTION_COORDINATOR_FENCED, POLICY_VIOLATION (too many producer ids),
     *     RECORD_LIST_TOO_LARGE, CORRUPT_MESSAGE, KAFKA_STORAGE_ERROR
     */
    public AppendResult append(
            ByteBuffer batches, int leaderEpoch, AppendOrigin origin, long nowMs) {
        requireUsable();
        return appender.append(batches, leaderEpoch, origin, nowMs);
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
        requireUsable();
        return lookups.read(fetchOffset, maxBytes, minOneMessage, upperBoundOffset);
    }

    /** Whether nothing was truncated since the slice was made. */
    public boolean isCurrent(LogSlice.Cold slice) {
        return lookups.isCurrent(slice) && !closed;
    }

    /** Aborted transactions with records between the offsets (upper exclusive). */
    public List<AbortedTransaction> abortedTransactions(long fromOffset, long upperBoundOffset) {
        return segments.aborted(fromOffset, upperBoundOffset);
    }

    /**
     * Asks that everything appended so far becomes durable; {@link LogListener#onFlushed} tells
     * when. Cheap to call after every append: requests are coalesced. Does nothing for page-cache
     * topics, whose {@link #flushedOffset} is already the log end.
     */
    public void requestFlush() {
        if (isFsync()) {
            flusher.request();
        }
    }

    /**
     * Tells the log what is committed; reads, retention, transactions and DeleteRecords depend on
     * it. Kept within log start and log end; never goes back but by truncation. Answers whether it
     * moved.
     */
    public boolean updateHighWatermark(long offset) {
        long bounded = Math.clamp(offset, logStartOffset, logEndOffset);
        if (bounded <= highWatermark) {
            return false;
        }
        highWatermark = bounded;
        producers.onHighWatermark(bounded);
        upkeep.place().ask();
        return true;
    }

    /**
     * Hides records below the offset (DeleteRecords); segments wholly below are deleted later.
     * Answers the log start afterwards.
     *
     * @throws org.apache.kafka.common.errors.OffsetOutOfRangeException above the high watermark
     */
    public long advanceLogStartOffset(long offset) {
        if (offset > highWatermark) {
            throw Errors.OFFSET_OUT_OF_RANGE.exception(
                    "Cannot delete records of %s up to %d: the high watermark is %d"
                            .formatted(id.topicPartition(), offset, highWatermark));
        }
        if (offset > logStartOffset) {
            logStartOffset = offset;
            if (epochs.truncateFromStart(offset)) {
                upkeep.tasks().watch(upkeep.writeEpochs());
            }
            upkeep.publish();
        }
        return logStartOffset;
    }

    /** The first record at or after the time, if there is one below the high watermark. */
    public CompletableFuture<Optional<TimestampedOffset>> offsetForTimestamp(long timestampMs) {
        return lookups.search(search -> search.firstAtOrAfter(timestampMs));
    }

    /** The first record with the largest timestamp (ListOffsets -3). */
    public CompletableFuture<Optional<TimestampedOffset>> offsetOfMaxTimestamp() {
        return lookups.search(TimestampSearch::maxTimestamp);
    }

    /** This log as compaction sees it. Any thread. */
    public CompactableLog compactable() {
        return new LogCompaction(this);
    }

    /** The newest leader epoch with an entry in this log, or -1. */
    public int latestLeaderEpoch() {
        return epochs.latest();
    }

    /** The epoch in which the record at the offset was written, or -1. */
    public int leaderEpochAt(long offset) {
        return epochs.epochAt(offset);
    }

    /**
     * Begins a leader epoch at the log end; what this log lacks nobody brings any more. A leader
     * answers nothing in the epoch before the future completes: then its start is durable.
     */
    public CompletableFuture<Void> startLeaderEpoch(int leaderEpoch) {
        if (leaderEpoch > epochs.latest()) {
            epochs.assign(leaderEpoch, logEndOffset);
        }
        lostPageCache = null;
        return upkeep.writeEpochs();
    }

    /** Where the epoch, or the largest one below it, ends in this log. */
    public EpochEndOffset endOffsetFor(int leaderEpoch) {
        return EpochEndOffset.of(epochs, leaderEpoch, logEndOffset);
    }

    /**
     * Removes records and epochs that begin at and above the offset (a follower that diverged).
     * Appends and reads are refused until the future completes.
     */
    public CompletableFuture<Void> truncateTo(long offset) {
        if (offset < logEndOffset) {
            return upkeep.truncate(Math.max(offset, logStartOffset), false);
        }
        boolean changed = epochs.truncateFromEnd(offset);
        return changed ? upkeep.writeEpochs() : CompletableFuture.completedFuture(null);
    }

    /** Removes everything and goes on at the offset (a follower below the leader's log start). */
    public CompletableFuture<Void> truncateFullyAndStartAt(long offset) {
        return upkeep.truncate(offset, true);
    }

    private void requireUsable() {
        if (closed || truncating || directory.isOffline()) {
            throw Errors.KAFKA_STORAGE_ERROR.exception(
                    "Log "
                            + id.topicPartition()
                            + (directory.isOffline()
                                    ? " is on the offline directory " + directory.path()
                                    : truncating ? " is being truncated" : " is closed"));
        }
    }

    // What the rest of this room works with.
    LogDirectory directory() {
        return directory;
    }

    LogContext context() {
        return context;
    }

    LogFlusher flusher() {
        return flusher;
    }

    LogUpkeep upkeep() {
        return upkeep;
    }

    LogSegments segments() {
        return segments;
    }

    RecentBatches recent() {
        return recent;
    }

    LeaderEpochs epochs() {
        return epochs;
    }

    /** What producers wrote; to be asked, not changed. */
    public ProducerStates producerStates() {
        return producers;
    }

    PromiseJournal.Key journalKey() {
        return journalKey;
    }

    Path path() {
        return segments.directory();
    }

    Segment activeSegment() {
        return segments.active();
    }

    LogFile activeFile() {
        return segments.activeFile();
    }

    boolean isFsync() {
        return config.isFsync();
    }

    boolean isOffline() {
        return directory.isOffline();
    }

    boolean isTruncating() {
        return truncating;
    }

    /** Whether compaction is putting a segment in the place of others: none may be removed now. */
    boolean isReplacingSegments() {
        return replacingSegments;
    }

    void setReplacingSegments(boolean replacing) {
        replacingSegments = replacing;
    }

    boolean isClosed() {
        return closed;
    }

    LogListener listener() {
        return listener;
    }

    /** Whether nothing is appended until a copy has taken this log's place. */
    boolean isFrozen() {
        return frozen;
    }

    void setFrozen(boolean isFrozen) {
        frozen = isFrozen;
    }

    /** Takes from the log that this is a copy of what its batches do not tell. */
    void takeOver(PartitionLog source) {
        updateConfig(source.config);
        epochs.takeOver(source.epochs);
        producers.load(source.producers.toSnapshot());
        logStartOffset = source.logStartOffset;
        highWatermark = source.highWatermark;
        producers.onHighWatermark(highWatermark);
    }

    void onPageCacheLost(UncleanLog reason) {
        lostPageCache = reason;
        upkeep.publish();
    }

    long pageCacheLostFrom() {
        return lostPageCache == null ? -1 : lostPageCache.fromOffset();
    }

    void markClosed() {
        closed = true;
    }

    long unflushedSinceMs() {
        return appender.unflushedSinceMs();
    }

    void onFlushed() {
        appender.onFlushed();
        upkeep.publish();
        listener.onFlushed(this, flushedOffset());
    }

    void setLogEndOffset(long offset) {
        logEndOffset = offset;
    }

    void setLogStartOffset(long offset) {
        logStartOffset = offset;
    }

    void beginTruncation() {
        truncating = true;
        lookups.onTruncation();
        recent.clear();
    }

    /** Takes over what was loaded after a truncation. */
    void endTruncation(LoadedLog loaded, long startOffset) {
        producers = loaded.producers();
        lookups.install(loaded.lostRanges());
        logStartOffset = startOffset;
        logEndOffset = loaded.logEndOffset();
        unclean = UncleanLog.worse(unclean, UncleanLog.of(loaded));
        endsWhole();
        highWatermark = Math.clamp(highWatermark, logStartOffset, logEndOffset);
        producers.onHighWatermark(highWatermark);
        segments.install(loaded);
        flusher.reset(Math.min(flusher.durableOffset(), logEndOffset)); // settled before the cut
        truncating = false;
        flusher.resume();
    }
}
