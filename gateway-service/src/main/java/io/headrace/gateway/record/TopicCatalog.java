package io.headrace.gateway.record;

import io.headrace.client.admin.Admin;
import io.headrace.client.admin.TopicDescription;
import io.headrace.client.admin.TopicListing;

import org.apache.kafka.common.Uuid;

import reactor.core.publisher.Mono;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * Which partitions topics have, known for a moment so that a poll need not ask the cluster each
 * time. Failures are not remembered. Safe for use by any threads.
 */
public final class TopicCatalog {
    private static final int MAX_TOPICS = 10_000;

    private final Admin admin;
    private final Duration maxAge;
    private final ConcurrentMap<String, Mono<TopicShape>> topics = new ConcurrentHashMap<>();
    private final Mono<List<TopicShape>> all;

    /** A topic and how many partitions it has. */
    public record TopicShape(String name, Uuid topicId, int partitions, boolean internal) {}

    public TopicCatalog(Admin admin, Duration maxAge) {
        this.admin = admin;
        this.maxAge = maxAge;
        this.all =
                Mono.defer(admin::listTopics)
                        .map(TopicCatalog::shapes)
                        .cache(value -> maxAge, error -> Duration.ZERO, () -> Duration.ZERO);
    }

    private static List<TopicShape> shapes(List<TopicListing> listings) {
        return listings.stream()
                .map(t -> new TopicShape(t.name(), t.topicId(), t.partitions(), t.internal()))
                .toList();
    }

    /** A topic; fails with UNKNOWN_TOPIC_OR_PARTITION. */
    public Mono<TopicShape> topic(String name) {
        TopicNames.check(name);
        Mono<TopicShape> known = topics.get(name);
        if (known != null) {
            return known;
        }
        if (topics.size() >= MAX_TOPICS) {
            topics.clear();
        }
        return topics.computeIfAbsent(name, this::lookUp);
    }

    /** All topics. */
    public Mono<List<TopicShape>> all() {
        return all;
    }

    /** Asks the cluster anew for this topic. */
    public void forget(String name) {
        topics.remove(name);
    }

    private Mono<TopicShape> lookUp(String name) {
        return Mono.defer(() -> admin.describeTopic(name))
                .map(TopicCatalog::shape)
                .doOnError(error -> topics.remove(name))
                .cache(value -> maxAge, error -> Duration.ZERO, () -> Duration.ZERO);
    }

    private static TopicShape shape(TopicDescription topic) {
        return new TopicShape(
                topic.name(), topic.topicId(), topic.partitions().size(), topic.internal());
    }
}
