package io.headrace.storage.fetch;

import io.headrace.protocol.codec.FileRange;
import io.headrace.protocol.codec.OutboundFrame;
import io.headrace.protocol.codec.RecordsField;
import io.headrace.storage.log.LogSlice;
import io.headrace.storage.partition.FetchQuery;
import io.headrace.storage.partition.Partition;
import io.headrace.storage.partition.PartitionRead;
import io.headrace.storage.partition.ReplicaSeen;
import io.headrace.storage.repair.RepairOutcome;

import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** One partition of a fetch and what was found. Owned by whichever loop the fetch visits. */
final class FetchEntry {
    private final FetchTarget target;
    private @Nullable Partition partition;
    private PartitionRead read = PartitionRead.failed(Errors.UNKNOWN_SERVER_ERROR);
    private long boundSeen = -1;
    private @Nullable ReplicaSeen replicaSeen;
    private LogSlice.@Nullable Checked verified;
    private long reservedBytes;
    private boolean throttled;
    private @Nullable CompletableFuture<RepairOutcome> repair;

    FetchEntry(FetchTarget target) {
        this.target = target;
    }

    FetchTarget target() {
        return target;
    }

    @Nullable Partition partition() {
        return partition;
    }

    PartitionRead result() {
        return read;
    }

    /** Whether what is read counts for the leader's throttle. */
    void throttled(boolean counts) {
        throttled = counts;
    }

    boolean isThrottled() {
        return throttled;
    }

    long boundSeen() {
        return boundSeen;
    }

    /** What a replica's read saw; null for consumers and after an error. */
    @Nullable ReplicaSeen replicaSeen() {
        return replicaSeen;
    }

    /** The newest check to tell a replica of, or -1. */
    int leaderCheck() {
        ReplicaSeen seen = replicaSeen;
        return seen == null ? -1 : seen.leaderCheck();
    }

    /** The partition is not to be had here. */
    void refuse(Errors error) {
        partition = null;
        read = PartitionRead.failed(error);
    }

    void assign(Partition found) {
        partition = found;
    }

    /**
     * Reads on the partition's loop.
     *
     * @param closer nodes that are closer to the reader than this one
     * @return how many bytes were found, 0 for none
     */
    int readOn(
            Partition owner,
            int maxBytes,
            boolean minOneMessage,
            FetchQuery.Bound bound,
            boolean fromFollower,
            List<Integer> closer) {
        int limit = Math.min(target.maxBytes(), maxBytes);
        FetchQuery query =
                new FetchQuery(
                        target.fetchOffset(),
                        target.currentLeaderEpoch(),
                        target.lastFetchedEpoch(),
                        Math.max(0, limit),
                        minOneMessage,
                        bound,
                        fromFollower);
        repair = null;
        PartitionRead elsewhere = closer.isEmpty() ? null : owner.reader().redirect(query, closer);
        read = elsewhere == null ? owner.reader().read(query) : elsewhere;
        boolean found = read.error() == Errors.NONE;
        boundSeen = found ? owner.reader().visibleBound(bound) : -1;
        replicaSeen =
                found && bound == FetchQuery.Bound.LOG_END ? owner.reader().replicaSeen() : null;
        return switch (read.slice()) {
            case LogSlice.Empty empty -> 0;
            case LogSlice.Warm warm -> warm.sizeInBytes();
            case LogSlice.Cold cold -> {
                reservedBytes = Math.max(1, limit);
                yield Math.max(1, limit);
            }
        };
    }

    boolean isCold() {
        return read.slice() instanceof LogSlice.Cold;
    }

    long reservedBytes() {
        return reservedBytes;
    }

    /** Reads the range from disk and checks it, on an I/O thread. */
    void verify(LogSlice.Cold cold) throws IOException {
        verified = cold.verify();
    }

    /** What was to be read is damaged; the repair is under way, or will not be. */
    void onDamaged(CompletableFuture<RepairOutcome> underWay) {
        repair = underWay;
    }

    @Nullable CompletableFuture<RepairOutcome> repair() {
        return repair;
    }

    /** Whether there are records to answer. */
    boolean hasRecords() {
        return verified != null || read.slice() instanceof LogSlice.Warm;
    }

    /** Whether what was damaged is whole again. */
    boolean isWhole() {
        CompletableFuture<RepairOutcome> ended = repair;
        return ended != null && ended.getNow(RepairOutcome.NOT_NOW) == RepairOutcome.WHOLE;
    }

    /**
     * Answers nothing of what is damaged: no records while it is repaired, an error that has
     * clients try again when that failed, and the damage only where nobody can repair it.
     */
    void dropDamaged() {
        CompletableFuture<RepairOutcome> ended = repair;
        if (ended != null) {
            dropRecords(
                    switch (ended.getNow(RepairOutcome.WHOLE)) {
                        case WHOLE -> Errors.NONE;
                        case NOT_NOW -> Errors.KAFKA_STORAGE_ERROR;
                        case IMPOSSIBLE -> Errors.CORRUPT_MESSAGE;
                    });
        }
    }

    /** The records are not to be sent after all. */
    void dropRecords(Errors error) {
        dropVerified();
        read =
                PartitionRead.failed(
                        error,
                        read.logStartOffset(),
                        read.highWatermark(),
                        read.leaderId(),
                        read.leaderEpoch());
    }

    /** The fetch is to wait: gives back what was found. */
    void release() {
        if (read.slice() instanceof LogSlice.Warm warm) {
            warm.release();
        }
        dropVerified();
        read = read.withoutRecords();
    }

    private void dropVerified() {
        LogSlice.Checked range = verified;
        if (range != null) {
            verified = null;
            range.release();
        }
    }

    /**
     * The records for the answer, which from now on owns them.
     *
     * @param release who is told when what was read from disk is sent
     */
    RecordsField takeRecords(ColdRelease release) {
        LogSlice.Checked range = verified;
        if (range != null) {
            verified = null;
            Runnable hold = release.hold();
            Runnable onSent =
                    () -> {
                        range.release();
                        hold.run();
                    };
            return switch (range) {
                case LogSlice.Warm inFile -> inFile(inFile, onSent);
                case LogSlice.Loaded loaded ->
                        RecordsField.of(new OutboundFrame.Bytes(loaded.bytes(), onSent));
            };
        }
        if (read.slice() instanceof LogSlice.Warm warm) {
            return inFile(warm, warm::release);
        }
        return RecordsField.empty();
    }

    private static RecordsField inFile(LogSlice.Warm range, Runnable onRelease) {
        return RecordsField.of(
                new FileRange(
                        range.file().channel(), range.position(), range.sizeInBytes(), onRelease));
    }
}
