package io.headrace.coordinator.exchange;

import io.headrace.coordinator.group.share.StatePlace;
import io.headrace.coordinator.metadata.ClusterMetadata;
import io.headrace.coordinator.shard.StorageLinks;
import io.headrace.coordinator.share.SharePartition;
import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.protocol.metadata.CoordinatorImage;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.ShardOwnerImage;
import io.headrace.protocol.metadata.TopicImage;
import io.headrace.transport.loop.Loop;

import org.apache.kafka.common.internals.Topic;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * Asks the owners of share state, each about its share partitions. What is refused because an owner
 * is not there yet is asked again for a while; every question may be repeated. Thread-safe.
 */
final class ShareStateCalls {
    private static final Logger LOG = LoggerFactory.getLogger(ShareStateCalls.class);
    private static final Duration TIMEOUT = Duration.ofSeconds(5);
    private static final int ATTEMPTS = 40;
    private static final long PAUSE_MS = 100;

    /** What another attempt may do away with. */
    private static final Set<Errors> PASSING =
            EnumSet.of(
                    Errors.COORDINATOR_NOT_AVAILABLE,
                    Errors.COORDINATOR_LOAD_IN_PROGRESS,
                    Errors.NOT_COORDINATOR,
                    Errors.NETWORK_EXCEPTION,
                    Errors.UNKNOWN_TOPIC_OR_PARTITION);

    private final ClusterMetadata metadata;
    private final StorageLinks links;
    private final Loop loop;

    /**
     * @param loop keeps the time between attempts
     */
    ShareStateCalls(ClusterMetadata metadata, StorageLinks links, Loop loop) {
        this.metadata = metadata;
        this.links = links;
        this.loop = loop;
    }

    /** Asks, and hands over what came of each share partition; on any thread. */
    <R extends ApiMessage, O> void ask(
            StateQuestion<R, O> question, Consumer<Map<StatePlace, O>> then) {
        attempt(question, new HashSet<>(question.places()), new HashMap<>(), 1, then);
    }

    private <R extends ApiMessage, O> void attempt(
            StateQuestion<R, O> question,
            Set<StatePlace> open,
            Map<StatePlace, O> outcomes,
            int number,
            Consumer<Map<StatePlace, O>> then) {
        Map<CoordinatorImage, List<StatePlace>> byOwner = new LinkedHashMap<>();
        for (StatePlace place : open) {
            CoordinatorImage owner = owner(question.groupId(), place);
            if (owner == null) {
                outcomes.put(place, question.failed(Errors.COORDINATOR_NOT_AVAILABLE));
            } else {
                byOwner.computeIfAbsent(owner, to -> new ArrayList<>()).add(place);
            }
        }
        List<CompletableFuture<Map<StatePlace, O>>> calls = new ArrayList<>();
        byOwner.forEach((owner, places) -> calls.add(send(question, owner, places)));
        CompletableFuture.allOf(calls.toArray(CompletableFuture[]::new))
                .whenComplete(
                        (done, failure) -> {
                            calls.forEach(call -> outcomes.putAll(call.join()));
                            next(question, open, outcomes, number, then);
                        });
    }

    private <R extends ApiMessage, O> void next(
            StateQuestion<R, O> question,
            Set<StatePlace> asked,
            Map<StatePlace, O> outcomes,
            int number,
            Consumer<Map<StatePlace, O>> then) {
        Set<StatePlace> open = new HashSet<>();
        for (StatePlace place : asked) {
            O outcome = outcomes.get(place);
            if (outcome == null || PASSING.contains(question.errorOf(outcome))) {
                open.add(place);
            }
        }
        if (open.isEmpty() || number >= ATTEMPTS) {
            open.forEach(
                    place ->
                            outcomes.putIfAbsent(place, question.failed(Errors.NETWORK_EXCEPTION)));
            then.accept(outcomes);
        } else {
            loop.schedule(() -> attempt(question, open, outcomes, number + 1, then), PAUSE_MS);
        }
    }

    /** The owner; while the topic is not there the controller, which makes it when asked. */
    private @Nullable CoordinatorImage owner(String groupId, StatePlace place) {
        MetadataImage image = metadata.image();
        TopicImage topic = image.topic(Topic.SHARE_GROUP_STATE_TOPIC_NAME);
        if (topic == null || topic.partitionCount() == 0) {
            return image.coordinators().get(image.controllerId());
        }
        String key = new SharePartition(groupId, place.topicId(), place.partition()).key();
        ShardOwnerImage owner =
                image.shardOwner(
                        ShardOwnerImage.SHARE,
                        ShardOwnerImage.shardOf(key, topic.partitionCount()));
        return owner == null ? null : image.coordinators().get(owner.ownerId());
    }

    private <R extends ApiMessage, O> CompletableFuture<Map<StatePlace, O>> send(
            StateQuestion<R, O> question, CoordinatorImage owner, Collection<StatePlace> places) {
        return links.to(owner)
                .thenCompose(
                        channel ->
                                channel.call(
                                        ApiCatalog.get(question.api()),
                                        question.version(),
                                        question.request(places),
                                        question.responseType(),
                                        TIMEOUT))
                .handle(
                        (response, failure) -> {
                            if (failure != null) {
                                LOG.debug("No answer about share state", failure);
                            }
                            Map<StatePlace, O> outcomes = new HashMap<>();
                            places.forEach(
                                    place ->
                                            outcomes.put(
                                                    place,
                                                    question.failed(Errors.NETWORK_EXCEPTION)));
                            if (failure == null) {
                                outcomes.putAll(question.read(response));
                            }
                            return outcomes;
                        });
    }
}
