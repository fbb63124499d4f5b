package io.headrace.storage.sharefetch;

import io.headrace.protocol.batch.read.AbortedTransaction;
import io.headrace.protocol.codec.FileRange;
import io.headrace.protocol.codec.OutboundFrame;
import io.headrace.protocol.codec.RecordsField;
import io.headrace.storage.fetch.ColdRelease;
import io.headrace.storage.log.LogSlice;
import io.headrace.storage.partition.Partition;
import io.headrace.storage.repair.RepairOutcome;
import io.headrace.storage.share.AcknowledgementBatch;
import io.headrace.storage.share.AcquiredRange;
import io.headrace.storage.share.SharedPartition;

import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** One partition of a share request and what was found. Owned by whichever loop has the request. */
final class ShareEntry {
    final SharedPartition id;
    final List<AcknowledgementBatch> acknowledgements;

    /** Whether it is to be fetched. */
    final boolean fetches;

    /** Whether it is to be answered in any case. */
    final boolean isNamed;

    @Nullable Partition partition;
    @Nullable LiveSharePartition live;
    Errors error = Errors.NONE;
    volatile Errors acknowledgeError = Errors.NONE;
    int leaderId = -1;
    int leaderEpoch = -1;

    /** What the read saw, to know whether to wait for more. */
    long boundSeen = -1;

    long changesSeen = -1;

    @Nullable ColdRead cold;

    /** What was to be read is damaged; its repair is under way, or will not be. */
    @Nullable CompletableFuture<RepairOutcome> repair;

    List<AcquiredRange> acquired = List.of();
    LogSlice.@Nullable Warm warm;
    @Nullable ByteBuffer loaded;

    /** A read from disk that this request does for the share partition. */
    record ColdRead(
            LogSlice.Cold slice,
            long fetchOffset,
            @Nullable List<AbortedTransaction> aborted,
            long reservedBytes) {}

    ShareEntry(
            SharedPartition id,
            List<AcknowledgementBatch> acknowledgements,
            boolean fetches,
            boolean isNamed) {
        this.id = id;
        this.acknowledgements = acknowledgements;
        this.fetches = fetches;
        this.isNamed = isNamed;
    }

    void refuse(Errors why) {
        error = why;
        if (!acknowledgements.isEmpty()) {
            acknowledgeError = why;
        }
    }

    /** What a warm read gave: its holder is this entry from now on. */
    void onAcquired(LogSlice.Warm slice, ScannedBatches.Span span, List<AcquiredRange> ranges) {
        acquired = ranges;
        warm =
                new LogSlice.Warm(
                        slice.file(),
                        slice.position() + span.start(),
                        span.sizeInBytes(),
                        slice.position() + span.end());
    }

    void onAcquired(ByteBuffer bytes, ScannedBatches.Span span, List<AcquiredRange> ranges) {
        acquired = ranges;
        loaded = bytes.slice(bytes.position() + span.start(), span.sizeInBytes());
    }

    /** Whether what was damaged is whole again. */
    boolean isWhole() {
        CompletableFuture<RepairOutcome> ended = repair;
        return ended != null && ended.getNow(RepairOutcome.NOT_NOW) == RepairOutcome.WHOLE;
    }

    /**
     * Says of what is damaged: nothing while it is repaired, an error that has members try again
     * when that failed, and the damage only where nobody can repair it.
     */
    void tellOfDamage() {
        CompletableFuture<RepairOutcome> ended = repair;
        if (ended != null) {
            error =
                    switch (ended.getNow(RepairOutcome.WHOLE)) {
                        case WHOLE -> Errors.NONE;
                        case NOT_NOW -> Errors.KAFKA_STORAGE_ERROR;
                        case IMPOSSIBLE -> Errors.CORRUPT_MESSAGE;
                    };
        }
    }

    /** The records for the answer, which owns them from now on. */
    RecordsField takeRecords(ColdRelease release) {
        ByteBuffer bytes = loaded;
        LogSlice.Warm range = warm;
        loaded = null;
        warm = null;
        if (bytes != null) {
            return RecordsField.of(new OutboundFrame.Bytes(bytes, release.hold()));
        }
        return range == null
                ? RecordsField.empty()
                : RecordsField.of(
                        new FileRange(
                                range.file().channel(),
                                range.position(),
                                range.sizeInBytes(),
                                range::release));
    }

    boolean hasNews() {
        return error != Errors.NONE || !acquired.isEmpty();
    }

    /**
     * Whether this partition is in the answer: its acknowledgements, and news of what is fetched.
     * What is wrong with other partitions of the session is no answer to acknowledgements;
     * librdkafka takes what it did not name for its own.
     *
     * @param isFetch whether the request reads the session's partitions
     * @param onlyAcknowledges whether it is a ShareAcknowledge, which gets all it named
     */
    boolean isTold(boolean isFetch, boolean onlyAcknowledges) {
        return !acknowledgements.isEmpty()
                || (hasNews() && (isFetch || isNamed))
                || (onlyAcknowledges && isNamed);
    }
}
