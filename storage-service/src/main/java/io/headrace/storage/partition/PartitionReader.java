package io.headrace.storage.partition;

import io.headrace.storage.log.CorruptRangeException;
import io.headrace.storage.log.EpochEndOffset;
import io.headrace.storage.log.LogSlice;
import io.headrace.storage.log.PartitionLog;
import io.headrace.storage.purgatory.ParkedFetch;

import org.apache.kafka.common.errors.KafkaStorageException;
import org.apache.kafka.common.errors.OffsetOutOfRangeException;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.List;

/** Finds what a reader asked for in a partition's log. Confined to the partition's loop. */
public final class PartitionReader {
    private static final Logger LOG = LoggerFactory.getLogger(PartitionReader.class);

    private final Partition partition;
    private final PartitionWaiters waiters;

    PartitionReader(Partition partition, PartitionWaiters waiters) {
        this.partition = partition;
        this.waiters = waiters;
    }

    /** Finds what a reader asked for; never blocks. */
    public PartitionRead read(FetchQuery query) {
        Errors error =
                query.fromFollower()
                        ? partition.checkReadable(query.currentLeaderEpoch())
                        : partition.checkLeader(query.currentLeaderEpoch());
        return error == Errors.NONE
                ? read(partition.log(), query)
                : PartitionRead.failed(
                        error, -1, -1, partition.knownLeaderId(), partition.knownLeaderEpoch());
    }

    /**
     * Parks a consumer's fetch until more is visible.
     *
     * @param boundSeen the bound of visible offsets that its read saw
     * @return false if more is visible already or nothing can come: the fetch is to read again
     */
    public boolean park(ParkedFetch fetch, FetchQuery.Bound bound, long boundSeen) {
        return partition.openLog() != null
                && partition.checkReadable(-1) == Errors.NONE
                && visibleBound(bound) == boundSeen
                && waiters.park(fetch, partition.appendedBytes());
    }

    /**
     * Parks a replica's fetch until there is more, or the high watermark moves, or a check begins.
     *
     * @param seen what its read saw
     * @return as {@link #park}
     */
    public boolean parkReplica(ParkedFetch fetch, ReplicaSeen seen) {
        return partition.checkLeader(-1) == Errors.NONE
                && seen.equals(replicaSeen())
                && waiters.parkReplica(fetch, partition.appendedBytes());
    }

    /** Whether the replica is in sync, or may be once an answer of the controller is known. */
    public boolean mayBeInSync(int replicaId) {
        return partition.replication().mayBeInSync(replicaId);
    }

    /** What a replica's fetch sees now; this node leads. */
    public ReplicaSeen replicaSeen() {
        PartitionLog current = partition.log();
        return new ReplicaSeen(
                current.logEndOffset(),
                current.highWatermark(),
                partition.replication().lastCheck());
    }

    /** The exclusive bound of what a reader may see. */
    public long visibleBound(FetchQuery.Bound bound) {
        PartitionLog current = partition.log();
        return switch (bound) {
            case READ_UNCOMMITTED -> current.highWatermark();
            case READ_COMMITTED -> current.lastStableOffset();
            case LOG_END -> current.logEndOffset();
        };
    }

    public void unpark(ParkedFetch fetch) {
        waiters.unpark(fetch);
    }

    private PartitionRead read(PartitionLog log, FetchQuery query) {
        if (query.lastFetchedEpoch() >= 0) {
            EpochEndOffset end = log.endOffsetFor(query.lastFetchedEpoch());
            if (end.endOffset() < 0) {
                // An epoch after this leader's own: its metadata is behind, or was set back.
                return failed(Errors.UNKNOWN_LEADER_EPOCH, log);
            }
            if (!contains(end, query.lastFetchedEpoch(), query.fetchOffset())) {
                return found(log, new LogSlice.Empty(), end, query);
            }
        }
        long bound = visibleBound(query.bound());
        try {
            // Also without room, an offset out of range is to be told.
            LogSlice slice =
                    query.maxBytes() > 0 || query.minOneMessage() || isOutOfRange(log, query)
                            ? log.read(
                                    query.fetchOffset(),
                                    query.maxBytes(),
                                    query.minOneMessage(),
                                    bound)
                            : new LogSlice.Empty();
            return found(log, slice, null, query);
        } catch (OffsetOutOfRangeException e) {
            return failed(Errors.OFFSET_OUT_OF_RANGE, log);
        } catch (CorruptRangeException e) {
            LOG.error("{} has a damaged range at offset {}", partition.id(), e.fromOffset(), e);
            return failed(Errors.CORRUPT_MESSAGE, log);
        } catch (KafkaStorageException e) {
            // The directory went offline; this partition has not heard of it yet.
            return failed(Errors.KAFKA_STORAGE_ERROR, log);
        }
    }

    /**
     * Whether a replica's log up to its end is this leader's too.
     *
     * @param lastFetchedEpoch the epoch of its last record, or -1
     */
    public boolean hasSameHistory(int lastFetchedEpoch, long fetchOffset) {
        PartitionLog log = partition.openLog();
        return log != null
                && (lastFetchedEpoch < 0
                        ? fetchOffset <= log.logEndOffset()
                        : contains(
                                log.endOffsetFor(lastFetchedEpoch), lastFetchedEpoch, fetchOffset));
    }

    private static boolean contains(EpochEndOffset end, int lastFetchedEpoch, long fetchOffset) {
        return end.leaderEpoch() == lastFetchedEpoch && end.endOffset() >= fetchOffset;
    }

    private PartitionRead found(
            PartitionLog log,
            LogSlice slice,
            @Nullable EpochEndOffset diverging,
            FetchQuery query) {
        long lastStable = log.lastStableOffset();
        boolean committedOnly = query.bound() == FetchQuery.Bound.READ_COMMITTED;
        return new PartitionRead(
                Errors.NONE,
                log.highWatermark(),
                lastStable,
                log.logStartOffset(),
                slice,
                committedOnly && !(slice instanceof LogSlice.Empty)
                        ? log.abortedTransactions(query.fetchOffset(), lastStable)
                        : null,
                diverging,
                partition.knownLeaderId(),
                partition.knownLeaderEpoch(),
                -1);
    }

    /**
     * Answers that another replica is to be read instead, when this node leads and that one is in
     * sync and has the offset (KIP-392).
     *
     * @param candidates nodes that are closer to the reader
     * @return null if there is none
     */
    public @Nullable PartitionRead redirect(FetchQuery query, List<Integer> candidates) {
        if (partition.checkLeader(query.currentLeaderEpoch()) != Errors.NONE) {
            return null;
        }
        PartitionLog log = partition.log();
        long offset = query.fetchOffset();
        for (int candidate : candidates) {
            long end = partition.replication().inSyncOffsetOf(candidate);
            if (offset >= log.logStartOffset()
                    && offset <= end
                    && candidate != partition.nodeId()) {
                return new PartitionRead(
                        Errors.NONE,
                        log.highWatermark(),
                        log.lastStableOffset(),
                        log.logStartOffset(),
                        new LogSlice.Empty(),
                        null,
                        null,
                        partition.knownLeaderId(),
                        partition.knownLeaderEpoch(),
                        candidate);
            }
        }
        return null;
    }

    private PartitionRead failed(Errors error, PartitionLog log) {
        return PartitionRead.failed(
                error,
                log.logStartOffset(),
                log.highWatermark(),
                partition.knownLeaderId(),
                partition.knownLeaderEpoch());
    }

    private static boolean isOutOfRange(PartitionLog log, FetchQuery query) {
        return query.fetchOffset() < log.logStartOffset()
                || query.fetchOffset() > log.logEndOffset();
    }
}
