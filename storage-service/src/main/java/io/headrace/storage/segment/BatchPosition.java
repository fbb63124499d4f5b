package io.headrace.storage.segment;

/** Where a batch lies in a segment, and what its header says. */
public record BatchPosition(
        long position,
        int sizeInBytes,
        long baseOffset,
        long lastOffset,
        int leaderEpoch,
        long maxTimestampMs) {

    /** Where the next batch begins. */
    public long nextPosition() {
        return position + sizeInBytes;
    }
}
