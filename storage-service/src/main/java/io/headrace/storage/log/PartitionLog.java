package io.headrace.storage.log;

import io.headrace.protocol.batch.AbortedTransaction;
import io.headrace.protocol.batch.BatchSet;
import io.headrace.protocol.batch.BatchView;
import io.headrace.protocol.batch.CorruptBatchException;
import io.headrace.protocol.batch.TimestampType;
import io.headrace.protocol.batch.TimestampedOffset;
import io.headrace.storage.compaction.CompactableLog;
import io.headrace.storage.epoch.LeaderEpochs;
import io.headrace.storage.file.LogFile;
import io.headrace.storage.producer.ProducerState;
import io.headrace.storage.producer.ProducerStates;
import io.headrace.storage.recovery.LoadedLog;
import io.headrace.storage.recovery.LostRange;
import io.headrace.storage.recovery.PromiseJournal;
import io.headrace.storage.segment.AbortedTransactionEntry;
import io.headrace.storage.segment.Segment;

import org.apache.kafka.common.TopicIdPartition;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
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

    private volatile LogConfig config;
    private Listener listener = Listener.NONE;
    private LeaderEpochs epochs;
    private ProducerStates producers;
    private List<LostRange> lostRanges;
    private volatile long logStartOffset;
    private volatile long logEndOffset;
    private volatile long highWatermark;
    private @Nullable UncleanLog unclean;
    private long truncations;
    private boolean truncating;
    private boolean replacingSegments;
    private volatile boolean closed;
    private long lastAppendMs = -1;
    private long unflushedSinceMs = -1;
    private long unflushedRecords;

    /** Receives news of a log on its owner loop. */
    public interface Listener {
        /** Hears nothing. */
        Listener NONE =
                new Listener() {
                    @Override
                    public void onFlushed(PartitionLog log, long flushedOffset) {}

                    @Override
                    public void onOffline(PartitionLog log, Throwable cause) {}
                };

        /** Everything below the offset is now stored as the flush policy demands. */
        void onFlushed(PartitionLog log, long flushedOffset);

        /** The log's directory is offline: nothing more is appended, read or flushed. */
        void onOffline(PartitionLog log, Throwable cause);
    }

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
        this.lostRanges = loaded.lostRanges();
        this.logStartOffset = loaded.logStartOffset();
        this.logEndOffset = loaded.logEndOffset();
        this.segments = new LogSegments(this, path, loaded, directory.warmWindow());
        this.flusher = new LogFlusher(this, loop, Math.min(recoveryPoint, logEndOffset));
        this.highWatermark = Math.clamp(highWatermark, logStartOffset, logEndOffset);
        String reason = loaded.uncleanReason();
        this.unclean = reason == null ? null : new UncleanLog(reason, loaded.uncleanFromOffset());
        this.producers.onHighWatermark(this.highWatermark);
        this.upkeep = new LogUpkeep(this, loaded.snapshotOffset());
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
    public void listen(Listener newListener) {
        listener = newListener;
    }

    /** The configuration in force. Any thread. */
    public LogConfig config() {
        return config;
    }

    /** Takes a changed topic configuration into force. */
    public void updateConfig(LogConfig newConfig) {
        boolean wasFsync = isFsync();
        config = newConfig;
        if (wasFsync != isFsync()) {
            upkeep.onFlushPolicyChanged();
        }
    }

    /** First readable offset. Any thread. */
    public long logStartOffset() {
        return logStartOffset;
    }

    /** Next offset to be written. Any thread. */
    public long logEndOffset() {
        return logEndOffset;
    }

    /**
     * Everything below is stored as the topic's flush policy demands: on the device for fsync
     * topics, so it follows {@link #requestFlush}; the log end for page-cache topics.
     */
    public long flushedOffset() {
        return isFsync() ? flusher.deviceOffset() : logEndOffset;
    }

    /** Everything below is on the device, whatever the policy. */
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

    /** How many segments there are. */
    public int segmentCount() {
        return segments.all().length;
    }

    /** Why acknowledged records may be missing, found at recovery; empty for a clean log. */
    public Optional<UncleanLog> unclean() {
        return Optional.ofNullable(unclean);
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
        Prepared prepared = prepare(batches, leaderEpoch, origin, nowMs);
        if (prepared.duplicateBaseOffset() >= 0) {
            long base = prepared.duplicateBaseOffset();
            long last = base + BatchView.lastOffsetDelta(batches, batches.position());
            batches.position(batches.limit());
            return new AppendResult(
                    base, last, prepared.logAppendTimeMs(), logStartOffset, -1, true);
        }
        int start = batches.position();
        int limit = batches.limit();
        try {
            segments.makeRoom(
                    limit - start, prepared.lastOffset(), prepared.maxTimestampMs(), nowMs);
            segments.write(batches);
        } catch (IOException e) {
            throw Errors.KAFKA_STORAGE_ERROR.exception(
                    "Append to " + id.topicPartition() + " failed: " + e.getMessage());
        }
        note(batches, start, limit, nowMs);
        upkeep.onAppended();
        unflushedRecords += prepared.lastOffset() + 1 - prepared.baseOffset();
        lastAppendMs = nowMs;
        if (unflushedSinceMs < 0) {
            unflushedSinceMs = nowMs;
        }
        if (!isFsync() && unflushedRecords >= config.flushMessages()) {
            flusher.request();
        }
        return new AppendResult(
                prepared.baseOffset(),
                prepared.lastOffset(),
                prepared.logAppendTimeMs(),
                logStartOffset,
                prepared.maxTimestampMs(),
                false);
    }

    private record Prepared(
            long baseOffset,
            long lastOffset,
            long maxTimestampMs,
            long logAppendTimeMs,
            long duplicateBaseOffset) {}

    /**
     * Checks every batch against the log's state and gives it its place; changes only the buffer.
     */
    private Prepared prepare(ByteBuffer batches, int leaderEpoch, AppendOrigin origin, long nowMs) {
        boolean assigns =
                switch (origin) {
                    case CLIENT, COORDINATOR -> true;
                    case REPLICATION -> false;
                    case RECOVERY -> throw new IllegalArgumentException("Recovery appends nothing");
                };
        long next = logEndOffset;
        long first = -1;
        long maxTimestampMs = -1;
        long logAppendTimeMs = -1;
        int previous = -1;
        int index = batches.position();
        while (index < batches.limit()) {
            int size = sizeAt(batches, index);
            long duplicate = checkProducer(batches, index, previous, origin);
            if (duplicate >= 0) {
                boolean isLog =
                        BatchView.timestampType(batches, index) == TimestampType.LOG_APPEND_TIME;
                return new Prepared(
                        0, 0, -1, isLog ? BatchView.maxTimestampMs(batches, index) : -1, duplicate);
            }
            if (assigns) {
                BatchView.setBaseOffset(batches, index, next);
                BatchView.setLeaderEpoch(batches, index, leaderEpoch);
                logAppendTimeMs = stamp(batches, index, nowMs);
            }
            long baseOffset = BatchView.baseOffset(batches, index);
            int delta = BatchView.lastOffsetDelta(batches, index);
            if (baseOffset < next || delta < 0) {
                throw Errors.CORRUPT_MESSAGE.exception(
                        "Batch with offsets from "
                                + baseOffset
                                + " does not continue "
                                + id.topicPartition()
                                + ", which ends at "
                                + next);
            }
            first = first < 0 ? baseOffset : first;
            next = baseOffset + delta + 1;
            maxTimestampMs = Math.max(maxTimestampMs, BatchView.maxTimestampMs(batches, index));
            previous = index;
            index += size;
        }
        if (first < 0) {
            throw Errors.INVALID_RECORD.exception("There is no batch to append");
        }
        return new Prepared(first, next - 1, maxTimestampMs, logAppendTimeMs, -1);
    }

    private static int sizeAt(ByteBuffer batches, int index) {
        try {
            int size = BatchSet.sizeAt(batches, index, batches.limit());
            if (size != BatchSet.PARTIAL) {
                return size;
            }
        } catch (CorruptBatchException e) {
            throw Errors.CORRUPT_MESSAGE.exception(e.getMessage());
        }
        throw Errors.CORRUPT_MESSAGE.exception("The last batch to append is cut off");
    }

    private long checkProducer(ByteBuffer batches, int index, int previous, AppendOrigin origin) {
        if (origin == AppendOrigin.REPLICATION || !BatchView.hasProducerId(batches, index)) {
            return ProducerStates.NOT_A_DUPLICATE;
        }
        if (BatchView.isControl(batches, index)) {
            producers.checkMarker(batches, index);
            return ProducerStates.NOT_A_DUPLICATE;
        }
        return origin == AppendOrigin.CLIENT
                ? producers.check(batches, index, previous)
                : ProducerStates.NOT_A_DUPLICATE;
    }

    /** Gives the batch the log's time if the topic wants that and the batch has not got it yet. */
    private long stamp(ByteBuffer batches, int index, long nowMs) {
        if (BatchView.timestampType(batches, index) == TimestampType.LOG_APPEND_TIME) {
            return BatchView.maxTimestampMs(batches, index);
        }
        if (!config.logAppendTime()) {
            return -1;
        }
        BatchView.setLogAppendTime(batches, index, nowMs);
        return nowMs;
    }

    /** Brings the log's state up to batches that were written. */
    private void note(ByteBuffer batches, int start, int limit, long nowMs) {
        Segment active = segments.active();
        int index = start;
        while (index < limit) {
            int size = BatchView.sizeInBytes(batches, index);
            long baseOffset = BatchView.baseOffset(batches, index);
            long lastOffset = BatchView.lastOffset(batches, index);
            recent.add(baseOffset, lastOffset, active.sizeInBytes());
            active.onAppended(
                    size,
                    lastOffset,
                    BatchView.maxTimestampMs(batches, index),
                    config.indexIntervalBytes());
            int batchEpoch = BatchView.leaderEpoch(batches, index);
            if (batchEpoch > epochs.latest() && epochs.assign(batchEpoch, baseOffset)) {
                upkeep.watch(upkeep.writeEpochs());
            }
            if (BatchView.hasProducerId(batches, index)) {
                AbortedTransactionEntry aborted = producers.apply(batches, index, nowMs);
                if (aborted != null) {
                    active.addAborted(aborted);
                }
            }
            logEndOffset = lastOffset + 1;
            index += size;
        }
        segments.onAppended(limit - start);
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
        if (fetchOffset < logStartOffset || fetchOffset > logEndOffset) {
            throw Errors.OFFSET_OUT_OF_RANGE.exception(
                    "Received request for offset "
                            + fetchOffset
                            + " for partition "
                            + id.topicPartition()
                            + ", but we only have log segments from offset "
                            + logStartOffset
                            + " up to "
                            + logEndOffset);
        }
        long bound = Math.min(upperBoundOffset, logEndOffset);
        if (fetchOffset >= bound || (maxBytes <= 0 && !minOneMessage)) {
            return new LogSlice.Empty();
        }
        for (LostRange lost : lostRanges) {
            if (lost.contains(fetchOffset)) {
                throw new CorruptRangeException(
                        "Offset "
                                + fetchOffset
                                + " of "
                                + id.topicPartition()
                                + " is in a lost range, up to "
                                + lost.endOffset(),
                        fetchOffset);
            }
        }
        try {
            LogSlice.Warm warm = LogReader.warm(this, fetchOffset, maxBytes, minOneMessage, bound);
            if (warm != null && warm.sizeInBytes() == 0) {
                warm.release();
                return new LogSlice.Empty();
            }
            return warm != null ? warm : cold(fetchOffset, maxBytes, minOneMessage, bound);
        } catch (IOException e) {
            directory.fail(e);
            throw Errors.KAFKA_STORAGE_ERROR.exception(
                    "Read of " + id.topicPartition() + " failed: " + e.getMessage());
        }
    }

    private LogSlice.Cold cold(long offset, int maxBytes, boolean minOneMessage, long bound) {
        Segment active = segments.active();
        return new LogSlice.Cold(
                new LogReader.Cold(
                        this,
                        context.openFiles(),
                        Arrays.asList(segments.all()),
                        segments.floorIndex(offset),
                        active.offsets().view(),
                        active.sizeInBytes(),
                        offset,
                        maxBytes,
                        minOneMessage,
                        bound),
                truncations);
    }

    /** Whether nothing was truncated since the slice was made. */
    public boolean isCurrent(LogSlice.Cold slice) {
        return slice.truncations() == truncations && !closed;
    }

    /**
     * Aborted transactions with records between the offsets (upper exclusive), for read_committed.
     */
    public List<AbortedTransaction> abortedTransactions(long fromOffset, long upperBoundOffset) {
        return segments.aborted(fromOffset, upperBoundOffset);
    }

    /**
     * Asks that everything appended so far becomes durable; {@link Listener#onFlushed} tells when.
     * Cheap to call after every append: requests are coalesced. Does nothing for page-cache topics,
     * whose {@link #flushedOffset} is already the log end.
     */
    public void requestFlush() {
        if (isFsync()) {
            flusher.request();
        }
    }

    /**
     * Tells the log what is committed; reads, retention, transactions and DeleteRecords depend on
     * it. Kept within log start and log end; never goes back but by truncation.
     *
     * @return whether it moved
     */
    public boolean updateHighWatermark(long offset) {
        long bounded = Math.clamp(offset, logStartOffset, logEndOffset);
        if (bounded <= highWatermark) {
            return false;
        }
        highWatermark = bounded;
        producers.onHighWatermark(bounded);
        return true;
    }

    /**
     * Hides records below the offset (DeleteRecords); segments wholly below are deleted later.
     *
     * @return the log start afterwards
     * @throws org.apache.kafka.common.errors.OffsetOutOfRangeException above the high watermark
     */
    public long advanceLogStartOffset(long offset) {
        if (offset > highWatermark) {
            throw Errors.OFFSET_OUT_OF_RANGE.exception(
                    "Cannot delete records of "
                            + id.topicPartition()
                            + " up to "
                            + offset
                            + ": the high watermark is "
                            + highWatermark);
        }
        if (offset > logStartOffset) {
            logStartOffset = offset;
            if (epochs.truncateFromStart(offset)) {
                upkeep.watch(upkeep.writeEpochs());
            }
            upkeep.publish();
        }
        return logStartOffset;
    }

    /** The first record at or after the time, if there is one below the high watermark. */
    public CompletableFuture<Optional<TimestampedOffset>> offsetForTimestamp(long timestampMs) {
        return search(search -> search.firstAtOrAfter(timestampMs));
    }

    /** The first record with the largest timestamp (ListOffsets -3). */
    public CompletableFuture<Optional<TimestampedOffset>> offsetOfMaxTimestamp() {
        return search(TimestampSearch::maxTimestamp);
    }

    /** Searches on an I/O thread, anew when compaction replaces a segment meanwhile. */
    private CompletableFuture<Optional<TimestampedOffset>> search(TimestampSearch.Question ask) {
        TimestampSearch search = new TimestampSearch(this, context.openFiles());
        return upkeep.onIo(
                        () -> {
                            try {
                                return Optional.of(ask.answer(search));
                            } catch (SegmentReplacedException e) {
                                return Optional.<Optional<TimestampedOffset>>empty();
                            }
                        })
                .thenCompose(
                        found ->
                                found.map(CompletableFuture::completedFuture)
                                        .orElseGet(() -> search(ask)));
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
     * Begins a leader epoch at the log end. A leader answers nothing in the epoch before the future
     * completes: then its start is durable.
     */
    public CompletableFuture<Void> startLeaderEpoch(int leaderEpoch) {
        if (leaderEpoch > epochs.latest()) {
            epochs.assign(leaderEpoch, logEndOffset);
        }
        return upkeep.writeEpochs();
    }

    /** Where the epoch, or the largest one below it, ends in this log. */
    public EpochEndOffset endOffsetFor(int leaderEpoch) {
        long endOffset = epochs.endOffset(leaderEpoch, logEndOffset);
        return endOffset < 0
                ? new EpochEndOffset(LeaderEpochs.NO_EPOCH, LeaderEpochs.NO_OFFSET)
                : new EpochEndOffset(epochs.floor(leaderEpoch), endOffset);
    }

    /**
     * Removes records at and above the offset (a follower that diverged). Appends and reads are
     * refused until the future completes.
     */
    public CompletableFuture<Void> truncateTo(long offset) {
        return offset >= logEndOffset
                ? CompletableFuture.completedFuture(null)
                : upkeep.truncate(Math.max(offset, logStartOffset), false);
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

    ProducerStates producerStates() {
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

    boolean isWarm(long positionInActive) {
        return segments.isWarm(positionInActive);
    }

    boolean isFsync() {
        return config.flushPolicy() == LogConfig.FlushPolicy.FSYNC;
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

    void markUnclean(UncleanLog reason) {
        unclean = reason;
    }

    void markClosed() {
        closed = true;
    }

    long lastAppendMs() {
        return lastAppendMs;
    }

    long unflushedSinceMs() {
        return unflushedSinceMs;
    }

    void onFlushed() {
        unflushedRecords = 0;
        unflushedSinceMs = -1;
        upkeep.publish();
        listener.onFlushed(this, flushedOffset());
    }

    void onOffline(Throwable cause) {
        listener.onOffline(this, cause);
    }

    void setLogStartOffset(long offset) {
        logStartOffset = offset;
    }

    void beginTruncation() {
        truncating = true;
        truncations++;
        recent.clear();
    }

    /** Takes over what was loaded after a truncation. */
    void endTruncation(LoadedLog loaded, long startOffset) {
        epochs = loaded.epochs();
        producers = loaded.producers();
        lostRanges = loaded.lostRanges();
        logStartOffset = startOffset;
        logEndOffset = loaded.logEndOffset();
        highWatermark = Math.clamp(highWatermark, logStartOffset, logEndOffset);
        producers.onHighWatermark(highWatermark);
        segments.install(loaded);
        flusher.reset(Math.min(flusher.deviceOffset(), logEndOffset));
        truncating = false;
    }
}
