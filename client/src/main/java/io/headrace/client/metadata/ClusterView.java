package io.headrace.client.metadata;

import io.headrace.client.connection.BootstrapAddress;

import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.Map;

/**
 * What the client knows of the cluster at one moment. Immutable.
 *
 * @param clusterId empty until known
 * @param controllerId the node for admin requests; -1 until known
 */
public record ClusterView(
        String clusterId,
        int controllerId,
        Map<Integer, NodeView> nodes,
        Map<String, TopicView> topics) {
    /** Nothing is known. */
    public static final ClusterView UNKNOWN = new ClusterView("", -1, Map.of(), Map.of());

    /** A node and its address. */
    public record NodeView(int id, BootstrapAddress address, String rack) {}

    /**
     * A topic.
     *
     * @param error why it is not known; NONE when it is
     * @param partitions in order of their number
     */
    public record TopicView(
            String name,
            Uuid topicId,
            boolean internal,
            Errors error,
            List<PartitionView> partitions) {}

    /**
     * A partition.
     *
     * @param leaderId -1 while it has none
     * @param leaderEpoch -1 when unknown
     */
    public record PartitionView(
            int partition,
            int leaderId,
            int leaderEpoch,
            List<Integer> replicas,
            List<Integer> isr,
            List<Integer> offline) {}

    /** The partition, or null when it is not known. */
    public @Nullable PartitionView partition(TopicPartition partition) {
        TopicView topic = topics.get(partition.topic());
        return topic == null || partition.partition() >= topic.partitions().size()
                ? null
                : topic.partitions().get(partition.partition());
    }

    /** The node that leads a partition, or null when that is not known. */
    public @Nullable NodeView leader(TopicPartition partition) {
        PartitionView view = partition(partition);
        return view == null ? null : nodes.get(view.leaderId());
    }
}
