package io.headrace.client.metadata;

import io.headrace.client.connection.BootstrapAddress;
import io.headrace.client.metadata.ClusterView.NodeView;
import io.headrace.client.metadata.ClusterView.PartitionView;
import io.headrace.client.metadata.ClusterView.TopicView;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.MetadataResponseData;
import org.apache.kafka.common.message.MetadataResponseData.MetadataResponseBroker;
import org.apache.kafka.common.message.MetadataResponseData.MetadataResponsePartition;
import org.apache.kafka.common.message.MetadataResponseData.MetadataResponseTopic;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Merges a Metadata answer into a view; pure. */
final class ViewBuilder {
    private ViewBuilder() {}

    /** The nodes of an answer. */
    static Map<Integer, NodeView> nodes(MetadataResponseData answer) {
        Map<Integer, NodeView> nodes = new HashMap<>();
        for (MetadataResponseBroker broker : answer.brokers()) {
            if (broker.port() > 0 && broker.port() <= 65535) {
                String rack = broker.rack() == null ? "" : broker.rack();
                BootstrapAddress address = new BootstrapAddress(broker.host(), broker.port());
                nodes.put(broker.nodeId(), new NodeView(broker.nodeId(), address, rack));
            }
        }
        return Map.copyOf(nodes);
    }

    /** The view after an answer; topics that the answer does not name stay as they were. */
    static ClusterView merge(ClusterView before, MetadataResponseData answer) {
        Map<String, TopicView> topics = new HashMap<>(before.topics());
        for (MetadataResponseTopic topic : answer.topics()) {
            if (topic.name() != null) {
                topics.put(topic.name(), topic(before.topics().get(topic.name()), topic));
            }
        }
        String clusterId = answer.clusterId() == null ? "" : answer.clusterId();
        return new ClusterView(clusterId, answer.controllerId(), nodes(answer), Map.copyOf(topics));
    }

    /** A topic of an answer, as a view. */
    static TopicView topic(@Nullable TopicView before, MetadataResponseTopic topic) {
        boolean same = before != null && before.topicId().equals(topic.topicId());
        boolean comparable = same && !Uuid.ZERO_UUID.equals(topic.topicId());
        List<PartitionView> partitions = new ArrayList<>();
        for (MetadataResponsePartition partition : topic.partitions()) {
            PartitionView view = partition(partition);
            PartitionView old = comparable ? find(before, partition.partitionIndex()) : null;
            // An answer of a node that is behind must not undo a newer leader (KIP-320).
            partitions.add(
                    old != null && view.leaderEpoch() >= 0 && old.leaderEpoch() > view.leaderEpoch()
                            ? old
                            : view);
        }
        partitions.sort(Comparator.comparingInt(PartitionView::partition));
        return new TopicView(
                topic.name(),
                topic.topicId(),
                topic.isInternal(),
                Errors.forCode(topic.errorCode()),
                List.copyOf(partitions));
    }

    private static @Nullable PartitionView find(@Nullable TopicView topic, int partition) {
        return topic == null || partition >= topic.partitions().size()
                ? null
                : topic.partitions().get(partition);
    }

    private static PartitionView partition(MetadataResponsePartition partition) {
        return new PartitionView(
                partition.partitionIndex(),
                partition.leaderId(),
                partition.leaderEpoch(),
                List.copyOf(partition.replicaNodes()),
                List.copyOf(partition.isrNodes()),
                List.copyOf(partition.offlineReplicas()));
    }
}
