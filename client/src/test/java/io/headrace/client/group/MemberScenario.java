package io.headrace.client.group;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.client.HeadraceClient;
import io.headrace.client.connection.ConnectionOptions;
import io.headrace.testkit.wait.Eventually;

import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.message.HeartbeatRequestData;
import org.apache.kafka.common.message.JoinGroupRequestData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;

import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/** A member of a group, its coordinator, and what its listener heard. */
@NullUnmarked // A missing answer fails the test as well as a check of it would.
abstract class MemberScenario {
    static final Duration WAIT = Duration.ofSeconds(20);
    static final TopicPartition FIRST = new TopicPartition(ScriptedCoordinator.TOPIC, 0);
    static final TopicPartition SECOND = new TopicPartition(ScriptedCoordinator.TOPIC, 1);

    final ScriptedCoordinator coordinator = new ScriptedCoordinator();
    final Partitions partitions = new Partitions();
    final Sinks.One<Throwable> failed = Sinks.one();
    HeadraceClient client;
    GroupConsumer consumer;

    /** Hears what comes and goes, in order, and checks that only what came goes. */
    static final class Partitions implements RebalanceListener {
        final List<String> events = new ArrayList<>();
        final Set<TopicPartition> held = new HashSet<>();
        final List<String> violations = new ArrayList<>();
        volatile Function<String, Mono<Void>> answer = event -> Mono.empty();

        @Override
        public Mono<Void> onAssigned(Set<TopicPartition> added) {
            return on("assigned", added, held.stream().noneMatch(added::contains));
        }

        @Override
        public Mono<Void> onRevoked(Set<TopicPartition> removed) {
            return on("revoked", removed, held.containsAll(removed));
        }

        @Override
        public Mono<Void> onLost(Set<TopicPartition> removed) {
            return on("lost", removed, held.containsAll(removed));
        }

        Mono<Void> on(String what, Set<TopicPartition> which, boolean fits) {
            String event = what + " " + new TreeSet<>(which.stream().map(p -> "" + p).toList());
            synchronized (this) {
                events.add(event);
                if (!fits) {
                    violations.add(event + " while holding " + held);
                }
                if (what.equals("assigned")) {
                    held.addAll(which);
                } else {
                    held.removeAll(which);
                }
            }
            return answer.apply(event);
        }

        synchronized List<String> events() {
            return List.copyOf(events);
        }

        synchronized Set<TopicPartition> held() {
            return Set.copyOf(held);
        }

        synchronized List<String> violations() {
            return List.copyOf(violations);
        }

        synchronized void forget() {
            events.clear();
        }
    }

    @AfterEach
    void stop() {
        try {
            if (client != null) {
                client.close().block(WAIT);
            }
            assertThat(partitions.violations()).isEmpty();
        } finally {
            coordinator.close();
        }
    }

    void join(UnaryOperator<GroupOptions.Builder> wish) {
        join(Duration.ofMillis(2), wish);
    }

    void join(Duration backoff, UnaryOperator<GroupOptions.Builder> wish) {
        client =
                HeadraceClient.builder()
                        .bootstrap(coordinator.bootstrap())
                        .connection(
                                ConnectionOptions.builder()
                                        .operationTimeout(Duration.ofSeconds(10))
                                        .retryBackoff(backoff)
                                        .retryBackoffMax(backoff.multipliedBy(5))
                                        .reconnectBackoff(Duration.ofMillis(2))
                                        .reconnectBackoffMax(Duration.ofMillis(10))
                                        .metadataMaxAge(Duration.ofSeconds(1))
                                        .build())
                        .build();
        GroupOptions.Builder options =
                GroupOptions.builder("g", Subscription.topics(ScriptedCoordinator.TOPIC))
                        .heartbeatInterval(Duration.ofMillis(20))
                        .autoCommit(false)
                        .assignors(List.of(Assignor.RANGE))
                        .listener(partitions);
        consumer = client.groupConsumer(wish.apply(options).build());
        consumer.records()
                .subscribe(
                        found -> {},
                        failure -> failed.emitValue(failure, Sinks.EmitFailureHandler.FAIL_FAST));
    }

    void joined(UnaryOperator<GroupOptions.Builder> wish) {
        join(wish);
        awaitEvents("assigned [t-0, t-1]");
        awaitHeartbeats();
        partitions.forget();
        coordinator.forgetAsked();
    }

    static GroupOptions.Builder eager(GroupOptions.Builder options) {
        return options;
    }

    static GroupOptions.Builder cooperative(GroupOptions.Builder options) {
        return options.assignors(List.of(Assignor.COOPERATIVE_STICKY));
    }

    void awaitEvents(String... wanted) {
        Eventually.until(WAIT, partitions::events, List.of(wanted)::equals, "the listener's calls");
    }

    /** Two heartbeats of the member as the coordinator knows it. */
    void awaitHeartbeats() {
        Eventually.until(WAIT, () -> currentHeartbeats() >= 2, "heartbeats in the generation");
    }

    long currentHeartbeats() {
        return coordinator.asked(ApiKeys.HEARTBEAT).stream()
                .filter(one -> one.node() == coordinator.coordinator())
                .map(one -> (HeartbeatRequestData) one.body())
                .filter(
                        beat ->
                                beat.memberId().equals(coordinator.memberId())
                                        && beat.generationId() == coordinator.generation())
                .count();
    }

    List<String> joinedAs() {
        return coordinator.asked(ApiKeys.JOIN_GROUP).stream()
                .map(one -> ((JoinGroupRequestData) one.body()).memberId())
                .toList();
    }
}
