package io.headrace.client.consume;

/**
 * An offset that was looked up.
 *
 * @param offset the offset
 * @param timestampMs the timestamp of its record, ms since the epoch; -1 when unknown
 * @param leaderEpoch the leader epoch of its record; -1 when unknown
 */
public record FoundOffset(long offset, long timestampMs, int leaderEpoch) {}
