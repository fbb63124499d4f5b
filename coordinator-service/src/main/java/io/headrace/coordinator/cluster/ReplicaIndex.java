package io.headrace.coordinator.cluster;

import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.protocol.metadata.TopicImage;

import org.apache.kafka.common.Uuid;
import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Which partitions have a replica on a node, so that a node's death costs its own partitions and
 * not the cluster's. Derived from the image; entries of replicas that are gone stay until they are
 * half of a node's, and are left out when read.
 */
final class ReplicaIndex {
    private static final int MIN_STALE = 1_024;

    private final Map<Integer, Entries> byNode = new HashMap<>();
    private final Set<PartitionKey> moving = new HashSet<>();
    private int partitionCount;

    /** The partitions of one node: more than there are by those that are stale. */
    private static final class Entries {
        List<PartitionKey> keys = new ArrayList<>();
        int stale;
    }

    ReplicaIndex(MetadataImage image) {
        for (TopicImage topic : image.topicsById().values()) {
            for (PartitionImage partition : topic.partitions().values()) {
                onPartition(topic.topicId(), null, partition);
            }
        }
    }

    /** Notes that a partition changed; {@code before} is null when it is new. */
    void onPartition(Uuid topicId, @Nullable PartitionImage before, PartitionImage after) {
        if (Reassignments.isMoving(after)) {
            moving.add(new PartitionKey(topicId, after.partition()));
        } else if (before != null && Reassignments.isMoving(before)) {
            moving.remove(new PartitionKey(topicId, after.partition()));
        }
        if (before == null) {
            partitionCount++;
        } else if (before.assignedReplicas().equals(after.assignedReplicas())) {
            return;
        }
        List<Integer> old = before == null ? List.of() : before.assignedReplicas();
        PartitionKey key = new PartitionKey(topicId, after.partition());
        for (int nodeId : after.assignedReplicas()) {
            if (!old.contains(nodeId)) {
                byNode.computeIfAbsent(nodeId, id -> new Entries()).keys.add(key);
            }
        }
        for (int nodeId : old) {
            if (!after.assignedReplicas().contains(nodeId)) {
                onRemoved(nodeId);
            }
        }
    }

    /** Notes that a topic is gone. */
    void onTopicRemoved(TopicImage topic) {
        partitionCount -= topic.partitionCount();
        for (PartitionImage partition : topic.partitions().values()) {
            partition.assignedReplicas().forEach(this::onRemoved);
        }
        moving.removeIf(key -> key.topicId().equals(topic.topicId()));
    }

    private void onRemoved(int nodeId) {
        Entries entries = byNode.get(nodeId);
        if (entries != null) {
            entries.stale++;
        }
    }

    /** Drops what is stale; to be called after the image is what the notes said. */
    void compact(MetadataImage image) {
        for (var node : byNode.entrySet()) {
            Entries entries = node.getValue();
            if (entries.stale > MIN_STALE && entries.stale > entries.keys.size() / 2) {
                entries.keys = new ArrayList<>(of(node.getKey(), image));
                entries.stale = 0;
            }
        }
    }

    /** The partitions that have a replica on a node, each once. */
    Set<PartitionKey> of(int nodeId, MetadataImage image) {
        Entries entries = byNode.get(nodeId);
        if (entries == null) {
            return Set.of();
        }
        Set<PartitionKey> keys = LinkedHashSet.newLinkedHashSet(entries.keys.size());
        for (PartitionKey key : entries.keys) {
            PartitionImage partition = image.partition(key.topicId(), key.partition());
            if (partition != null && partition.assignedReplicas().contains(nodeId)) {
                keys.add(key);
            }
        }
        return keys;
    }

    /** The nodes with entries, stale ones too, by id. */
    List<Integer> nodeIds() {
        List<Integer> ids = new ArrayList<>(byNode.keySet());
        ids.sort(null);
        return ids;
    }

    /** How many partitions are being moved. */
    int movingCount() {
        return moving.size();
    }

    /** How many partitions there are. */
    int partitionCount() {
        return partitionCount;
    }
}
