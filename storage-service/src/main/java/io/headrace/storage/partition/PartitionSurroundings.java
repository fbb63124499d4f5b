package io.headrace.storage.partition;

import java.util.concurrent.Executor;
import java.util.function.LongSupplier;

/**
 * What all partitions of a node work with.
 *
 * @param maxLagMs how long a follower may be behind before it leaves the in-sync set
 * @param io where logs are read
 */
public record PartitionSurroundings(
        int nodeId,
        long maxLagMs,
        Executor io,
        LongSupplier clockMs,
        LeaderFeed feed,
        IsrProposals proposals) {}
