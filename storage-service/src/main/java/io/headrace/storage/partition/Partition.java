package io.headrace.storage.partition;

import io.headrace.protocol.batch.CompressionCodec;
import io.headrace.protocol.batch.ProduceRules;
import io.headrace.protocol.batch.TimestampType;
import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.storage.log.AppendOrigin;
import io.headrace.storage.log.AppendResult;
import io.headrace.storage.log.CorruptRangeException;
import io.headrace.storage.log.EpochEndOffset;
import io.headrace.storage.log.LogConfig;
import io.headrace.storage.log.LogSlice;
import io.headrace.storage.log.PartitionLog;
import io.headrace.storage.purgatory.ParkedFetch;
import io.headrace.storage.replication.Replication;
import io.headrace.storage.replication.ReplicationEffect;
import io.headrace.storage.replication.ReplicationEvent;
import io.headrace.storage.replication.ReplicationEvent.EpochStarted;
import io.headrace.storage.replication.ReplicationEvent.LogAdvanced;
import io.headrace.storage.replication.ReplicationEvent.LogFailed;
import io.headrace.storage.replication.ReplicationEvent.MetadataApplied;
import io.headrace.storage.replication.ReplicationState;
import io.headrace.storage.replication.ReplicationState.Leading;
import io.headrace.storage.replication.ReplicationState.Offline;
import io.headrace.transport.loop.Loop;

import org.apache.kafka.common.TopicIdPartition;
import org.apache.kafka.common.errors.OffsetOutOfRangeException;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * One partition of this node: its log, who leads it, and who waits for it. Confined to its loop but
 * for what says "any thread".
 */
public final class Partition {
    private static final Logger LOG = LoggerFactory.getLogger(Partition.class);

    private final TopicIdPartition id;
    private final Loop loop;
    private final LongSupplier clockMs;
    private final Replication replication;
    private final PartitionWaiters waiters;
    private final ShardFence shardFence;
    private final CompletableFuture<Void> firstSettled = new CompletableFuture<>();

    private @Nullable PartitionLog log;
    private @Nullable MetadataApplied pendingMetadata;
    private boolean closed;
    private long appendedBytes;

    private volatile ProduceRules produceRules = ProduceRules.DEFAULT;
    private volatile PartitionStats stats = PartitionStats.NONE;

    Partition(TopicIdPartition id, Loop loop, int nodeId, ShardFence fence, LongSupplier clockMs) {
        this.id = id;
        this.loop = loop;
        this.clockMs = clockMs;
        this.replication = new Replication(nodeId);
        this.waiters = new PartitionWaiters(loop, clockMs);
        this.shardFence = fence;
    }

    /** Any thread. */
    public TopicIdPartition id() {
        return id;
    }

    /** The loop that owns this partition. Any thread. */
    public Loop loop() {
        return loop;
    }

    /** What produced data must obey, as last configured. Any thread. */
    public ProduceRules produceRules() {
        return produceRules;
    }

    /** Figures of a moment ago. Any thread. */
    public PartitionStats stats() {
        return stats;
    }

    /** Completes once the first metadata took effect or the log could not be opened. Any thread. */
    CompletableFuture<Void> firstSettled() {
        return firstSettled;
    }

    /** The fence of a shard topic's partition. */
    public ShardFence shardFence() {
        return shardFence;
    }

    // Life: the log comes, metadata comes, the log goes.

    void onOpened(PartitionLog opened) {
        if (closed) {
            return;
        }
        log = opened;
        applyRules(opened.config());
        opened.listen(
                new PartitionLog.Listener() {
                    @Override
                    public void onFlushed(PartitionLog source, long flushedOffset) {
                        if (source == log) {
                            onAdvanced(source);
                        }
                    }

                    @Override
                    public void onOffline(PartitionLog source, Throwable cause) {
                        if (source == log) {
                            onLogFailed(String.valueOf(cause.getMessage()));
                        }
                    }
                });
        MetadataApplied metadata = pendingMetadata;
        if (metadata != null) {
            pendingMetadata = null;
            onMetadata(metadata.image(), metadata.nodeEpoch());
        }
    }

    void onOpenFailed(Throwable cause) {
        LOG.error("Cannot open the log of {}", id, cause);
        onLogFailed(String.valueOf(cause.getMessage()));
    }

    private void onLogFailed(String reason) {
        LOG.error("{} is offline: {}", id, reason);
        run(new LogFailed(reason));
        waiters.fail(Errors.KAFKA_STORAGE_ERROR);
        firstSettled.complete(null);
    }

    void onMetadata(PartitionImage image, long nodeEpoch) {
        PartitionLog current = log;
        if (current == null) {
            pendingMetadata = new MetadataApplied(image, nodeEpoch, 0);
            return;
        }
        run(new MetadataApplied(image, nodeEpoch, current.highWatermark()));
        if (!(replication.state() instanceof ReplicationState.Starting)) {
            firstSettled.complete(null);
        }
    }

    void onConfig(LogConfig config) {
        PartitionLog current = log;
        if (current != null) {
            current.updateConfig(config);
        }
        applyRules(config);
    }

    private void applyRules(LogConfig config) {
        String codec = config.compressionType();
        produceRules =
                new ProduceRules(
                        switch (codec) {
                            case "producer" -> null;
                            case "uncompressed" -> CompressionCodec.NONE;
                            default -> CompressionCodec.forConfigName(codec);
                        },
                        switch (codec) {
                            case "gzip" -> OptionalInt.of(config.compressionGzipLevel());
                            case "lz4" -> OptionalInt.of(config.compressionLz4Level());
                            case "zstd" -> OptionalInt.of(config.compressionZstdLevel());
                            default -> OptionalInt.empty();
                        },
                        config.logAppendTime()
                                ? TimestampType.LOG_APPEND_TIME
                                : TimestampType.CREATE_TIME,
                        config.messageTimestampBeforeMaxMs(),
                        config.messageTimestampAfterMaxMs(),
                        config.maxMessageBytes(),
                        config.compact(),
                        ProduceRules.DEFAULT.maxDecompressedBytes());
    }

    /** Ends all waiting; the log is no longer this partition's. */
    void close(Errors reason) {
        closed = true;
        log = null;
        waiters.fail(reason);
        firstSettled.complete(null);
        stats = PartitionStats.NONE;
    }

    // Leadership.

    /** NONE if this node leads and the caller's leader epoch, unless it is -1, is the current. */
    public Errors checkLeader(int callersLeaderEpoch) {
        if (closed) {
            return Errors.NOT_LEADER_OR_FOLLOWER;
        }
        if (replication.state() instanceof Offline) {
            return Errors.KAFKA_STORAGE_ERROR;
        }
        PartitionImage image = replication.image();
        if (image != null && callersLeaderEpoch >= 0) {
            if (callersLeaderEpoch < image.leaderEpoch()) {
                return Errors.FENCED_LEADER_EPOCH;
            }
            if (callersLeaderEpoch > image.leaderEpoch()) {
                return Errors.UNKNOWN_LEADER_EPOCH;
            }
        }
        return replication.state() instanceof Leading && log != null
                ? Errors.NONE
                : Errors.NOT_LEADER_OR_FOLLOWER;
    }

    /** The log; only after {@link #checkLeader} answered NONE in the same task. */
    public PartitionLog log() {
        PartitionLog current = log;
        if (current == null) {
            throw new IllegalStateException(id + " has no open log");
        }
        return current;
    }

    /** The epoch in which this node leads, or -1. */
    public int leaderEpoch() {
        return replication.state() instanceof Leading leading ? leading.leaderEpoch() : -1;
    }

    public int knownLeaderId() {
        PartitionImage image = replication.image();
        return image == null ? -1 : image.leaderId();
    }

    public int knownLeaderEpoch() {
        PartitionImage image = replication.image();
        return image == null ? -1 : image.leaderEpoch();
    }

    public boolean hasEnoughInSync() {
        return replication.hasEnoughInSync();
    }

    // Writing.

    /**
     * Appends checked batches; this node must lead. Ask {@link #awaitCommit} or {@link #awaitFlush}
     * afterwards.
     *
     * @throws org.apache.kafka.common.errors.ApiException the protocol's error
     */
    public AppendResult append(ByteBuffer batches, AppendOrigin origin) {
        PartitionLog current = log();
        int size = batches.remaining();
        AppendResult result = current.append(batches, leaderEpoch(), origin, clockMs.getAsLong());
        if (!result.duplicate()) {
            appendedBytes += size;
        }
        current.requestFlush();
        onAdvanced(current);
        return result;
    }

    /** Calls back once the offset is committed (acks=all), failed or the time is up. */
    public void awaitCommit(long nextOffset, long deadlineMs, Consumer<Errors> whenDone) {
        if (replication.highWatermark() >= nextOffset) {
            whenDone.accept(Errors.NONE);
        } else {
            waiters.awaitCommit(nextOffset, deadlineMs, whenDone);
        }
    }

    /** Calls back once the leader has the offset stored as the flush policy says (acks=1). */
    public void awaitFlush(long nextOffset, long deadlineMs, Consumer<Errors> whenDone) {
        if (log().flushedOffset() >= nextOffset) {
            whenDone.accept(Errors.NONE);
        } else {
            waiters.awaitFlush(nextOffset, deadlineMs, whenDone);
        }
    }

    private void onAdvanced(PartitionLog current) {
        run(new LogAdvanced(current.flushedOffset(), current.logEndOffset()));
        waiters.onFlushed(current.flushedOffset());
    }

    // Reading.

    /** Finds what a reader asked for; never blocks. */
    public PartitionRead read(FetchQuery query) {
        Errors error = checkLeader(query.currentLeaderEpoch());
        if (error != Errors.NONE) {
            return PartitionRead.failed(error, -1, -1, knownLeaderId(), knownLeaderEpoch());
        }
        PartitionLog current = log();
        long highWatermark = current.highWatermark();
        long lastStable = current.lastStableOffset();
        EpochEndOffset diverging = diverging(current, query);
        if (diverging != null) {
            return new PartitionRead(
                    Errors.NONE,
                    highWatermark,
                    lastStable,
                    current.logStartOffset(),
                    new LogSlice.Empty(),
                    null,
                    diverging,
                    knownLeaderId(),
                    knownLeaderEpoch());
        }
        long bound =
                switch (query.bound()) {
                    case READ_UNCOMMITTED -> highWatermark;
                    case READ_COMMITTED -> lastStable;
                    case LOG_END -> current.logEndOffset();
                };
        try {
            // Also without room, an offset out of range is to be told.
            LogSlice slice =
                    query.maxBytes() > 0 || query.minOneMessage() || isOutOfRange(current, query)
                            ? current.read(
                                    query.fetchOffset(),
                                    query.maxBytes(),
                                    query.minOneMessage(),
                                    bound)
                            : new LogSlice.Empty();
            boolean committedOnly = query.bound() == FetchQuery.Bound.READ_COMMITTED;
            return new PartitionRead(
                    Errors.NONE,
                    highWatermark,
                    lastStable,
                    current.logStartOffset(),
                    slice,
                    committedOnly && !(slice instanceof LogSlice.Empty)
                            ? current.abortedTransactions(query.fetchOffset(), lastStable)
                            : null,
                    null,
                    knownLeaderId(),
                    knownLeaderEpoch());
        } catch (OffsetOutOfRangeException e) {
            return failedRead(Errors.OFFSET_OUT_OF_RANGE, current);
        } catch (CorruptRangeException e) {
            LOG.error("{} has a damaged range at offset {}", id, e.fromOffset(), e);
            return failedRead(Errors.CORRUPT_MESSAGE, current);
        }
    }

    private static boolean isOutOfRange(PartitionLog log, FetchQuery query) {
        return query.fetchOffset() < log.logStartOffset()
                || query.fetchOffset() > log.logEndOffset();
    }

    private static @Nullable EpochEndOffset diverging(PartitionLog log, FetchQuery query) {
        if (query.lastFetchedEpoch() < 0) {
            return null;
        }
        EpochEndOffset end = log.endOffsetFor(query.lastFetchedEpoch());
        boolean same =
                end.leaderEpoch() == query.lastFetchedEpoch()
                        && end.endOffset() >= query.fetchOffset();
        return same || end.endOffset() < 0 ? null : end;
    }

    private PartitionRead failedRead(Errors error, PartitionLog current) {
        return PartitionRead.failed(
                error,
                current.logStartOffset(),
                current.highWatermark(),
                knownLeaderId(),
                knownLeaderEpoch());
    }

    /**
     * Parks a fetch until more is visible.
     *
     * @param boundSeen the bound of visible offsets that its read saw
     * @return false if more is visible already or nothing can come: the fetch is to read again
     */
    public boolean park(ParkedFetch fetch, FetchQuery.Bound bound, long boundSeen) {
        if (checkLeader(-1) != Errors.NONE || visibleBound(bound) != boundSeen) {
            return false;
        }
        return waiters.park(fetch, appendedBytes);
    }

    /** The exclusive bound of what a reader may see. */
    public long visibleBound(FetchQuery.Bound bound) {
        PartitionLog current = log();
        return switch (bound) {
            case READ_UNCOMMITTED -> current.highWatermark();
            case READ_COMMITTED -> current.lastStableOffset();
            case LOG_END -> current.logEndOffset();
        };
    }

    public void unpark(ParkedFetch fetch) {
        waiters.unpark(fetch);
    }

    /**
     * Deletes the records below an offset.
     *
     * @param offset -1 for the high watermark
     * @return the first offset left
     */
    public long deleteRecords(long offset) {
        PartitionLog current = log();
        long target = offset == -1 ? current.highWatermark() : offset;
        if (target < 0 || target > current.highWatermark()) {
            throw new OffsetOutOfRangeException(
                    "The offset " + offset + " lies above the high watermark of " + id);
        }
        return current.advanceLogStartOffset(target);
    }

    // Replication.

    /** A follower's fetch arrived. */
    public void onFollowerFetch(ReplicationEvent.FollowerFetched fetched) {
        run(fetched);
    }

    private void run(ReplicationEvent event) {
        List<ReplicationEffect> effects = replication.step(event);
        for (int i = 0; i < effects.size(); i++) {
            perform(effects.get(i));
        }
    }

    private void perform(ReplicationEffect effect) {
        switch (effect) {
            case ReplicationEffect.BeginEpoch(int leaderEpoch) -> beginEpoch(leaderEpoch);
            case ReplicationEffect.Lead(int leaderEpoch) -> {
                LOG.debug("Leading {} in epoch {}", id, leaderEpoch);
                log().requestFlush();
                firstSettled.complete(null);
            }
            case ReplicationEffect.MoveHighWatermark(long highWatermark) ->
                    onHighWatermark(highWatermark);
            case ReplicationEffect.StopLeading(int leaderEpoch) -> {
                LOG.info("No longer leading {} (epoch {})", id, leaderEpoch);
                waiters.fail(Errors.NOT_LEADER_OR_FOLLOWER);
            }
        }
    }

    private void beginEpoch(int leaderEpoch) {
        PartitionLog current = log();
        current.startLeaderEpoch(leaderEpoch)
                .whenComplete(
                        (done, failure) ->
                                loop.run(() -> onEpochDurable(current, leaderEpoch, failure)));
    }

    private void onEpochDurable(
            PartitionLog current, int leaderEpoch, @Nullable Throwable failure) {
        if (current != log) {
            return;
        }
        if (failure != null) {
            onLogFailed("Epoch " + leaderEpoch + " cannot begin: " + failure.getMessage());
            return;
        }
        run(new EpochStarted(leaderEpoch, current.flushedOffset(), current.logEndOffset()));
    }

    private void onHighWatermark(long highWatermark) {
        PartitionLog current = log();
        current.updateHighWatermark(highWatermark);
        waiters.onCommitted(highWatermark);
        waiters.onGrown(appendedBytes);
    }

    void refreshStats() {
        PartitionLog current = log;
        PartitionImage image = replication.image();
        if (current == null || image == null) {
            return;
        }
        boolean leads = replication.state() instanceof Leading;
        stats =
                new PartitionStats(
                        leads,
                        leads && image.isr().size() < image.assignedReplicas().size(),
                        current.logStartOffset(),
                        current.logEndOffset(),
                        current.sizeInBytes());
    }
}
