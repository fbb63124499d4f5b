package io.headrace.coordinator.group.share;

import org.apache.kafka.common.Uuid;

import java.util.Collections;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * Which partitions of a share group have a state at the share state shards, are about to get one,
 * and of which topics it is being deleted. Immutable.
 */
public record ShareStates(
        Map<Uuid, TopicState> initializing,
        Map<Uuid, TopicState> initialized,
        Map<Uuid, String> deleting) {
    /** Of a group that never read anything. */
    public static final ShareStates NONE = new ShareStates(Map.of(), Map.of(), Map.of());

    public boolean isEmpty() {
        return initializing.isEmpty() && initialized.isEmpty() && deleting.isEmpty();
    }

    /** Every topic that has, or may have, any state. */
    public Map<Uuid, String> topics() {
        Map<Uuid, String> topics = new TreeMap<>(deleting);
        initializing.forEach((id, topic) -> topics.put(id, topic.name()));
        initialized.forEach((id, topic) -> topics.put(id, topic.name()));
        return topics;
    }

    /** The partitions of a topic that have a state. */
    public SortedSet<Integer> initialized(Uuid topicId) {
        TopicState topic = initialized.get(topicId);
        return topic == null ? Collections.emptySortedSet() : topic.partitions();
    }

    /** The partitions of a topic that have a state, are to get one, or may have got it. */
    public SortedSet<Integer> known(Uuid topicId) {
        SortedSet<Integer> known = new TreeSet<>(initialized(topicId));
        TopicState topic = initializing.get(topicId);
        if (topic != null) {
            known.addAll(topic.partitions());
        }
        return known;
    }

    /** States of more partitions are about to be made. */
    public ShareStates beginning(Uuid topicId, String name, Set<Integer> partitions) {
        return new ShareStates(
                plus(initializing, topicId, name, partitions), initialized, deleting);
    }

    /** They are there. */
    public ShareStates begun(Uuid topicId, String name, Set<Integer> partitions) {
        return new ShareStates(
                minus(initializing, topicId, partitions),
                plus(initialized, topicId, name, partitions),
                deleting);
    }

    /** All states of a topic are about to be deleted. */
    public ShareStates ending(Uuid topicId, String name) {
        Map<Uuid, String> ending = new TreeMap<>(deleting);
        ending.put(topicId, name);
        return new ShareStates(
                filtered(initializing, id -> !id.equals(topicId)),
                filtered(initialized, id -> !id.equals(topicId)),
                ending);
    }

    /** Nothing of such topics is there any more. */
    public ShareStates without(Predicate<Uuid> topicIds) {
        return new ShareStates(
                filtered(initializing, topicIds.negate()),
                filtered(initialized, topicIds.negate()),
                filtered(deleting, topicIds.negate()));
    }

    private static Map<Uuid, TopicState> plus(
            Map<Uuid, TopicState> topics, Uuid topicId, String name, Set<Integer> partitions) {
        Map<Uuid, TopicState> more = new TreeMap<>(topics);
        TopicState known = topics.getOrDefault(topicId, new TopicState(name, new TreeSet<>()));
        more.put(topicId, known.with(partitions));
        return more;
    }

    private static Map<Uuid, TopicState> minus(
            Map<Uuid, TopicState> topics, Uuid topicId, Set<Integer> partitions) {
        TopicState known = topics.get(topicId);
        if (known == null) {
            return topics;
        }
        Map<Uuid, TopicState> fewer = new TreeMap<>(topics);
        TopicState rest = known.without(partitions);
        if (rest.partitions().isEmpty()) {
            fewer.remove(topicId);
        } else {
            fewer.put(topicId, rest);
        }
        return fewer;
    }

    private static <V> Map<Uuid, V> filtered(Map<Uuid, V> topics, Predicate<Uuid> kept) {
        Map<Uuid, V> rest = new TreeMap<>(topics);
        rest.keySet().removeIf(kept.negate());
        return rest;
    }
}
