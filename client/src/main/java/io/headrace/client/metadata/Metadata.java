package io.headrace.client.metadata;

import io.headrace.client.connection.BootstrapAddress;
import io.headrace.client.connection.Connections;
import io.headrace.client.connection.Failures;
import io.headrace.client.connection.NodeConnection;
import io.headrace.client.connection.Retrier;
import io.headrace.client.error.ConnectionFailedException;
import io.headrace.client.error.HeadraceException;
import io.headrace.client.error.ServerErrorException;
import io.headrace.client.metadata.ClusterView.NodeView;
import io.headrace.client.metadata.ClusterView.TopicView;

import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.message.MetadataRequestData;
import org.apache.kafka.common.message.MetadataRequestData.MetadataRequestTopic;
import org.apache.kafka.common.message.MetadataResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Keeps the {@link ClusterView} fresh: of the topics in use, at most one request at a time.
 * Thread-safe.
 */
public final class Metadata {
    private static final int MAX_TOPICS = 100_000;

    private final List<BootstrapAddress> bootstrap;
    private final Connections connections;
    private final Retrier retrier;
    private final long maxAgeNanos;
    private final long minPauseNanos;
    private final Map<String, Long> topicsInUse = new ConcurrentHashMap<>();
    private final AtomicInteger nextNode = new AtomicInteger();

    private volatile ClusterView view = ClusterView.UNKNOWN;

    // Guarded by this.
    private @Nullable CompletableFuture<ClusterView> refreshing;
    private @Nullable CompletableFuture<ClusterView> refreshingNext;
    private long refreshedNanos = System.nanoTime() - TimeUnit.DAYS.toNanos(1);

    /** When {@link #view} was last answered; as above before it was. */
    private long answeredNanos = refreshedNanos;

    public Metadata(List<BootstrapAddress> bootstrap, Connections connections, Retrier retrier) {
        this.bootstrap = new ArrayList<>(bootstrap);
        Collections.shuffle(this.bootstrap);
        this.connections = connections;
        this.retrier = retrier;
        this.maxAgeNanos = connections.options().metadataMaxAge().toNanos();
        this.minPauseNanos = connections.options().retryBackoff().toNanos();
    }

    /** What is known now; starts a refresh when that is old. */
    public ClusterView view() {
        boolean old;
        synchronized (this) {
            old = refreshing == null && System.nanoTime() - refreshedNanos > maxAgeNanos;
        }
        if (old && !topicsInUse.isEmpty()) {
            refresh();
        }
        return view;
    }

    /** What is known now, whatever its age. */
    public ClusterView latest() {
        return view;
    }

    /** The topic as soon as it is known; fails when it does not exist or may not be seen. */
    public CompletableFuture<TopicView> topic(String name) {
        TopicView known = view().topics().get(name);
        if (known != null && known.error() == Errors.NONE) {
            return CompletableFuture.completedFuture(known);
        }
        return retrier.run(
                "Looking up topic " + name,
                () -> {
                    use(name);
                    return refresh().thenApply(fresh -> require(fresh, name));
                });
    }

    /** As {@link #topic} but asks once, without waiting for a topic that is missing. */
    public CompletableFuture<ClusterView> lookUp(Collection<String> names) {
        names.forEach(this::use);
        return refresh();
    }

    /** The node that leads the partition, as soon as there is one. */
    public CompletableFuture<NodeView> leader(TopicPartition partition) {
        NodeView known = view().leader(partition);
        return known != null
                ? CompletableFuture.completedFuture(known)
                : refresh(partition).thenApply(fresh -> requireLeader(fresh, partition));
    }

    private CompletableFuture<ClusterView> refresh(TopicPartition partition) {
        use(partition.topic());
        return refresh();
    }

    private static NodeView requireLeader(ClusterView view, TopicPartition partition) {
        TopicView topic = require(view, partition.topic());
        if (partition.partition() >= topic.partitions().size()) {
            throw ServerErrorException.of(
                    Errors.UNKNOWN_TOPIC_OR_PARTITION,
                    "Looking up " + partition,
                    "the topic has " + topic.partitions().size() + " partitions");
        }
        NodeView leader = view.leader(partition);
        if (leader == null) {
            throw ServerErrorException.of(
                    Errors.LEADER_NOT_AVAILABLE, "Looking up " + partition, null);
        }
        return leader;
    }

    private static TopicView require(ClusterView view, String name) {
        TopicView topic = view.topics().get(name);
        Errors error = topic == null ? Errors.UNKNOWN_TOPIC_OR_PARTITION : topic.error();
        if (topic == null || error != Errors.NONE) {
            throw ServerErrorException.of(error, "Looking up topic " + name, null);
        }
        return topic;
    }

    private void use(String topic) {
        if (topicsInUse.size() >= MAX_TOPICS) {
            long oldest = System.nanoTime() - maxAgeNanos;
            topicsInUse.values().removeIf(used -> used - oldest < 0);
        }
        topicsInUse.put(topic, System.nanoTime());
    }

    /** Takes a topic out of what is refreshed. */
    public void forget(String topic) {
        topicsInUse.remove(topic);
    }

    /**
     * Asks again; the answer reflects a state not older than this call. Requests are paced by the
     * retry back-off.
     */
    public CompletableFuture<ClusterView> refresh() {
        CompletableFuture<ClusterView> mine;
        long pauseNanos;
        synchronized (this) {
            if (refreshing != null) {
                if (refreshingNext == null) {
                    refreshingNext = new CompletableFuture<>();
                }
                return refreshingNext;
            }
            mine = new CompletableFuture<>();
            refreshing = mine;
            pauseNanos = refreshedNanos + minPauseNanos - System.nanoTime();
        }
        startAfter(pauseNanos, mine);
        return mine;
    }

    /**
     * As {@link #refresh}, but what was answered less than a retry back-off ago is taken as it is:
     * who asks again and again does not wait for that to pass.
     */
    public CompletableFuture<ClusterView> recent() {
        boolean isRecent;
        synchronized (this) {
            isRecent = System.nanoTime() - answeredNanos < minPauseNanos;
        }
        return isRecent ? CompletableFuture.completedFuture(view) : refresh();
    }

    private void startAfter(long pauseNanos, CompletableFuture<ClusterView> result) {
        if (pauseNanos > 0 && !view.nodes().isEmpty()) {
            retrier.timer()
                    .schedule(() -> ask(result), TimeUnit.NANOSECONDS.toMillis(pauseNanos) + 1);
        } else {
            ask(result);
        }
    }

    private void ask(CompletableFuture<ClusterView> result) {
        Set<String> topics = new HashSet<>(topicsInUse.keySet());
        MetadataRequestData request =
                new MetadataRequestData().setAllowAutoTopicCreation(true).setTopics(named(topics));
        callAny(ApiKeys.METADATA, request, MetadataResponseData.class)
                .whenComplete((answer, failure) -> onAnswer(result, answer, failure));
    }

    private static List<MetadataRequestTopic> named(Collection<String> topics) {
        List<MetadataRequestTopic> named = new ArrayList<>();
        for (String topic : topics) {
            named.add(new MetadataRequestTopic().setName(topic));
        }
        return named;
    }

    private void onAnswer(
            CompletableFuture<ClusterView> result,
            @Nullable MetadataResponseData answer,
            @Nullable Throwable failure) {
        CompletableFuture<ClusterView> next;
        synchronized (this) {
            if (answer != null) {
                view = ViewBuilder.merge(view, answer);
                answeredNanos = System.nanoTime();
            }
            refreshedNanos = System.nanoTime();
            next = refreshingNext;
            refreshing = next;
            refreshingNext = null;
        }
        if (failure != null) {
            result.completeExceptionally(failure);
        } else {
            result.complete(view);
        }
        if (next != null) {
            startAfter(minPauseNanos, next);
        }
    }

    /** All topics that there are, in order of their names; not kept. */
    public CompletableFuture<Map<String, TopicView>> allTopics() {
        MetadataRequestData request =
                new MetadataRequestData().setTopics(null).setAllowAutoTopicCreation(false);
        return callAny(ApiKeys.METADATA, request, MetadataResponseData.class)
                .thenApply(Metadata::topicsOf);
    }

    /** These topics, without creating them; not kept. */
    public CompletableFuture<Map<String, TopicView>> topics(Collection<String> names) {
        MetadataRequestData request =
                new MetadataRequestData().setTopics(named(names)).setAllowAutoTopicCreation(false);
        return callAny(ApiKeys.METADATA, request, MetadataResponseData.class)
                .thenApply(Metadata::topicsOf);
    }

    private static Map<String, TopicView> topicsOf(MetadataResponseData answer) {
        Map<String, TopicView> topics = new TreeMap<>();
        for (MetadataResponseData.MetadataResponseTopic topic : answer.topics()) {
            if (topic.name() != null) {
                topics.put(topic.name(), ViewBuilder.topic(null, topic));
            }
        }
        return topics;
    }

    /** Calls a node that is likely up: known ones in turn, else the bootstrap addresses. */
    public <T extends ApiMessage> CompletableFuture<T> callAny(
            ApiKeys api, ApiMessage request, Class<T> answer) {
        List<BootstrapAddress> candidates = candidates();
        return callFirst(candidates, 0, api, request, answer);
    }

    private <T extends ApiMessage> CompletableFuture<T> callFirst(
            List<BootstrapAddress> candidates,
            int index,
            ApiKeys api,
            ApiMessage request,
            Class<T> answer) {
        return connections
                .get(candidates.get(index), Connections.SHARED_LANE)
                .thenCompose(connection -> call(connection, api, request, answer))
                .exceptionallyCompose(
                        failure -> {
                            HeadraceException known = Failures.of(failure, api.name);
                            return known instanceof ConnectionFailedException
                                            && index + 1 < candidates.size()
                                    ? callFirst(candidates, index + 1, api, request, answer)
                                    : CompletableFuture.failedFuture(known);
                        });
    }

    private <T extends ApiMessage> CompletableFuture<T> call(
            NodeConnection connection, ApiKeys api, ApiMessage request, Class<T> answer) {
        return connection.call(api, request, answer, connections.options().requestTimeout());
    }

    private List<BootstrapAddress> candidates() {
        List<BootstrapAddress> candidates = new ArrayList<>();
        view.nodes().values().forEach(node -> candidates.add(node.address()));
        Collections.rotate(candidates, nextNode.incrementAndGet());
        for (BootstrapAddress address : bootstrap) {
            if (!candidates.contains(address)) {
                candidates.add(address);
            }
        }
        List<BootstrapAddress> troubled = new ArrayList<>();
        for (BootstrapAddress address : candidates) {
            if (connections.isInTrouble(address)) {
                troubled.add(address);
            }
        }
        candidates.removeAll(troubled);
        candidates.addAll(troubled);
        return candidates;
    }
}
