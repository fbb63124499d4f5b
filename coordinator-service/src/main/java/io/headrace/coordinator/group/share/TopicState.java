package io.headrace.coordinator.group.share;

import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * Partitions of a topic whose states are at the same stage.
 *
 * @param name the topic's name when it was noted
 */
public record TopicState(String name, SortedSet<Integer> partitions) {

    TopicState with(Set<Integer> more) {
        SortedSet<Integer> all = new TreeSet<>(partitions);
        all.addAll(more);
        return new TopicState(name, all);
    }

    TopicState without(Set<Integer> fewer) {
        SortedSet<Integer> rest = new TreeSet<>(partitions);
        rest.removeAll(fewer);
        return new TopicState(name, rest);
    }
}
