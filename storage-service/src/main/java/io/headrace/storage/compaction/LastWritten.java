package io.headrace.storage.compaction;

/**
 * The last thing that a producer, remembered by the log, wrote: it must stay, to keep the sequence
 * or the epoch.
 *
 * @param lastDataOffset the last offset of its last batch of data, -1 when only a marker is known
 * @param producerEpoch its epoch
 */
public record LastWritten(long lastDataOffset, short producerEpoch) {}
