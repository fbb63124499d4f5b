package io.headrace.client.metadata;

import io.headrace.client.connection.Backoff;
import io.headrace.client.connection.Connections;
import io.headrace.client.connection.Failures;
import io.headrace.client.connection.NodeConnection;
import io.headrace.client.error.HeadraceException;
import io.headrace.client.error.ServerErrorException;
import io.headrace.client.metadata.ClusterView.NodeView;
import io.headrace.transport.loop.Loop;

import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.protocol.Errors;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/** Requests about partitions that their leaders answer: one for each leader, tried again. */
public final class LeaderCalls {
    private static final int ATTEMPTS = 6;

    private final Connections connections;
    private final Metadata metadata;
    private final Loop timer;
    private final Backoff backoff;

    public LeaderCalls(Connections connections, Metadata metadata, Loop timer) {
        this.connections = connections;
        this.metadata = metadata;
        this.timer = timer;
        this.backoff =
                new Backoff(
                        connections.options().retryBackoff(),
                        connections.options().retryBackoffMax());
    }

    /** One leader's answer for a partition. */
    public record Part<R>(Errors error, R value) {}

    /** Asks one leader about some of its partitions. */
    @FunctionalInterface
    public interface Request<R> {
        CompletableFuture<Map<TopicPartition, Part<R>>> send(
                NodeConnection leader, ClusterView view, List<TopicPartition> partitions);
    }

    /** What was answered, and what failed for good or too often. */
    public record Answers<R>(
            Map<TopicPartition, R> values, Map<TopicPartition, HeadraceException> failures) {
        /** The values, if nothing failed. */
        public Map<TopicPartition, R> orThrow() {
            for (HeadraceException failure : failures.values()) {
                throw failure;
            }
            return values;
        }
    }

    /** Asks all leaders of these partitions. */
    public <R> CompletableFuture<Answers<R>> call(
            String what, Collection<TopicPartition> partitions, Request<R> request) {
        Round<R> round = new Round<>(what, request);
        CompletableFuture<Answers<R>> result = new CompletableFuture<>();
        round.next(new HashSet<>(partitions), 1, false, result);
        return result;
    }

    /** The state of one call over its attempts; used by one attempt at a time. */
    private final class Round<R> {
        private final String what;
        private final Request<R> request;
        private final Map<TopicPartition, R> values = new HashMap<>();
        private final Map<TopicPartition, HeadraceException> failures = new HashMap<>();

        Round(String what, Request<R> request) {
            this.what = what;
            this.request = request;
        }

        void next(
                Set<TopicPartition> open,
                int attempt,
                boolean refresh,
                CompletableFuture<Answers<R>> result) {
            view(open, refresh)
                    .thenCompose(view -> askAll(view, open))
                    .whenComplete(
                            (done, failure) -> {
                                if (failure != null) {
                                    HeadraceException known = Failures.of(failure, what);
                                    open.forEach(partition -> failures.put(partition, known));
                                }
                                finish(open, attempt, result);
                            });
        }

        private void finish(
                Set<TopicPartition> open, int attempt, CompletableFuture<Answers<R>> result) {
            Set<TopicPartition> again = new HashSet<>();
            for (TopicPartition partition : open) {
                HeadraceException failure = failures.get(partition);
                if (failure != null && failure.retriable() && attempt < ATTEMPTS) {
                    again.add(partition);
                }
            }
            if (again.isEmpty()) {
                result.complete(new Answers<>(values, failures));
                return;
            }
            failures.keySet().removeAll(again);
            timer.schedule(() -> next(again, attempt + 1, true, result), backoff.delayMs(attempt));
        }

        private CompletableFuture<ClusterView> view(Set<TopicPartition> open, boolean refresh) {
            ClusterView known = metadata.view();
            boolean complete = open.stream().allMatch(p -> known.leader(p) != null);
            Set<String> topics = new HashSet<>();
            open.forEach(partition -> topics.add(partition.topic()));
            return complete && !refresh
                    ? CompletableFuture.completedFuture(known)
                    : metadata.lookUp(topics);
        }

        private CompletableFuture<Void> askAll(ClusterView view, Set<TopicPartition> open) {
            Map<NodeView, List<TopicPartition>> byLeader = new HashMap<>();
            for (TopicPartition partition : open) {
                NodeView leader = view.leader(partition);
                if (leader == null) {
                    failures.put(partition, noLeader(view, partition));
                } else {
                    byLeader.computeIfAbsent(leader, l -> new ArrayList<>()).add(partition);
                }
            }
            List<CompletableFuture<Void>> all = new ArrayList<>();
            byLeader.forEach((leader, mine) -> all.add(ask(leader, view, mine)));
            return CompletableFuture.allOf(all.toArray(CompletableFuture<?>[]::new));
        }

        private HeadraceException noLeader(ClusterView view, TopicPartition partition) {
            ClusterView.TopicView topic = view.topics().get(partition.topic());
            Errors error =
                    topic == null
                            ? Errors.UNKNOWN_TOPIC_OR_PARTITION
                            : topic.error() != Errors.NONE
                                    ? topic.error()
                                    : partition.partition() >= topic.partitions().size()
                                            ? Errors.UNKNOWN_TOPIC_OR_PARTITION
                                            : Errors.LEADER_NOT_AVAILABLE;
            return ServerErrorException.of(error, what + " of " + partition, null);
        }

        private CompletableFuture<Void> ask(
                NodeView leader, ClusterView view, List<TopicPartition> mine) {
            return connections
                    .get(leader.address(), Connections.SHARED_LANE)
                    .thenCompose(connection -> request.send(connection, view, mine))
                    .handle(
                            (parts, failure) -> {
                                onAnswer(mine, parts, failure);
                                return null;
                            });
        }

        private synchronized void onAnswer(
                List<TopicPartition> mine,
                Map<TopicPartition, Part<R>> parts,
                @org.jspecify.annotations.Nullable Throwable failure) {
            for (TopicPartition partition : mine) {
                Part<R> part = failure == null ? parts.get(partition) : null;
                if (failure != null) {
                    failures.put(partition, Failures.of(failure, what + " of " + partition));
                } else if (part == null) {
                    failures.put(
                            partition,
                            ServerErrorException.of(
                                    Errors.UNKNOWN_TOPIC_OR_PARTITION,
                                    what + " of " + partition,
                                    "the answer does not name it"));
                } else if (part.error() != Errors.NONE) {
                    failures.put(
                            partition,
                            ServerErrorException.of(part.error(), what + " of " + partition, null));
                } else {
                    values.put(partition, part.value());
                }
            }
        }
    }
}
