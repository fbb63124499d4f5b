package io.headrace.storage.log;

import io.headrace.protocol.batch.read.RecordSearch;
import io.headrace.protocol.batch.read.TimestampedOffset;
import io.headrace.storage.file.LogFile;
import io.headrace.storage.file.OpenFiles;
import io.headrace.storage.segment.BatchHeaders;
import io.headrace.storage.segment.BatchPosition;
import io.headrace.storage.segment.Segment;
import io.headrace.storage.segment.SparseIndex;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;

/** Finds records by time: made on the owner loop, of what is there then; run on an I/O thread. */
final class TimestampSearch {
    private static final long DECOMPRESSED_MAX_BYTES = 256L << 20;

    private final OpenFiles openFiles;
    private final Segment[] segments;
    private final SparseIndex.View activeOffsets;
    private final SparseIndex.View activeTimes;
    private final long activeSizeInBytes;
    private final long activeMaxTimestampMs;
    private final long startOffset;
    private final long bound;

    TimestampSearch(PartitionLog log, OpenFiles openFiles) {
        this.openFiles = openFiles;
        this.segments = log.segments().all();
        Segment active = log.activeSegment();
        this.activeOffsets = active.offsets().view();
        this.activeTimes = active.times().view();
        this.activeSizeInBytes = active.sizeInBytes();
        this.activeMaxTimestampMs = active.maxTimestampMs();
        this.startOffset = log.logStartOffset();
        this.bound = log.highWatermark();
    }

    /** Something that may be asked of a search. */
    @FunctionalInterface
    interface Question {
        Optional<TimestampedOffset> answer(TimestampSearch search) throws IOException;
    }

    Optional<TimestampedOffset> firstAtOrAfter(long timestampMs) throws IOException {
        for (Segment segment : segments) {
            if (maxTimestampOf(segment) < timestampMs) {
                continue;
            }
            SparseIndex.Entry before = times(segment).floor(timestampMs - 1);
            long from =
                    before.isNone() ? segment.baseOffset() : segment.baseOffset() + before.value();
            TimestampedOffset found = scan(segment, from, timestampMs);
            if (found != null) {
                return Optional.of(found);
            }
        }
        return Optional.empty();
    }

    Optional<TimestampedOffset> maxTimestamp() throws IOException {
        long largest = -1;
        for (Segment segment : segments) {
            largest = Math.max(largest, maxTimestampOf(segment));
        }
        // The first record with the largest time below the bound: that time may lie above it.
        Optional<TimestampedOffset> exact =
                largest < 0 ? Optional.empty() : firstAtOrAfter(largest);
        return exact.isPresent() ? exact : maxByScan();
    }

    private Optional<TimestampedOffset> maxByScan() throws IOException {
        TimestampedOffset best = null;
        for (Segment segment : segments) {
            LogFile file = SegmentReplacedException.open(openFiles, segment);
            try {
                BatchHeaders headers = new BatchHeaders(file, endOf(segment));
                BatchPosition batch = headers.at(0);
                while (batch != null && batch.lastOffset() < bound) {
                    if (best == null || batch.maxTimestampMs() > best.timestampMs()) {
                        TimestampedOffset found =
                                RecordSearch.maxTimestamp(
                                        read(file, batch), 0, DECOMPRESSED_MAX_BYTES);
                        best = found == null ? best : found;
                    }
                    batch = headers.at(batch.nextPosition());
                }
            } finally {
                file.release();
            }
        }
        return Optional.ofNullable(best);
    }

    private boolean isActive(Segment segment) {
        return segment.baseOffset() == segments[segments.length - 1].baseOffset();
    }

    private long maxTimestampOf(Segment segment) throws IOException {
        return isActive(segment) ? activeMaxTimestampMs : segment.loadMaxTimestampMs();
    }

    private SparseIndex.View times(Segment segment) {
        return isActive(segment) ? activeTimes : segment.times().view();
    }

    private long endOf(Segment segment) {
        return isActive(segment) ? activeSizeInBytes : segment.sizeInBytes();
    }

    private @Nullable TimestampedOffset scan(Segment segment, long fromOffset, long timestampMs)
            throws IOException {
        LogFile file = SegmentReplacedException.open(openFiles, segment);
        try {
            long end = endOf(segment);
            SparseIndex.View offsets = isActive(segment) ? activeOffsets : segment.offsets().view();
            BatchHeaders headers = new BatchHeaders(file, end);
            BatchPosition batch = segment.seek(file, offsets, fromOffset, end);
            while (batch != null && batch.baseOffset() < bound) {
                if (batch.maxTimestampMs() >= timestampMs) {
                    TimestampedOffset found =
                            RecordSearch.firstAtOrAfter(
                                    read(file, batch),
                                    0,
                                    timestampMs,
                                    startOffset,
                                    DECOMPRESSED_MAX_BYTES);
                    if (found != null) {
                        return found.offset() < bound ? found : null;
                    }
                }
                batch = headers.at(batch.nextPosition());
            }
            return null;
        } finally {
            file.release();
        }
    }

    private static ByteBuffer read(LogFile file, BatchPosition batch) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(batch.sizeInBytes());
        file.readFully(bytes, batch.position());
        return bytes.flip();
    }
}
