package io.headrace.storage.partition;

import java.util.concurrent.Executor;
import java.util.function.LongSupplier;

/**
 * What all partitions of a node work with.
 *
 * @param maxLagMs how long a follower may be behind before it leaves the in-sync set
 * @param io where logs are read
 * @param clockMs what deadlines and lags are measured by; it does not jump
 * @param timeOfDayMs what records are stamped with
 */
public record PartitionSurroundings(
        int nodeId,
        long maxLagMs,
        Executor io,
        LongSupplier clockMs,
        LongSupplier timeOfDayMs,
        LeaderFeed feed,
        IsrProposals proposals) {}
