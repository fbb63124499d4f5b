package io.headrace.storage.cluster;

/**
 * A replica of this node that may miss acknowledged records, and where its log ends: what an
 * election of last resort goes by.
 *
 * @param leaderEpoch the last leader epoch in its log, or -1
 */
public record UncleanReplica(int partition, int leaderEpoch, long endOffset) {}
