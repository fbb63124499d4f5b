package io.headrace.storage.log;

import io.headrace.storage.recovery.VerifiedPoint;

import org.jspecify.annotations.Nullable;

/**
 * What a log has to say to its directory's checkpoint files; immutable.
 *
 * @param lostFromOffset from where on it may miss what was in the page cache only; -1: nothing
 */
record CheckpointState(
        long recoveryPoint,
        long logStartOffset,
        long highWatermark,
        long lostFromOffset,
        @Nullable VerifiedPoint verified) {

    /**
     * The log's state now; on its owner loop, or before it has one.
     *
     * @param highWatermarkMax no high watermark above it is told: while the log is cut
     */
    static CheckpointState of(
            PartitionLog log,
            long recoveryPoint,
            long highWatermarkMax,
            @Nullable VerifiedPoint verified) {
        return new CheckpointState(
                recoveryPoint,
                log.logStartOffset(),
                Math.min(log.highWatermark(), highWatermarkMax),
                log.pageCacheLostFrom(),
                verified);
    }
}
