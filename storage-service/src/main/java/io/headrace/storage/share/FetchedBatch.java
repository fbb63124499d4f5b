package io.headrace.storage.share;

/**
 * A batch of the log as a share partition sees it.
 *
 * @param lastOffset inclusive
 * @param visible whether its records are for consumers: no marker, not aborted
 */
public record FetchedBatch(long baseOffset, long lastOffset, boolean visible) {
    /** How many offsets it spans. */
    long count() {
        return lastOffset - baseOffset + 1;
    }
}
