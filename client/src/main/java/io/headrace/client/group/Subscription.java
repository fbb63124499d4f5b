package io.headrace.client.group;

import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** What a group member wants to read. */
public sealed interface Subscription {
    /** These topics; those that do not exist yet are picked up when they do. */
    record Topics(Set<String> names) implements Subscription {
        public Topics {
            names = Set.copyOf(new TreeSet<>(names));
            if (names.isEmpty()) {
                throw new IllegalArgumentException("The subscription names no topic");
            }
        }
    }

    /** All topics, but internal ones, whose whole name matches; also those that come later. */
    record Matching(Pattern pattern) implements Subscription {}

    static Subscription topics(String... names) {
        return new Topics(Set.copyOf(List.of(names)));
    }

    static Subscription topics(Collection<String> names) {
        return new Topics(Set.copyOf(names));
    }

    static Subscription matching(Pattern pattern) {
        return new Matching(pattern);
    }
}
