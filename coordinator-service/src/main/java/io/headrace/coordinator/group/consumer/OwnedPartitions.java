package io.headrace.coordinator.group.consumer;

import org.apache.kafka.common.Uuid;

import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * Partitions with the epochs in which they were assigned. Immutable.
 *
 * @param epochs by topic and partition; no empty maps
 */
public record OwnedPartitions(Map<Uuid, Map<Integer, Integer>> epochs) {
    public static final OwnedPartitions NONE = new OwnedPartitions(Map.of());

    /** Stands for a partition that is not among them. */
    public static final int ABSENT = -1;

    /** Takes a visit of a partition. */
    @FunctionalInterface
    public interface Visitor {
        void visit(Uuid topicId, int partition, int assignmentEpoch);
    }

    public boolean isEmpty() {
        return epochs.isEmpty();
    }

    public boolean contains(Uuid topicId, int partition) {
        return epochOf(topicId, partition) != ABSENT;
    }

    /** The epoch in which the partition was assigned, or {@link #ABSENT}. */
    public int epochOf(Uuid topicId, int partition) {
        return epochs.getOrDefault(topicId, Map.of()).getOrDefault(partition, ABSENT);
    }

    /** Whether every one of a topic's partitions is among them. */
    public boolean containsAll(Uuid topicId, Collection<Integer> partitions) {
        return epochs.getOrDefault(topicId, Map.of()).keySet().containsAll(partitions);
    }

    public void forEach(Visitor visitor) {
        epochs.forEach(
                (topicId, partitions) ->
                        partitions.forEach(
                                (partition, epoch) -> visitor.visit(topicId, partition, epoch)));
    }

    /** Whether the partitions are the same, whatever their epochs. */
    public boolean hasSamePartitions(OwnedPartitions other) {
        if (!epochs.keySet().equals(other.epochs.keySet())) {
            return false;
        }
        for (Map.Entry<Uuid, Map<Integer, Integer>> entry : epochs.entrySet()) {
            Map<Integer, Integer> theirs = other.epochs.getOrDefault(entry.getKey(), Map.of());
            if (!entry.getValue().keySet().equals(theirs.keySet())) {
                return false;
            }
        }
        return true;
    }

    /** Gathers partitions. */
    static final class Builder {
        private final Map<Uuid, Map<Integer, Integer>> epochs = new HashMap<>();

        Builder add(Uuid topicId, int partition, int assignmentEpoch) {
            epochs.computeIfAbsent(topicId, id -> new TreeMap<>()).put(partition, assignmentEpoch);
            return this;
        }

        OwnedPartitions build() {
            return epochs.isEmpty() ? NONE : new OwnedPartitions(epochs);
        }
    }
}
