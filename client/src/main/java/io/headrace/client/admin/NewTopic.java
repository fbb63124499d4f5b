package io.headrace.client.admin;

import java.util.List;
import java.util.Map;

/**
 * A topic to create.
 *
 * <pre>{@code
 * NewTopic.of("orders", 12).withConfig("retention.ms", "86400000");
 * }</pre>
 *
 * @param partitions how many; {@link #CLUSTER_DEFAULT} for the cluster's default, also when the
 *     assignment says
 * @param replicationFactor how many replicas of each; {@link #CLUSTER_DEFAULT} likewise
 * @param configs configurations that differ from the cluster's defaults
 * @param assignment node ids of the replicas of each partition, preferred leader first; empty to
 *     let the cluster choose
 */
public record NewTopic(
        String name,
        int partitions,
        short replicationFactor,
        Map<String, String> configs,
        Map<Integer, List<Integer>> assignment) {
    /** The cluster decides. */
    public static final int CLUSTER_DEFAULT = -1;

    public NewTopic {
        configs = Map.copyOf(configs);
        assignment = Map.copyOf(assignment);
    }

    /** A topic with the cluster's default replication. */
    public static NewTopic of(String name, int partitions) {
        return of(name, partitions, CLUSTER_DEFAULT);
    }

    /** A topic without configurations. */
    public static NewTopic of(String name, int partitions, int replicationFactor) {
        return new NewTopic(name, partitions, (short) replicationFactor, Map.of(), Map.of());
    }

    /** The same topic with one more configuration. */
    public NewTopic withConfig(String key, String value) {
        Map<String, String> more = new java.util.HashMap<>(configs);
        more.put(key, value);
        return new NewTopic(name, partitions, replicationFactor, more, assignment);
    }
}
