package io.headrace.coordinator.metadata;

import io.headrace.protocol.metadata.TopicImage;

import java.util.concurrent.CompletableFuture;

/** Makes the platform's own topics when they are first needed. */
public interface InternalTopics {
    /**
     * The topic of that name, created when it is absent, with the cluster's settings for it.
     *
     * <p>Completes on any thread. Exceptionally with a Kafka {@code ApiException} when it cannot be
     * created now (no storage node is registered: retriable) or this coordinator is not the
     * controller.
     *
     * @param name {@code __consumer_offsets} or another internal topic that the platform knows
     */
    CompletableFuture<TopicImage> ensure(String name);

    /** A request came for a shard that this coordinator knows of as another's: it may know late. */
    default void lookSoon() {}
}
