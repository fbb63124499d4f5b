package io.headrace.coordinator.group.consumer;

import java.util.Set;
import java.util.TreeSet;

/**
 * What an expression matched.
 *
 * @param version the metadata offset that it was looked for in
 */
public record ResolvedRegex(Set<String> topics, long version, long timestampMs) {
    public ResolvedRegex {
        topics = new TreeSet<>(topics);
    }
}
