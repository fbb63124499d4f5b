package io.headrace.coordinator.cluster.replica;

import io.headrace.coordinator.cluster.Command;
import io.headrace.coordinator.cluster.ControllerState;
import io.headrace.coordinator.cluster.Decision;
import io.headrace.coordinator.cluster.InternalTopicRules;
import io.headrace.coordinator.cluster.PartitionKey;
import io.headrace.coordinator.cluster.Reassignments;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.NodeImage;
import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.protocol.metadata.PartitionImage.IsrMember;
import io.headrace.protocol.metadata.TopicImage;
import io.headrace.protocol.metadata.record.PartitionRecord;

import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.protocol.ApiMessage;
import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What the controller does by itself while nothing is wrong, a bounded amount at a time: raises the
 * platform's own topics to three replicas as nodes join, and moves replicas off nodes that are
 * drained or unregistered. The answer is how many partitions it began to move.
 */
public record Upkeep() implements Command<Integer> {
    /** The most partitions that move at a time because of this. */
    public static final int MAX_MOVING = 50;

    @Override
    public Decision<Integer> decide(ControllerState state, long nowMs) {
        Pass pass = new Pass(state, MAX_MOVING - state.movingCount());
        pass.raiseInternalTopics();
        pass.drainNodes();
        return new Decision<>(pass.records, pass.records.size());
    }

    private static final class Pass {
        private final ControllerState state;
        private final MetadataImage image;
        private final int room;
        private final List<NodeImage> active;
        private final Set<PartitionKey> begun = new HashSet<>();
        final List<ApiMessage> records = new ArrayList<>();
        private int next;

        Pass(ControllerState state, int room) {
            this.state = state;
            this.image = state.image();
            this.room = room;
            this.active = state.activeNodes();
            this.next = active.isEmpty() ? 0 : state.random().nextInt(active.size());
        }

        void raiseInternalTopics() {
            int wanted = InternalTopicRules.replicationFactor(active.size());
            for (TopicImage topic : image.topicsById().values()) {
                if (!topic.internal()) {
                    continue;
                }
                for (PartitionImage partition : topic.partitions().values()) {
                    if (partition.assignedReplicas().size() < wanted) {
                        raise(topic, partition, wanted);
                    }
                }
            }
        }

        private void raise(TopicImage topic, PartitionImage partition, int wanted) {
            List<Integer> target = new ArrayList<>(partition.assignedReplicas());
            while (target.size() < wanted) {
                NodeImage added = choose(target);
                if (added == null) {
                    return;
                }
                target.add(added.nodeId());
            }
            begin(topic, partition, target);
        }

        void drainNodes() {
            for (int nodeId : state.nodesWithPartitions()) {
                boolean unregistered = !image.nodes().containsKey(nodeId);
                if (!unregistered && !state.isDrained(nodeId)) {
                    continue;
                }
                for (PartitionKey key : state.partitionsOf(nodeId)) {
                    if (records.size() >= room) {
                        return;
                    }
                    TopicImage topic = image.topic(key.topicId());
                    PartitionImage partition =
                            topic == null ? null : topic.partition(key.partition());
                    if (topic != null && partition != null) {
                        moveOff(nodeId, topic, partition);
                    }
                }
            }
        }

        private void moveOff(int nodeId, TopicImage topic, PartitionImage partition) {
            List<Integer> target = new ArrayList<>(partition.assignedReplicas());
            List<Integer> others = new ArrayList<>(target);
            others.removeIf(id -> id == nodeId);
            NodeImage replacement = choose(others);
            if (replacement != null) {
                target.set(target.indexOf(nodeId), replacement.nodeId());
                begin(topic, partition, target);
            }
        }

        private void begin(TopicImage topic, PartitionImage partition, List<Integer> target) {
            PartitionKey key = new PartitionKey(topic.topicId(), partition.partition());
            if (records.size() >= room
                    || Reassignments.isMoving(partition)
                    || !hasLeader(partition)
                    || !begun.add(key)) {
                return;
            }
            try {
                PartitionRecord record = Reassignments.begin(image, topic, partition, target);
                if (record != null) {
                    records.add(record);
                }
            } catch (ApiException e) {
                begun.remove(key); // not possible as things are now; looked at again next time
            }
        }

        private boolean hasLeader(PartitionImage partition) {
            IsrMember leader = partition.isrMember(partition.leaderId());
            return leader != null && image.isActive(leader.nodeId(), leader.nodeEpoch());
        }

        /** The next active node that has no replica yet, in a rack of its own if there is one. */
        private @Nullable NodeImage choose(List<Integer> taken) {
            Set<String> racks = new HashSet<>();
            for (int nodeId : taken) {
                NodeImage node = image.nodes().get(nodeId);
                if (node != null && node.rack() != null) {
                    racks.add(node.rack());
                }
            }
            NodeImage second = null;
            for (int i = 0; i < active.size(); i++) {
                int index = (next + i) % active.size();
                NodeImage node = active.get(index);
                if (taken.contains(node.nodeId())) {
                    continue;
                }
                if (node.rack() == null || !racks.contains(node.rack())) {
                    next = index + 1;
                    return node;
                }
                second = second == null ? node : second;
            }
            if (second != null) {
                next = active.indexOf(second) + 1;
            }
            return second;
        }
    }
}
