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
 * @param times how often and how long
 * @param maxCommandsPerCommit the most commands in one transaction
 */
public record ControllerOptions(
        int coordinatorId,
        ClusterRules rules,
        Supplier<Database> database,
        Supplier<String> newClusterId,
        RandomGenerator random,
        LongSupplier clock,
        Times times,
        int maxCommandsPerCommit) {

    /**
     * How often and how long, in milliseconds.
     *
     * @param tickMs how often nodes' sessions are looked at
     * @param retryDelayMs the pause before the database is tried again
     * @param awaitNodesMs how long an admin change waits for nodes to apply it
     * @param touchMs how often a coordinator shows in SQL that it is alive
     * @param leaseMs one that shows nothing for this long is taken for dead by the others
     * @param suspectedLeaseMs the same when the membership reports it gone as well; above {@code
     *     touchMs}, or a false report would take the role from a healthy controller
     * @param tailMs how often a standby reads the controller row
     * @param freshMs who has not heard from SQL for this long serves the metadata log no more
     */
    public record Times(
            long tickMs,
            long retryDelayMs,
            long awaitNodesMs,
            long touchMs,
            long leaseMs,
            long suspectedLeaseMs,
            long tailMs,
            long freshMs) {
        public Times {
            if (touchMs >= suspectedLeaseMs || suspectedLeaseMs > leaseMs) {
                throw new IllegalArgumentException(
                        "A lease must be longer than the pause between two signs of life");
            }
        }

        /** The usual ones. */
        public static Times usual() {
            return new Times(50, 200, 1_000, 300, 1_500, 500, 100, 2_000);
        }
    }

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
                Times.usual(),
                512);
    }
}
