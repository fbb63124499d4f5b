package io.headrace.coordinator.metadata;

import io.headrace.coordinator.cluster.ClusterRules;

import org.apache.kafka.common.Uuid;

import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

/**
 * What a controller runs with.
 *
 * @param coordinatorId this coordinator
 * @param database opens the database, on the controller's thread
 * @param newClusterId draws the id of a cluster that does not exist yet
 * @param random used on the controller's thread only
 * @param clock monotonic time in milliseconds
 * @param tickMs how often nodes' sessions are looked at
 * @param retryDelayMs the pause before the database is tried again
 * @param awaitNodesMs how long an admin change waits for nodes to apply it
 * @param maxCommandsPerCommit the most commands in one transaction
 */
public record ControllerOptions(
        int coordinatorId,
        ClusterRules rules,
        Supplier<Database> database,
        Supplier<String> newClusterId,
        RandomGenerator random,
        LongSupplier clock,
        long tickMs,
        long retryDelayMs,
        long awaitNodesMs,
        int maxCommandsPerCommit) {

    /** The usual times. */
    public static ControllerOptions of(
            int coordinatorId,
            ClusterRules rules,
            Supplier<Database> database,
            RandomGenerator random) {
        return new ControllerOptions(
                coordinatorId,
                rules,
                database,
                () -> Uuid.randomUuid().toString(),
                random,
                () -> System.nanoTime() / 1_000_000,
                50,
                200,
                1_000,
                512);
    }
}
