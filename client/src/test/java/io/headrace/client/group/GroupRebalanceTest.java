package io.headrace.client.group;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.headrace.client.consume.CommittedOffset;
import io.headrace.client.error.HeadraceException;
import io.headrace.client.group.ScriptedCoordinator.Asked;
import io.headrace.testkit.wait.Eventually;

import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.message.JoinGroupRequestData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What a member does with its partitions and commits when they come and go. */
@NullUnmarked // A missing answer fails the test as well as a check of it would.
class GroupRebalanceTest extends MemberScenario {
    @Test
    void anEagerMemberGivesAllUpBeforeItJoins() {
        joined(MemberScenario::eager);
        coordinator.rebalance(1);
        awaitEvents("revoked [t-0, t-1]", "assigned [t-1]");
        awaitHeartbeats();
        assertThat(joinedAs()).containsExactly("m-1");
        Eventually.until(WAIT, coordinator::fetched, Set.of("t-1")::equals, "what is fetched");
    }

    @Test
    void aCooperativeMemberGivesUpWhatWasTakenAwayAndJoinsOnceMore() throws Exception {
        joined(MemberScenario::cooperative);
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
        joined(MemberScenario::eager);
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
        joined(MemberScenario::eager);
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
        joined(MemberScenario::eager);
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
        joined(MemberScenario::eager);
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
        joined(MemberScenario::cooperative);
        coordinator.holdNext(ApiKeys.SYNC_GROUP);
        coordinator.holdNext(ApiKeys.JOIN_GROUP);
        coordinator.rebalance(0, 1);
        Eventually.until(WAIT, () -> coordinator.heldCount() == 1, "the member joins");
        coordinator.failNext(ApiKeys.OFFSET_COMMIT, Errors.ILLEGAL_GENERATION);
        Mono<Void> commit = consumer.commit(Map.of(FIRST, new CommittedOffset(7, -1, ""))).cache();
        commit.subscribe(done -> {}, failure -> {});
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
        joined(MemberScenario::eager);
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
}
