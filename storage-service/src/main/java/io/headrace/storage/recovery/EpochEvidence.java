package io.headrace.storage.recovery;

import io.headrace.protocol.batch.BatchView;
import io.headrace.storage.epoch.LeaderEpochs;
import io.headrace.storage.file.LogFile;
import io.headrace.storage.segment.BatchHeaders;
import io.headrace.storage.segment.BatchPosition;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Iterator;

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
     * @param laterSegments the records files after this one, in order: behind a damaged batch, or
     *     one that is the last of its file, the next whole one is in one of them
     */
    static boolean denies(BatchScan scan, LeaderEpochs epochs, Iterable<Path> laterSegments)
            throws IOException {
        int named = BatchView.leaderEpoch(scan.buffer(), scan.index());
        int noted = epochs.epochAt(BatchView.baseOffset(scan.buffer(), scan.index()));
        if (named == noted) {
            return false;
        }
        BatchPosition following = scan.headerAt(scan.position() + scan.sizeInBytes());
        Iterator<Path> later = laterSegments.iterator();
        while (following == null && later.hasNext()) {
            following = firstIn(later.next());
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
