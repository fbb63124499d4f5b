package io.headrace.storage.partition;

import org.apache.kafka.common.TopicIdPartition;

/**
 * Where a log ends that nobody adds to, since nobody leads its partition.
 *
 * @param leaderlessEpoch the partition's leader epoch, in which nobody leads
 * @param leaderEpoch the leader epoch of the last record, or -1
 * @param endOffset the log end offset, or -1: the log cannot be used
 */
public record RestingLog(
        TopicIdPartition id, int leaderlessEpoch, int leaderEpoch, long endOffset) {}
