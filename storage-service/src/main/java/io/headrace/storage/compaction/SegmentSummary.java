package io.headrace.storage.compaction;

/**
 * A closed segment, as the choice of what to clean sees it.
 *
 * @param baseOffset its first possible offset, which names its files
 * @param nextOffset the base offset of the segment after it
 * @param sizeInBytes of its records file
 * @param maxTimestampMs its highest record timestamp, -1 if none
 */
public record SegmentSummary(
        long baseOffset, long nextOffset, long sizeInBytes, long maxTimestampMs) {}
