package io.headrace.storage.journal;

import java.nio.ByteBuffer;

/** A {@link JournalPiece} as found in a journal. */
record StoredPiece(
        PromiseJournal.Key key,
        long promised,
        long segmentBaseOffset,
        long position,
        ByteBuffer bytes) {

    /** Whether all earlier pieces of the log count no more; then it has no bytes. */
    boolean isVoiding() {
        return segmentBaseOffset == JournalPiece.VOIDING;
    }
}
