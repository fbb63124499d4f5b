package io.headrace.coordinator.group.offset;

import io.headrace.coordinator.group.record.OffsetKey;
import io.headrace.coordinator.shard.ShardRecord;
import io.headrace.protocol.codec.MalformedFrameException;

import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.jspecify.annotations.Nullable;

import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;

/** The committed offsets of a shard's groups. Confined to the shard's core. */
public final class OffsetTable {
    /** By group, topic and partition; no empty maps. */
    private final Map<String, Map<String, Map<Integer, CommittedOffset>>> byGroup = new HashMap<>();

    private int count;

    /** Takes a visit of a committed offset. */
    @FunctionalInterface
    public interface Visitor {
        void visit(String topic, int partition, CommittedOffset committed);
    }

    public int count() {
        return count;
    }

    /** What is committed, or null. */
    public @Nullable CommittedOffset get(String groupId, String topic, int partition) {
        Map<String, Map<Integer, CommittedOffset>> topics = byGroup.get(groupId);
        if (topics == null) {
            return null;
        }
        Map<Integer, CommittedOffset> partitions = topics.get(topic);
        return partitions == null ? null : partitions.get(partition);
    }

    /** Visits all offsets of a group; the table must not change meanwhile. */
    public void forEach(String groupId, Visitor visitor) {
        topicsOf(groupId)
                .forEach(
                        (topic, partitions) ->
                                partitions.forEach(
                                        (partition, committed) ->
                                                visitor.visit(topic, partition, committed)));
    }

    /** The topics that a group has offsets of, with the offsets by partition. */
    public Map<String, Map<Integer, CommittedOffset>> topicsOf(String groupId) {
        return Collections.unmodifiableMap(byGroup.getOrDefault(groupId, Map.of()));
    }

    public boolean hasOffsets(String groupId) {
        return byGroup.containsKey(groupId);
    }

    /** The groups and partitions of offsets that were committed for such a topic. */
    public Map<String, Map<TopicPartition, Uuid>> committedFor(Predicate<Uuid> topicId) {
        Map<String, Map<TopicPartition, Uuid>> found = new TreeMap<>();
        for (String groupId : byGroup.keySet()) {
            forEach(
                    groupId,
                    (topic, partition, committed) -> {
                        if (topicId.test(committed.topicId())) {
                            found.computeIfAbsent(groupId, id -> new HashMap<>())
                                    .put(new TopicPartition(topic, partition), committed.topicId());
                        }
                    });
        }
        return found;
    }

    /** Records a commit. */
    public void put(String groupId, String topic, int partition, CommittedOffset committed) {
        CommittedOffset before =
                byGroup.computeIfAbsent(groupId, id -> new HashMap<>())
                        .computeIfAbsent(topic, name -> new TreeMap<>())
                        .put(partition, committed);
        if (before == null) {
            count++;
        }
    }

    /** Forgets a commit, if there is one. */
    public void remove(String groupId, String topic, int partition) {
        Map<String, Map<Integer, CommittedOffset>> topics = byGroup.get(groupId);
        Map<Integer, CommittedOffset> partitions = topics == null ? null : topics.get(topic);
        if (topics == null || partitions == null || partitions.remove(partition) == null) {
            return;
        }
        count--;
        if (partitions.isEmpty()) {
            topics.remove(topic);
        }
        if (topics.isEmpty()) {
            byGroup.remove(groupId);
        }
    }

    /**
     * Applies a record of a committed offset.
     *
     * @return the group that it is of
     * @throws IllegalArgumentException if the record is not such a one
     */
    public String apply(ShardRecord record) {
        try {
            OffsetKey key = OffsetRecords.readKey(record.key());
            if (record.value() == null) {
                remove(key.group(), key.topic(), key.partition());
            } else {
                put(
                        key.group(),
                        key.topic(),
                        key.partition(),
                        OffsetRecords.readValue(record.value()));
            }
            return key.group();
        } catch (MalformedFrameException e) {
            throw new IllegalArgumentException("Not a committed offset", e);
        }
    }
}
