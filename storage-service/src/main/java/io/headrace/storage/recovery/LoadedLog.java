package io.headrace.storage.recovery;

import io.headrace.storage.epoch.LeaderEpochs;
import io.headrace.storage.file.LogFile;
import io.headrace.storage.producer.ProducerStates;
import io.headrace.storage.segment.Segment;

import org.jspecify.annotations.Nullable;

import java.util.List;

/**
 * A valid log, as loaded.
 *
 * @param segments in order; the last one is active, and {@code activeFile} is its records file,
 *     open
 * @param snapshotOffset the newest producer snapshot on disk, or -1
 * @param verified the place that loading began at, if the request had one that could be used
 * @param lostRanges what readers are answered CORRUPT_MESSAGE for
 * @param uncleanReason why something promised may be missing, or null
 * @param scannedBytes how much had to be read
 * @param unwritten closed segments whose index files could not be written, for want of space
 * @param epochsUnwritten whether the file of epochs has entries that are not this log's, likewise
 * @param hasHoles whether it is noted that offsets may be missing between batches
 */
public record LoadedLog(
        List<Segment> segments,
        LogFile activeFile,
        LeaderEpochs epochs,
        ProducerStates producers,
        long logStartOffset,
        long logEndOffset,
        long snapshotOffset,
        @Nullable VerifiedPoint verified,
        List<LostRange> lostRanges,
        @Nullable String uncleanReason,
        long uncleanFromOffset,
        long scannedBytes,
        List<Segment> unwritten,
        boolean epochsUnwritten,
        boolean hasHoles) {}
