package io.headrace.storage.recovery;

import io.headrace.protocol.batch.BatchView;
import io.headrace.storage.epoch.LeaderEpochs;
import io.headrace.storage.file.LogFile;
import io.headrace.storage.segment.BatchHeaders;
import io.headrace.storage.segment.BatchPosition;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.file.Path;

/**
 * What speaks against the leader epoch that a stored batch names: its CRC does not cover it. The
 * file of epochs may lack the newest ones, or have one of records that were cut, so it denies an
 * epoch only together with the next batch.
 */
final class EpochEvidence {
    private EpochEvidence() {}

    /**
     * Whether the batch that the scan is at was written in another epoch.
     *
     * @param epochs as the file has them
     * @param nextSegment the records file after this one, or null
     */
    static boolean denies(BatchScan scan, LeaderEpochs epochs, @Nullable Path nextSegment)
            throws IOException {
        int named = BatchView.leaderEpoch(scan.buffer(), scan.index());
        int noted = epochs.epochAt(BatchView.baseOffset(scan.buffer(), scan.index()));
        if (named == noted) {
            return false;
        }
        BatchPosition following = scan.headerAt(scan.position() + scan.sizeInBytes());
        if (following == null && nextSegment != null) {
            following = firstIn(nextSegment);
        }
        return following != null
                && (following.leaderEpoch() == noted || following.leaderEpoch() < named);
    }

    private static @Nullable BatchPosition firstIn(Path segment) throws IOException {
        LogFile file = LogFile.open(segment);
        try {
            return new BatchHeaders(file, file.sizeInBytes()).at(0);
        } finally {
            file.release();
        }
    }
}
