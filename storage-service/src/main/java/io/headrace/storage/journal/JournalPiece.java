package io.headrace.storage.journal;

import io.headrace.storage.file.LogFile;

import java.util.function.LongConsumer;

/**
 * What one log adds to a small round: the newest bytes of its active segment, and how far they let
 * it promise.
 *
 * @param promised below this offset the log keeps everything
 * @param file the segment's records file, in use by the caller
 * @param segmentBaseOffset names the segment; {@link #VOIDING}
 * @param position where in the file the bytes begin; before it the device has them
 * @param sizeInBytes how many; 0 when only the promise is new
 * @param onSettled hears, later and on any thread, that the file itself has what was promised
 */
public record JournalPiece(
        PromiseJournal.Key key,
        long promised,
        LogFile file,
        long segmentBaseOffset,
        long position,
        int sizeInBytes,
        LongConsumer onSettled) {

    /**
     * In place of a segment: the piece has no bytes, and no earlier piece of the log counts any
     * more.
     */
    static final long VOIDING = -1;

    static JournalPiece voiding(PromiseJournal.Key key, long promised, LogFile file) {
        return new JournalPiece(key, promised, file, VOIDING, 0, 0, offset -> {});
    }
}
