package io.headrace.storage.partition;

import io.headrace.protocol.batch.BatchSet;
import io.headrace.protocol.batch.BatchView;
import io.headrace.protocol.batch.CorruptBatchException;
import io.headrace.storage.log.AppendOrigin;
import io.headrace.storage.log.EpochEndOffset;
import io.headrace.storage.log.PartitionLog;
import io.headrace.storage.log.UncleanLog;

import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * The log of a partition while it follows: takes over what the leader has, and is cut where the
 * leader's history parts from its own (KIP-101, 279, 595). Confined to the partition's loop.
 */
public final class FollowerLog {
    private static final Logger LOG = LoggerFactory.getLogger(FollowerLog.class);

    private final Partition partition;
    private final LongSupplier timeOfDayMs;
    private final List<Runnable> afterCut = new ArrayList<>(0);
    private boolean cutting;
    private int leaderEpoch = -1;
    private int heardCheck = -1;

    FollowerLog(Partition partition, LongSupplier timeOfDayMs) {
        this.partition = partition;
        this.timeOfDayMs = timeOfDayMs;
    }

    /** Follows in that epoch from now on; -1: no more. */
    void begin(int epoch) {
        leaderEpoch = epoch;
        heardCheck = -1;
    }

    /** Runs the task once the log is not being cut. */
    void whenWhole(Runnable task) {
        if (cutting) {
            afterCut.add(task);
        } else {
            task.run();
        }
    }

    /** Takes nothing and is not cut until {@link #goOn}; false if it is being cut. */
    boolean hold() {
        boolean isFree = !cutting;
        cutting = true;
        return isFree;
    }

    /** Ends a {@link #hold}, with the log as it is now. */
    void goOn(PartitionLog log) {
        onCut(log, null);
    }

    /**
     * Whether the metadata was set back: it has this node lead in an epoch before those of its
     * records. Then the log is neither led nor cut, until the epoch is raised beyond them.
     */
    boolean isSetBack(PartitionLog log, int leaderEpoch) {
        boolean isAhead = log.latestLeaderEpoch() > leaderEpoch;
        if (isAhead) {
            LOG.error(
                    "{} is not led in epoch {}: it has records of epoch {}, so the cluster's"
                            + " metadata has lost changes. Nothing is cut; restore the database,"
                            + " or run 'headrace metadata recover'",
                    partition.id(),
                    leaderEpoch,
                    log.latestLeaderEpoch());
        }
        return isAhead;
    }

    /** Tells where the log ends if nobody leads, once it is not being cut; else tells null. */
    void rest(Consumer<@Nullable RestingLog> told) {
        whenWhole(
                () -> {
                    PartitionLog log = partition.openLog();
                    boolean rests = log != null && leaderEpoch < 0 && partition.knownLeaderId() < 0;
                    told.accept(rests && log != null ? restingLog(log) : null);
                });
    }

    private RestingLog restingLog(PartitionLog log) {
        boolean failed = partition.checkLeader(-1) == Errors.KAFKA_STORAGE_ERROR;
        return new RestingLog(
                partition.id(),
                partition.knownLeaderEpoch(),
                failed ? -1 : log.latestLeaderEpoch(),
                failed ? -1 : log.logEndOffset());
    }

    /** From where to go on, or null while nothing can be taken. */
    public @Nullable FollowPoint point() {
        PartitionLog log = partition.openLog();
        return log == null || cutting || leaderEpoch < 0
                ? null
                : new FollowPoint(
                        leaderEpoch,
                        log.logEndOffset(),
                        log.latestLeaderEpoch(),
                        log.logStartOffset(),
                        Math.min(log.flushedOffset(), missingFrom(log)),
                        heardCheck);
    }

    /** The first offset that may be missing in this log: nothing from there on counts. */
    private static long missingFrom(PartitionLog log) {
        return log.unclean().map(UncleanLog::fromOffset).orElse(Long.MAX_VALUE);
    }

    /**
     * Copies what may be missing anew. A leader that answered has all that is here: it found this
     * log's end in its own. Its high watermark is not waited for: it may not move before this
     * replica is in sync. A log that ends where records may be missing needs no cut, and is whole
     * from now on: what comes next may be the last that this leader ever has to bring.
     */
    private boolean repairs(PartitionLog log) {
        long missing = missingFrom(log);
        if (missing >= log.logEndOffset() || log.logStartOffset() == log.logEndOffset()) {
            log.endsWhole();
            return false;
        }
        LOG.warn(
                "{}: copying anew from offset {}, where records may be missing here",
                partition.id(),
                missing);
        cut(log, log.truncateTo(Math.max(missing, log.logStartOffset())));
        return true;
    }

    /** The log, if it may take what was asked for in that epoch. */
    private @Nullable PartitionLog logFor(int askedInEpoch) {
        return !cutting && leaderEpoch >= 0 && leaderEpoch == askedInEpoch
                ? partition.openLog()
                : null;
    }

    /**
     * Appends what continues the log, and takes over high watermark and log start.
     *
     * @return false if what came cannot be used: ask again after a pause
     */
    public boolean take(FetchedData data) {
        PartitionLog log = logFor(data.leaderEpoch());
        if (log == null) {
            return true;
        }
        if (repairs(log)) {
            return true;
        }
        long endBefore = log.logEndOffset();
        long committedBefore = log.highWatermark();
        int bytes = data.records().remaining();
        boolean good = bytes == 0 || append(log, data, timeOfDayMs.getAsLong());
        heardCheck = Math.max(heardCheck, data.leaderCheck());
        if (data.highWatermark() >= 0) {
            log.updateHighWatermark(data.highWatermark());
        }
        long start = Math.min(data.logStartOffset(), log.highWatermark());
        if (start > log.logStartOffset()) {
            log.advanceLogStartOffset(start);
        }
        partition.onFollowed(
                log,
                log.logEndOffset() > endBefore ? bytes : 0,
                log.highWatermark() > committedBefore);
        return good;
    }

    private boolean append(PartitionLog log, FetchedData data, long nowMs) {
        ByteBuffer records = data.records();
        int maxBytes = log.config().segmentBytes();
        long next = log.logEndOffset();
        int from = -1;
        int end = -1;
        String problem = null;
        try {
            BatchSet set = BatchSet.of(records);
            while (problem == null && set.next()) {
                int index = set.index();
                if (BatchView.lastOffset(records, index) < next) {
                    continue; // had already
                }
                problem = problemOf(records, index, next, data.leaderEpoch());
                if (problem != null) {
                    break;
                }
                if (from >= 0 && set.endIndex() - from > maxBytes) {
                    write(log, records, from, end, data.leaderEpoch(), nowMs);
                    from = -1;
                }
                from = from < 0 ? index : from;
                end = set.endIndex();
                next = BatchView.lastOffset(records, index) + 1;
            }
            if (from >= 0) {
                write(log, records, from, end, data.leaderEpoch(), nowMs);
            }
        } catch (CorruptBatchException | ApiException e) {
            problem = e.getMessage();
        }
        if (problem != null) {
            LOG.error("{} cannot take what its leader sent: {}", partition.id(), problem);
        }
        return problem == null;
    }

    private static @Nullable String problemOf(
            ByteBuffer records, int index, long next, int leaderEpoch) {
        long baseOffset = BatchView.baseOffset(records, index);
        if (!BatchView.isCrcValid(records, index)) {
            return "the batch at offset " + baseOffset + " does not match its CRC";
        }
        if (baseOffset < next) {
            return "the batch at offset " + baseOffset + " reaches over the log end " + next;
        }
        if (BatchView.leaderEpoch(records, index) > leaderEpoch) {
            return "the batch at offset " + baseOffset + " is of a later epoch than the leader's";
        }
        return null;
    }

    private static void write(
            PartitionLog log, ByteBuffer records, int from, int end, int leaderEpoch, long nowMs) {
        ByteBuffer chunk = records.duplicate();
        chunk.limit(end).position(from);
        log.append(chunk, leaderEpoch, AppendOrigin.REPLICATION, nowMs);
    }

    /**
     * The leader's log parts from this one: cuts back to the largest offset up to which they can be
     * the same.
     *
     * @param epoch the largest epoch of the leader's log up to this log's last one
     * @param endOffset where that epoch ends in the leader's log
     */
    public void onDiverged(int askedInEpoch, int epoch, long endOffset) {
        PartitionLog log = logFor(askedInEpoch);
        if (log == null || endOffset < 0) {
            return;
        }
        EpochEndOffset own = log.endOffsetFor(epoch);
        long target = own.endOffset() < 0 ? endOffset : Math.min(own.endOffset(), endOffset);
        if (target < log.highWatermark()) {
            LOG.error(
                    "{}: the elected leader's log ends at offset {} in epoch {}, below the high"
                            + " watermark {} that this replica knows: committed records are lost",
                    partition.id(),
                    endOffset,
                    epoch,
                    log.highWatermark());
        } else {
            LOG.info(
                    "{}: cutting from {} back to {}, where the leader's log parts from it",
                    partition.id(),
                    log.logEndOffset(),
                    target);
        }
        cut(log, log.truncateTo(target));
    }

    /**
     * The leader has no such offset: what it has begins above this log's end.
     *
     * @return as {@link #take}
     */
    public boolean onOutOfRange(int askedInEpoch, long leaderLogStartOffset) {
        PartitionLog log = logFor(askedInEpoch);
        if (log == null) {
            return true;
        }
        boolean isBelow = log.logEndOffset() < leaderLogStartOffset;
        boolean isEmpty = log.logStartOffset() == log.logEndOffset();
        if (leaderLogStartOffset < 0 || (!isBelow && !isEmpty)) {
            return false;
        }
        LOG.info(
                "{}: going on at {}, where the leader's log begins; it ended at {}",
                partition.id(),
                leaderLogStartOffset,
                log.logEndOffset());
        cut(log, log.truncateFullyAndStartAt(leaderLogStartOffset));
        return true;
    }

    private void cut(PartitionLog log, CompletableFuture<Void> done) {
        cutting = true;
        done.whenComplete((nothing, failure) -> partition.loop().run(() -> onCut(log, failure)));
    }

    private void onCut(PartitionLog log, @Nullable Throwable failure) {
        cutting = false;
        List<Runnable> waiting = List.copyOf(afterCut);
        afterCut.clear();
        if (log != partition.openLog()) {
            return; // it was closed meanwhile
        }
        if (failure != null) {
            partition.onLogFailed("It cannot be cut: " + failure.getMessage());
            return;
        }
        waiting.forEach(Runnable::run);
        partition.onCut(log);
    }
}
