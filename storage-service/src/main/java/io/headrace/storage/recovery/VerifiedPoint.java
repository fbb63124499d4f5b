package io.headrace.storage.recovery;

/**
 * A place in a log up to which its bytes and index files are good, as long as the page cache they
 * were written to lived on, or they were flushed.
 *
 * @param offset the first offset beyond
 * @param segmentBaseOffset the segment it is in
 * @param position the byte in that segment's records file where {@code offset} begins
 * @param snapshotOffset names the producer snapshot to start from
 * @param replayFromOffset from where batches must be applied to that snapshot
 */
public record VerifiedPoint(
        long offset,
        long segmentBaseOffset,
        long position,
        long snapshotOffset,
        long replayFromOffset) {}
