package io.headrace.coordinator.group.consumer;

import org.jspecify.annotations.Nullable;

import java.util.Set;
import java.util.TreeSet;

/**
 * What a member said about itself.
 *
 * @param instanceId what makes it static (KIP-345), or null
 * @param topicNames the topics that it subscribes to by name
 * @param topicRegex the expression that it subscribes by; null or empty for none
 * @param rebalanceTimeoutMs how long it may take to give partitions up
 * @param assignor the assignor that it wants, or null
 * @param classic not null while it speaks the classic protocol
 */
public record Subscription(
        @Nullable String instanceId,
        @Nullable String rackId,
        String clientId,
        String clientHost,
        Set<String> topicNames,
        @Nullable String topicRegex,
        int rebalanceTimeoutMs,
        @Nullable String assignor,
        @Nullable ClassicFacts classic) {

    public Subscription {
        topicNames = new TreeSet<>(topicNames);
    }

    /** Of a member that said nothing yet. */
    public static Subscription none() {
        return new Subscription(null, null, "", "", Set.of(), null, -1, null, null);
    }

    /** Whether it subscribes by an expression. */
    public boolean hasRegex() {
        return topicRegex != null && !topicRegex.isEmpty();
    }

    /** Whether the topics that it may get could be others. */
    public boolean subscribesAs(Subscription other) {
        return topicNames.equals(other.topicNames)
                && (topicRegex == null ? "" : topicRegex)
                        .equals(other.topicRegex == null ? "" : other.topicRegex);
    }
}
