package io.headrace.storage.sharefetch;

import io.headrace.protocol.batch.AbortedTransaction;
import io.headrace.protocol.codec.FileRange;
import io.headrace.protocol.codec.OutboundFrame;
import io.headrace.protocol.codec.RecordsField;
import io.headrace.storage.fetch.ColdRelease;
import io.headrace.storage.log.LogSlice;
import io.headrace.storage.partition.Partition;
import io.headrace.storage.share.AcknowledgementBatch;
import io.headrace.storage.share.AcquiredRange;
import io.headrace.storage.share.SharedPartition;

import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.List;

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
}
