package io.headrace.storage.share;

/**
 * The persisted state of a range of records.
 *
 * @param lastOffset inclusive
 */
public record StateBatch(long firstOffset, long lastOffset, RecordState state, int deliveryCount) {}
