package io.headrace.client.group;

import io.headrace.client.error.ServerErrorException;
import io.headrace.client.metadata.ClusterView.TopicView;
import io.headrace.client.metadata.Metadata;
import io.headrace.transport.loop.Loop;

import org.apache.kafka.common.protocol.Errors;

import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Pattern;

/**
 * The topics that a member subscribes to and, while it leads, those that the group was divided
 * over. Confined to its loop.
 */
final class SubscribedTopics {
    private final Subscription subscription;
    private final Metadata metadata;
    private final Loop loop;
    private Set<String> names = Set.of();
    private Map<String, Integer> divided = Map.of();

    SubscribedTopics(Subscription subscription, Metadata metadata, Loop loop) {
        this.subscription = subscription;
        this.metadata = metadata;
        this.loop = loop;
    }

    /**
     * The names to subscribe to now. Fails when one may not be read; topics that do not exist yet
     * are waited for by name.
     */
    CompletableFuture<Set<String>> resolve() {
        return current()
                .thenApplyAsync(
                        found -> {
                            names = found;
                            return found;
                        },
                        loop);
    }

    private CompletableFuture<Set<String>> current() {
        return switch (subscription) {
            case Subscription.Topics(Set<String> wanted) ->
                    metadata.topics(wanted)
                            .thenApply(
                                    found -> {
                                        found.values().forEach(SubscribedTopics::requireReadable);
                                        return wanted;
                                    });
            case Subscription.Matching(Pattern pattern) ->
                    metadata.allTopics().thenApply(all -> matching(pattern, all));
        };
    }

    private static Set<String> matching(Pattern pattern, Map<String, TopicView> all) {
        return Set.copyOf(
                all.values().stream()
                        .filter(topic -> !topic.internal() && topic.error() == Errors.NONE)
                        .map(TopicView::name)
                        .filter(name -> pattern.matcher(name).matches())
                        .toList());
    }

    private static void requireReadable(TopicView topic) {
        if (topic.error() == Errors.TOPIC_AUTHORIZATION_FAILED
                || topic.error() == Errors.INVALID_TOPIC_EXCEPTION) {
            throw ServerErrorException.of(topic.error(), "Subscribing to " + topic.name(), null);
        }
    }

    /** As the leader: the partitions of the group's topics, from now on watched for changes. */
    CompletableFuture<Map<String, Integer>> divide(Collection<String> topics) {
        return count(topics)
                .thenApplyAsync(
                        counts -> {
                            divided = counts;
                            return counts;
                        },
                        loop);
    }

    /** Another member leads: it watches the partitions. */
    void follow() {
        divided = Map.of();
    }

    private CompletableFuture<Map<String, Integer>> count(Collection<String> topics) {
        return topics.isEmpty()
                ? CompletableFuture.completedFuture(Map.of())
                : metadata.topics(topics)
                        .thenApply(
                                found -> {
                                    Map<String, Integer> counts = new HashMap<>();
                                    topics.forEach(topic -> counts.put(topic, 0));
                                    found.values()
                                            .forEach(
                                                    topic ->
                                                            counts.put(
                                                                    topic.name(),
                                                                    topic.partitions().size()));
                                    return counts;
                                });
    }

    /** Whether the group should be divided anew: a topic came, went, or has more partitions. */
    CompletableFuture<Boolean> haveChanged() {
        Set<String> before = names;
        Map<String, Integer> counted = divided;
        CompletableFuture<Boolean> subscribed =
                subscription instanceof Subscription.Matching
                        ? current().thenApply(now -> !now.equals(before))
                        : CompletableFuture.completedFuture(false);
        return subscribed.thenCombine(
                count(counted.keySet()), (changed, now) -> changed || !now.equals(counted));
    }
}
