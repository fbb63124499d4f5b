package io.headrace.coordinator.cluster;

/**
 * The limits and defaults that decisions keep to.
 *
 * @param sessionTimeoutMs a node whose metadata polls are silent this long is fenced
 * @param defaultPartitions partitions of a topic whose creator leaves them open
 * @param defaultReplicationFactor replicas of such a topic, at most as many as there are nodes
 * @param offsetsPartitions partitions of {@code __consumer_offsets}, and so the group shards
 * @param transactionsPartitions partitions of {@code __transaction_state}, and so its shards
 * @param shareStatePartitions partitions of {@code __share_group_state}, and so its shards
 * @param maxPartitionsPerRequest the most partitions that one request may create
 * @param maxPartitions the most partitions in the cluster
 */
public record ClusterRules(
        long sessionTimeoutMs,
        int defaultPartitions,
        int defaultReplicationFactor,
        int offsetsPartitions,
        int transactionsPartitions,
        int shareStatePartitions,
        int maxPartitionsPerRequest,
        int maxPartitions) {

    /** The most partitions that one election pass changes. */
    public static final int ELECTION_BATCH = 2_000;

    /** How often the controller looks for work of its own. */
    static final long UPKEEP_MS = 1_000;

    /** How long a controller that sees fewer than half of the nodes fences none. */
    static final long DOUBT_MS = 2_000;

    /** The silence after which a node is fenced that the membership lost sight of. */
    static final long SUSPECT_SILENCE_MS = 1_500;

    /** How long a node that shuts down waits for others to be able to take over. */
    public static final long SHUT_DOWN_PATIENCE_MS = 10_000;

    public ClusterRules {
        if (sessionTimeoutMs <= 0
                || defaultPartitions <= 0
                || defaultReplicationFactor <= 0
                || offsetsPartitions <= 0
                || transactionsPartitions <= 0
                || shareStatePartitions <= 0
                || maxPartitionsPerRequest <= 0
                || maxPartitions <= 0) {
            throw new IllegalArgumentException("Every rule of the cluster must be above 0");
        }
    }

    /** The rules of a cluster that configures nothing. */
    public static ClusterRules defaults() {
        return new ClusterRules(9_000, 1, 1, 50, 50, 50, 10_000, 200_000);
    }
}
