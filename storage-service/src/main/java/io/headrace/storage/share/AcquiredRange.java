package io.headrace.storage.share;

/**
 * Records that a member was given, as a ShareFetch answer names them.
 *
 * @param lastOffset inclusive
 * @param deliveryCount how often they were delivered, this time included
 */
public record AcquiredRange(long firstOffset, long lastOffset, int deliveryCount) {
    long count() {
        return lastOffset - firstOffset + 1;
    }
}
