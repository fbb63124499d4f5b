package io.headrace.storage.log;

/**
 * The end of a leader epoch in a log, as OffsetForLeaderEpoch answers it (KIP-101, KIP-279).
 *
 * @param leaderEpoch the largest epoch known that is at most the one asked for, or -1
 * @param endOffset where the next epoch begins, or the log end; -1 when unknown
 */
public record EpochEndOffset(int leaderEpoch, long endOffset) {}
