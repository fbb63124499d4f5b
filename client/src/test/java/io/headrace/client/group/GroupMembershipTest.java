package io.headrace.client.group;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.headrace.client.HeadraceClient;
import io.headrace.client.connection.ConnectionOptions;
import io.headrace.client.consume.CommittedOffset;
import io.headrace.client.error.HeadraceException;
import io.headrace.client.group.ScriptedCoordinator.Asked;
import io.headrace.testkit.random.Seeded;
import io.headrace.testkit.wait.Eventually;

import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.message.HeartbeatRequestData;
import org.apache.kafka.common.message.JoinGroupRequestData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;

/** A member against a coordinator that does as it is told. */
@NullUnmarked // A missing answer fails the test as well as a check of it would.
class GroupMembershipTest {
    private static final Duration WAIT = Duration.ofSeconds(20);
    private static final TopicPartition FIRST = new TopicPartition(ScriptedCoordinator.TOPIC, 0);
    private static final TopicPartition SECOND = new TopicPartition(ScriptedCoordinator.TOPIC, 1);

    private final ScriptedCoordinator coordinator = new ScriptedCoordinator();
    private final Partitions partitions = new Partitions();
    private final Sinks.One<Throwable> failed = Sinks.one();
    private HeadraceClient client;
    private GroupConsumer consumer;

    /** Hears what comes and goes, in order, and checks that only what came goes. */
    private static final class Partitions implements RebalanceListener {
        private final List<String> events = new ArrayList<>();
        private final Set<TopicPartition> held = new HashSet<>();
        private final List<String> violations = new ArrayList<>();
        private volatile Function<String, Mono<Void>> answer = event -> Mono.empty();

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

        private Mono<Void> on(String what, Set<TopicPartition> which, boolean fits) {
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

    private void join(UnaryOperator<GroupOptions.Builder> wish) {
        join(Duration.ofMillis(2), wish);
    }

    private void join(Duration backoff, UnaryOperator<GroupOptions.Builder> wish) {
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

    private void joined(UnaryOperator<GroupOptions.Builder> wish) {
        join(wish);
        awaitEvents("assigned [t-0, t-1]");
        awaitHeartbeats();
        partitions.forget();
        coordinator.forgetAsked();
    }

    private static GroupOptions.Builder eager(GroupOptions.Builder options) {
        return options;
    }

    private static GroupOptions.Builder cooperative(GroupOptions.Builder options) {
        return options.assignors(List.of(Assignor.COOPERATIVE_STICKY));
    }

    private void awaitEvents(String... wanted) {
        Eventually.until(WAIT, partitions::events, List.of(wanted)::equals, "the listener's calls");
    }

    /** Two heartbeats of the member as the coordinator knows it. */
    private void awaitHeartbeats() {
        Eventually.until(WAIT, () -> currentHeartbeats() >= 2, "heartbeats in the generation");
    }

    private long currentHeartbeats() {
        return coordinator.asked(ApiKeys.HEARTBEAT).stream()
                .filter(one -> one.node() == coordinator.coordinator())
                .map(one -> (HeartbeatRequestData) one.body())
                .filter(
                        beat ->
                                beat.memberId().equals(coordinator.memberId())
                                        && beat.generationId() == coordinator.generation())
                .count();
    }

    private List<String> joinedAs() {
        return coordinator.asked(ApiKeys.JOIN_GROUP).stream()
                .map(one -> ((JoinGroupRequestData) one.body()).memberId())
                .toList();
    }

    @Test
    void joinsWithTheIdThatItIsGiven() {
        join(options -> options);
        awaitEvents("assigned [t-0, t-1]");
        awaitHeartbeats();
        assertThat(joinedAs()).containsExactly("", "m-1");
        assertThat(consumer.memberId()).isEqualTo("m-1");
        assertThat(consumer.assignment()).containsExactlyInAnyOrder(FIRST, SECOND);
        Eventually.until(
                WAIT, coordinator::fetched, Set.of("t-0", "t-1")::equals, "what is fetched");
    }

    @Test
    void followsACoordinatorThatMovesWithoutARebalance() {
        joined(options -> options);
        coordinator.move();
        awaitHeartbeats();
        assertThat(coordinator.asked(ApiKeys.JOIN_GROUP)).isEmpty();
        assertThat(partitions.events()).isEmpty();
        consumer.commit(Map.of(FIRST, new CommittedOffset(5, -1, ""))).block(WAIT);
        assertThat(coordinator.committed()).containsEntry(FIRST, 5L);
    }

    @Test
    void aCommitFollowsACoordinatorThatMoves() {
        joined(options -> options);
        coordinator.move();
        consumer.commit(Map.of(FIRST, new CommittedOffset(5, -1, ""))).block(WAIT);
        assertThat(coordinator.committed()).containsEntry(FIRST, 5L);
        assertThat(partitions.events()).isEmpty();
    }

    @Test
    void joinsAgainInItsIdWhereTheCoordinatorMovedInARebalance() {
        joined(options -> options);
        coordinator.holdNext(ApiKeys.SYNC_GROUP);
        coordinator.rebalance(0);
        Eventually.until(WAIT, () -> coordinator.heldCount() == 1, "the member has joined");
        coordinator.move();
        coordinator.release(); // NOT_COORDINATOR
        awaitEvents("revoked [t-0, t-1]", "assigned [t-0]");
        awaitHeartbeats();
        assertThat(joinedAs()).containsOnly("m-1");
    }

    @Test
    void waitsForACoordinatorThatIsNotThereYet() {
        coordinator.failNext(ApiKeys.FIND_COORDINATOR, Errors.COORDINATOR_NOT_AVAILABLE);
        coordinator.failNext(ApiKeys.FIND_COORDINATOR, Errors.COORDINATOR_NOT_AVAILABLE);
        coordinator.failNext(ApiKeys.JOIN_GROUP, Errors.COORDINATOR_LOAD_IN_PROGRESS);
        coordinator.failNext(ApiKeys.JOIN_GROUP, Errors.COORDINATOR_NOT_AVAILABLE);
        coordinator.failNext(ApiKeys.SYNC_GROUP, Errors.COORDINATOR_NOT_AVAILABLE);
        coordinator.failNext(ApiKeys.OFFSET_FETCH, Errors.COORDINATOR_LOAD_IN_PROGRESS);
        join(options -> options);
        awaitEvents("assigned [t-0, t-1]");
        awaitHeartbeats();
    }

    @ParameterizedTest
    @EnumSource(
            value = Errors.class,
            names = {
                "COORDINATOR_NOT_AVAILABLE",
                "COORDINATOR_LOAD_IN_PROGRESS",
                "NOT_COORDINATOR",
                "REQUEST_TIMED_OUT"
            })
    void anAbsentCoordinatorTakesNothingAway(Errors error) {
        joined(options -> options);
        for (int i = 0; i < 5; i++) {
            coordinator.failNext(ApiKeys.HEARTBEAT, error);
        }
        coordinator.failNext(ApiKeys.OFFSET_COMMIT, error);
        awaitHeartbeats();
        consumer.commit(Map.of(FIRST, new CommittedOffset(5, -1, ""))).block(WAIT);
        assertThat(partitions.events()).isEmpty();
        assertThat(coordinator.asked(ApiKeys.JOIN_GROUP)).isEmpty();
    }

    @Test
    void lostConnectionsTakeNothingAway() {
        coordinator.loseNext(ApiKeys.FIND_COORDINATOR);
        coordinator.loseNext(ApiKeys.JOIN_GROUP);
        coordinator.loseNext(ApiKeys.SYNC_GROUP);
        coordinator.loseNext(ApiKeys.OFFSET_FETCH);
        joined(options -> options);
        coordinator.loseNext(ApiKeys.HEARTBEAT);
        coordinator.loseNext(ApiKeys.OFFSET_COMMIT);
        consumer.commit(Map.of(FIRST, new CommittedOffset(5, -1, ""))).block(WAIT);
        awaitHeartbeats();
        assertThat(coordinator.committed()).containsEntry(FIRST, 5L);
        assertThat(partitions.events()).isEmpty();
    }

    @Test
    void aMemberWhoseSessionEndedHasLostItsPartitions() {
        joined(options -> options);
        coordinator.expire();
        awaitEvents("lost [t-0, t-1]", "assigned [t-0, t-1]");
        awaitHeartbeats();
        assertThat(joinedAs()).containsExactly("", "m-2");
        assertThat(consumer.memberId()).isEqualTo("m-2");
    }

    @Test
    void aMemberThatWasLeftBehindHasLostItsPartitionsAndKeepsItsId() {
        joined(GroupMembershipTest::cooperative);
        coordinator.leaveBehind();
        awaitEvents("lost [t-0, t-1]", "assigned [t-0, t-1]");
        awaitHeartbeats();
        assertThat(joinedAs()).containsExactly("m-1");
    }

    @Test
    void aMemberThatIsForgottenWhileItJoinsBeginsAnew() {
        coordinator.next(ApiKeys.JOIN_GROUP);
        coordinator.failNext(ApiKeys.JOIN_GROUP, Errors.UNKNOWN_MEMBER_ID);
        join(options -> options);
        awaitEvents("assigned [t-0, t-1]");
        assertThat(joinedAs()).containsExactly("", "m-1", "", "m-2");
    }

    @Test
    void aFencedMemberEndsAndDoesNotComeBack() {
        joined(options -> options.instanceId("i"));
        coordinator.failNext(ApiKeys.HEARTBEAT, Errors.FENCED_INSTANCE_ID);
        assertThat(failed.asMono().block(WAIT))
                .isInstanceOf(HeadraceException.class)
                .extracting(failure -> ((HeadraceException) failure).error())
                .isEqualTo(Errors.FENCED_INSTANCE_ID);
        consumer.close().block(WAIT);
        assertThat(partitions.events()).containsExactly("lost [t-0, t-1]");
        assertThat(consumer.assignment()).isEmpty();
        assertThat(coordinator.asked(ApiKeys.LEAVE_GROUP)).isEmpty();
        assertThat(coordinator.asked(ApiKeys.JOIN_GROUP)).isEmpty();
    }

    @Test
    void anEagerMemberGivesAllUpBeforeItJoins() {
        joined(GroupMembershipTest::eager);
        coordinator.rebalance(1);
        awaitEvents("revoked [t-0, t-1]", "assigned [t-1]");
        awaitHeartbeats();
        assertThat(joinedAs()).containsExactly("m-1");
        Eventually.until(WAIT, coordinator::fetched, Set.of("t-1")::equals, "what is fetched");
    }

    @Test
    void aCooperativeMemberGivesUpWhatWasTakenAwayAndJoinsOnceMore() throws Exception {
        joined(GroupMembershipTest::cooperative);
        coordinator.rebalance(1);
        Eventually.until(
                WAIT, () -> joinedAs().equals(List.of("m-1", "m-1")), "it joins once more");
        awaitHeartbeats();
        assertThat(partitions.events().getFirst()).isEqualTo("revoked [t-0]");
        assertThat(consumer.assignment()).containsExactly(SECOND);
        List<Set<TopicPartition>> owned = new ArrayList<>();
        for (Asked one : coordinator.asked(ApiKeys.JOIN_GROUP)) {
            byte[] metadata =
                    ((JoinGroupRequestData) one.body()).protocols().iterator().next().metadata();
            owned.add(ConsumerProtocol.decodeSubscription(metadata).owned());
        }
        assertThat(owned).containsExactly(Set.of(FIRST, SECOND), Set.of(SECOND));
        Eventually.until(WAIT, coordinator::fetched, Set.of("t-1")::equals, "what is fetched");
    }

    @Test
    void heartbeatsGoOnWhilePartitionsAreGivenUp() {
        joined(GroupMembershipTest::eager);
        Sinks.Empty<Void> given = Sinks.empty();
        partitions.answer = event -> event.startsWith("revoked") ? given.asMono() : Mono.empty();
        coordinator.rebalance(0);
        awaitEvents("revoked [t-0, t-1]");
        coordinator.forgetAsked();
        awaitHeartbeats(); // They answer REBALANCE_IN_PROGRESS.
        assertThat(coordinator.asked(ApiKeys.JOIN_GROUP)).isEmpty();
        given.tryEmitEmpty();
        awaitEvents("revoked [t-0, t-1]", "assigned [t-0]");
        assertThat(joinedAs()).containsExactly("m-1");
    }

    @Test
    void aMemberThatExpiresWhileItGivesUpPartitionsBeginsAnew() {
        joined(GroupMembershipTest::eager);
        Sinks.Empty<Void> given = Sinks.empty();
        partitions.answer = event -> event.startsWith("revoked") ? given.asMono() : Mono.empty();
        coordinator.rebalance(0);
        awaitEvents("revoked [t-0, t-1]");
        coordinator.expire();
        Eventually.until(WAIT, () -> consumer.memberId().isEmpty(), "it heard of it");
        given.tryEmitEmpty();
        awaitEvents("revoked [t-0, t-1]", "assigned [t-0]");
        assertThat(joinedAs()).containsExactly("", "m-2");
    }

    @Test
    void heartbeatsGoOnWhilePartitionsAreGivenUpAtTheEnd() {
        joined(GroupMembershipTest::eager);
        Sinks.Empty<Void> given = Sinks.empty();
        partitions.answer = event -> given.asMono();
        Mono<Void> closed = consumer.close().cache();
        closed.subscribe();
        awaitEvents("revoked [t-0, t-1]");
        coordinator.forgetAsked();
        awaitHeartbeats();
        given.tryEmitEmpty();
        closed.block(WAIT);
        assertThat(coordinator.asked(ApiKeys.LEAVE_GROUP)).hasSize(1);
        assertThat(consumer.assignment()).isEmpty();
    }

    @Test
    void closingEndsAlthoughTheCoordinatorDoesNotAnswerForTheGroup() {
        joined(GroupMembershipTest::eager);
        coordinator.failNext(ApiKeys.LEAVE_GROUP, Errors.COORDINATOR_NOT_AVAILABLE);
        consumer.close().block(WAIT);
        assertThat(partitions.events()).containsExactly("revoked [t-0, t-1]");
    }

    /**
     * Between JoinGroup and SyncGroup a commit is of a generation that has passed, although its
     * partitions stay with the member.
     */
    @Test
    void aCommitOfAKeptPartitionOutlivesTheRebalance() {
        joined(GroupMembershipTest::cooperative);
        coordinator.holdNext(ApiKeys.SYNC_GROUP);
        coordinator.holdNext(ApiKeys.JOIN_GROUP);
        coordinator.rebalance(0, 1);
        Eventually.until(WAIT, () -> coordinator.heldCount() == 1, "the member joins");
        Mono<Void> commit = consumer.commit(Map.of(FIRST, new CommittedOffset(7, -1, ""))).cache();
        commit.subscribe(done -> {}, failure -> {});
        coordinator.failNext(ApiKeys.OFFSET_COMMIT, Errors.ILLEGAL_GENERATION);
        Eventually.until(
                WAIT, () -> !coordinator.asked(ApiKeys.OFFSET_COMMIT).isEmpty(), "a commit");
        coordinator.release(); // The answers of a connection keep their order.
        Eventually.until(
                WAIT,
                () -> coordinator.asked(ApiKeys.OFFSET_COMMIT).size() >= 2,
                "the commit is tried again");
        coordinator.release();
        commit.block(WAIT);
        assertThat(coordinator.committed()).containsEntry(FIRST, 7L);
        assertThat(partitions.events()).doesNotContain("lost [t-0, t-1]");
    }

    @Test
    void nothingIsCommittedForAPartitionThatWasTakenAway() {
        joined(GroupMembershipTest::eager);
        coordinator.rebalance(1);
        awaitEvents("revoked [t-0, t-1]", "assigned [t-1]");
        assertThatThrownBy(
                        () ->
                                consumer.commit(Map.of(FIRST, new CommittedOffset(5, -1, "")))
                                        .block(WAIT))
                .isInstanceOf(HeadraceException.class)
                .hasMessageContaining("t-0");
        assertThat(coordinator.committed()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(
            value = Errors.class,
            names = {"UNKNOWN_MEMBER_ID", "ILLEGAL_GENERATION"})
    void aFailingListenerOfLostPartitionsFailsTheConsumer(Errors error) {
        joined(options -> options);
        partitions.answer =
                event ->
                        event.startsWith("lost")
                                ? Mono.error(new IllegalStateException("lost my hat"))
                                : Mono.empty();
        coordinator.failNext(ApiKeys.HEARTBEAT, error);
        assertThat(failed.asMono().block(WAIT)).hasMessageContaining("lost my hat");
    }

    /** What comes too late of an assignment that is over begins no reading. */
    @Test
    void aListenerThatAnswersTooLateReadsNothing() {
        joined(options -> options.rebalanceTimeout(Duration.ofMillis(300)));
        Sinks.Empty<Void> late = Sinks.empty();
        partitions.answer = event -> event.equals("assigned [t-0]") ? late.asMono() : Mono.empty();
        coordinator.rebalance(0);
        Eventually.until(
                WAIT,
                () -> partitions.events().contains("assigned [t-0]"),
                "the first partition comes");
        coordinator.assignNext(1);
        Eventually.until(
                WAIT,
                () -> consumer.assignment().equals(Set.of(SECOND)),
                "the second partition comes");
        late.tryEmitEmpty();
        consumer.committed(Set.of(SECOND)).block(WAIT); // A round over the member's loop.
        Eventually.until(WAIT, coordinator::fetched, Set.of("t-1")::equals, "what is fetched");
        coordinator.forgetAsked();
        Eventually.until(WAIT, () -> coordinator.asked(ApiKeys.FETCH).size() > 5, "it fetches on");
        assertThat(coordinator.fetched()).containsExactly("t-1");
    }

    /** A leader that assigns nothing, since it came back in its static name, watches as others. */
    @Test
    void aLeaderThatWasSkippedSeesNewPartitions() {
        coordinator.skipAssignment();
        joined(options -> options.instanceId("i"));
        coordinator.grow(3);
        Eventually.until(WAIT, () -> !joinedAs().isEmpty(), "it joins for the new partition");
    }

    /** A coordinator that refuses each join at once is not asked as fast as it answers. */
    @Test
    void refusedJoinsAreSpaced() {
        for (int i = 0; i < 10_000; i++) {
            coordinator.failNext(
                    ApiKeys.JOIN_GROUP,
                    i % 2 == 0 ? Errors.UNKNOWN_MEMBER_ID : Errors.REBALANCE_IN_PROGRESS);
        }
        long startNanos = System.nanoTime();
        join(Duration.ofMillis(50), options -> options);
        Eventually.until(WAIT, () -> joinedAs().size() > 12, "joins");
        int joins = joinedAs().size();
        long tookMs = (System.nanoTime() - startNanos) / 1_000_000;
        assertThat(joins).isLessThan(10 + (int) (tookMs / 30));
    }

    /** Whatever fails on the way, in the end the member has what the coordinator gave it. */
    @Seeded(runs = 5)
    void comesToItsAssignmentWhateverFails(RandomGenerator random) {
        List<ApiKeys> apis =
                List.of(
                        ApiKeys.JOIN_GROUP,
                        ApiKeys.SYNC_GROUP,
                        ApiKeys.HEARTBEAT,
                        ApiKeys.OFFSET_FETCH,
                        ApiKeys.FIND_COORDINATOR);
        List<Errors> passing =
                List.of(
                        Errors.COORDINATOR_NOT_AVAILABLE,
                        Errors.COORDINATOR_LOAD_IN_PROGRESS,
                        Errors.NOT_COORDINATOR);
        List<Errors> ofMembers =
                List.of(
                        Errors.UNKNOWN_MEMBER_ID,
                        Errors.ILLEGAL_GENERATION,
                        Errors.REBALANCE_IN_PROGRESS);
        joined(random.nextBoolean() ? options -> options : GroupMembershipTest::cooperative);
        for (int i = 0; i < 30; i++) {
            ApiKeys api = apis.get(random.nextInt(apis.size()));
            switch (random.nextInt(7)) {
                case 0 -> coordinator.loseNext(api);
                case 1 -> coordinator.failNext(api, passing.get(random.nextInt(3)));
                case 2 ->
                        coordinator.failNext(
                                apis.get(random.nextInt(3)), ofMembers.get(random.nextInt(3)));
                case 3 -> coordinator.move();
                case 4 -> coordinator.expire();
                case 5 -> coordinator.leaveBehind();
                default ->
                        coordinator.rebalance(
                                random.nextBoolean()
                                        ? new Integer[] {random.nextInt(2)}
                                        : new Integer[] {0, 1});
            }
            if (random.nextInt(3) == 0) {
                coordinator.forgetAsked();
                Eventually.until(
                        WAIT,
                        () -> coordinator.asked(ApiKeys.HEARTBEAT).size() > random.nextInt(3),
                        "heartbeats");
            }
        }
        coordinator.endScript();
        coordinator.forgetAsked();
        Eventually.until(
                WAIT,
                () ->
                        currentHeartbeats() > 2
                                && consumer.assignment().equals(coordinator.assignment())
                                && partitions.held().equals(coordinator.assignment()),
                "the member has its assignment");
        assertThat(partitions.violations()).isEmpty();
    }
}
