package io.headrace.storage.log;

import io.headrace.protocol.batch.read.TimestampedOffset;
import io.headrace.storage.recovery.LostRange;
import io.headrace.storage.segment.Segment;

import org.apache.kafka.common.protocol.Errors;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * The read side of one log: finds batches by offset and records by timestamp. Confined to the log's
 * owner loop; what blocks runs on the I/O executor.
 */
final class LogLookups {
    private final PartitionLog log;
    private final ReadAhead readAhead;

    private List<LostRange> lostRanges;
    private long truncations;

    LogLookups(PartitionLog log, List<LostRange> lostRanges) {
        this.log = log;
        this.readAhead = new ReadAhead(log);
        this.lostRanges = lostRanges;
    }

    /** Cold slices made until now are no longer current. */
    void onTruncation() {
        truncations++;
    }

    /** Takes over the lost ranges loaded after a truncation. */
    void install(List<LostRange> loaded) {
        lostRanges = loaded;
    }

    /** Whether nothing was truncated since the slice was made. */
    boolean isCurrent(LogSlice.Cold slice) {
        return slice.truncations() == truncations;
    }

    /** See {@link PartitionLog#read}; the log has been found usable. */
    LogSlice read(long fetchOffset, int maxBytes, boolean minOneMessage, long upperBoundOffset) {
        if (fetchOffset < log.logStartOffset() || fetchOffset > log.logEndOffset()) {
            throw Errors.OFFSET_OUT_OF_RANGE.exception(
                    "Received request for offset "
                            + fetchOffset
                            + " for partition "
                            + log.id().topicPartition()
                            + ", but we only have log segments from offset "
                            + log.logStartOffset()
                            + " up to "
                            + log.logEndOffset());
        }
        long bound = Math.min(upperBoundOffset, log.logEndOffset());
        if (fetchOffset >= bound || (maxBytes <= 0 && !minOneMessage)) {
            return new LogSlice.Empty();
        }
        for (LostRange lost : lostRanges) {
            if (lost.contains(fetchOffset)) {
                throw new CorruptRangeException(
                        "Offset "
                                + fetchOffset
                                + " of "
                                + log.id().topicPartition()
                                + " is in a lost range, up to "
                                + lost.endOffset(),
                        fetchOffset);
            }
        }
        try {
            LogSlice.Warm warm = LogReader.warm(log, fetchOffset, maxBytes, minOneMessage, bound);
            if (warm != null && warm.sizeInBytes() == 0) {
                warm.release();
                return new LogSlice.Empty();
            }
            return warm != null ? warm : cold(fetchOffset, maxBytes, minOneMessage, bound);
        } catch (IOException e) {
            log.directory().fail(e);
            throw Errors.KAFKA_STORAGE_ERROR.exception(
                    "Read of " + log.id().topicPartition() + " failed: " + e.getMessage());
        }
    }

    private LogSlice.Cold cold(long offset, int maxBytes, boolean minOneMessage, long bound) {
        Segment active = log.segments().active();
        return new LogSlice.Cold(
                new LogReader.Cold(
                        log,
                        readAhead,
                        log.context().openFiles(),
                        Arrays.asList(log.segments().all()),
                        log.segments().floorIndex(offset),
                        active.offsets().view(),
                        active.sizeInBytes(),
                        log.logEndOffset(),
                        log.epochs().copy(),
                        offset,
                        maxBytes,
                        minOneMessage,
                        bound,
                        truncations,
                        null),
                truncations);
    }

    /** Searches on an I/O thread, anew when compaction replaces a segment meanwhile. */
    CompletableFuture<Optional<TimestampedOffset>> search(TimestampSearch.Question ask) {
        TimestampSearch search = new TimestampSearch(log, log.context().openFiles());
        return log.upkeep()
                .tasks()
                .onIo(
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
}
