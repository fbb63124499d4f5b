package io.headrace.client.group;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.client.consume.CommittedOffset;
import io.headrace.client.error.HeadraceException;
import io.headrace.testkit.random.Seeded;
import io.headrace.testkit.wait.Eventually;

import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;

/** A member against a coordinator that moves, is absent, forgets it or fences it. */
@NullUnmarked // A missing answer fails the test as well as a check of it would.
class GroupMembershipTest extends MemberScenario {
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
        joined(MemberScenario::cooperative);
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
        joined(random.nextBoolean() ? options -> options : MemberScenario::cooperative);
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
