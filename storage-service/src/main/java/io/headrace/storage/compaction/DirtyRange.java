package io.headrace.storage.compaction;

import java.util.ArrayList;
import java.util.List;

/**
 * What of a log may be cleaned now: offsets from the first that compaction has not seen to the
 * first that it may not touch. Pure.
 *
 * @param firstDirtyOffset everything below was seen by an earlier pass
 * @param firstUncleanableOffset nothing from here on may be touched; the base of a segment, or a
 *     segment's end
 * @param cleanBytes of segments below the first dirty offset
 * @param dirtyBytes of segments between the two
 */
record DirtyRange(
        long firstDirtyOffset, long firstUncleanableOffset, long cleanBytes, long dirtyBytes) {

    /**
     * The range of a log.
     *
     * @param checkpointOffset where the last pass ended, -1 if there was none; one outside the log
     *     counts as none
     */
    static DirtyRange of(
            LogSummary log, long checkpointOffset, long minCompactionLagMs, long nowMs) {
        long start = log.closed().isEmpty() ? 0 : log.closed().getFirst().baseOffset();
        long end = log.closed().isEmpty() ? 0 : log.closed().getLast().nextOffset();
        long firstDirty =
                checkpointOffset < start || checkpointOffset > end ? start : checkpointOffset;
        long bound = Math.min(log.highWatermark(), log.lastStableOffset());
        long firstUncleanable = firstDirty;
        for (SegmentSummary segment : log.closed()) {
            if (segment.nextOffset() <= firstDirty) {
                continue;
            }
            boolean tooYoung =
                    minCompactionLagMs > 0 && segment.maxTimestampMs() > nowMs - minCompactionLagMs;
            if (segment.nextOffset() > bound || tooYoung) {
                break;
            }
            firstUncleanable = segment.nextOffset();
        }
        long cleanBytes = 0;
        long dirtyBytes = 0;
        for (SegmentSummary segment : log.closed()) {
            if (segment.nextOffset() <= firstDirty) {
                cleanBytes += segment.sizeInBytes();
            } else if (segment.baseOffset() < firstUncleanable) {
                dirtyBytes += segment.sizeInBytes();
            }
        }
        return new DirtyRange(firstDirty, firstUncleanable, cleanBytes, dirtyBytes);
    }

    boolean isEmpty() {
        return firstUncleanableOffset <= firstDirtyOffset;
    }

    /** Which part of the bytes that a pass would read is dirty: from 0 to 1. */
    double dirtyRatio() {
        long total = cleanBytes + dirtyBytes;
        return total == 0 ? 0 : (double) dirtyBytes / total;
    }

    /**
     * The segments with something at or after the first dirty offset, below the uncleanable one.
     */
    List<SegmentSummary> dirtySegments(LogSummary log) {
        List<SegmentSummary> dirty = new ArrayList<>();
        for (SegmentSummary segment : log.closed()) {
            if (segment.nextOffset() > firstDirtyOffset
                    && segment.baseOffset() < firstUncleanableOffset) {
                dirty.add(segment);
            }
        }
        return dirty;
    }

    /**
     * The segments below {@code endOffset}, in runs that each fit into one segment: by bytes, by
     * index entries, and by offsets relative to the first (32 bits).
     */
    static List<List<SegmentSummary>> group(
            List<SegmentSummary> segments,
            long endOffset,
            long segmentBytesMax,
            long indexEntriesMax,
            int indexIntervalBytes) {
        List<List<SegmentSummary>> groups = new ArrayList<>();
        List<SegmentSummary> group = new ArrayList<>();
        long bytes = 0;
        long entries = 0;
        for (SegmentSummary segment : segments) {
            if (segment.baseOffset() >= endOffset) {
                break;
            }
            long segmentEntries = segment.sizeInBytes() / Math.max(1, indexIntervalBytes) + 1;
            boolean fits =
                    !group.isEmpty()
                            && bytes + segment.sizeInBytes() <= segmentBytesMax
                            && entries + segmentEntries <= indexEntriesMax
                            && segment.nextOffset() - 1 - group.getFirst().baseOffset()
                                    <= Integer.MAX_VALUE;
            if (!fits) {
                group = new ArrayList<>();
                groups.add(group);
                bytes = 0;
                entries = 0;
            }
            group.add(segment);
            bytes += segment.sizeInBytes();
            entries += segmentEntries;
        }
        return groups;
    }
}
