package io.headrace.storage.compaction;

/**
 * What a topic demands of compaction.
 *
 * @param minDirtyRatio {@code min.cleanable.dirty.ratio}: below, a pass is not worth its reading
 * @param minCompactionLagMs {@code min.compaction.lag.ms}: younger records are left alone
 * @param maxCompactionLagMs {@code max.compaction.lag.ms}: older ones are cleaned, whatever the
 *     ratio
 * @param deleteRetentionMs {@code delete.retention.ms}: how long tombstones and markers stay
 * @param segmentBytes {@code segment.bytes}: how large a cleaned segment may be
 * @param indexBytes {@code segment.index.bytes}: how large its indexes may be
 * @param indexIntervalBytes {@code index.interval.bytes}: how far apart index entries are
 */
public record CompactionSettings(
        double minDirtyRatio,
        long minCompactionLagMs,
        long maxCompactionLagMs,
        long deleteRetentionMs,
        int segmentBytes,
        int indexBytes,
        int indexIntervalBytes) {}
