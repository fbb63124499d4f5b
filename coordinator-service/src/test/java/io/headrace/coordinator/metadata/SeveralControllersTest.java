package io.headrace.coordinator.metadata;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.coordinator.postgres.DatabaseLink;
import io.headrace.coordinator.postgres.TestPostgres;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.ShardOwnerImage;
import io.headrace.testkit.wait.Eventually;

import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/** Several coordinators on one PostgreSQL: who has the role, and what the others know. */
@Timeout(120)
class SeveralControllersTest {
    private static final Duration LIMIT = Duration.ofSeconds(20);

    private final List<TestController> started = new ArrayList<>();
    private String database = "";

    @BeforeEach
    void makeDatabase() throws Exception {
        database = TestPostgres.newDatabase();
    }

    @AfterEach
    void stop() throws Exception {
        for (TestController each : started) {
            each.close();
        }
    }

    private TestController start(int id) {
        TestController made = new TestController(id, database).start();
        started.add(made);
        return made;
    }

    private TestController startActive(int id) {
        TestController made = start(id);
        awaitActive(made);
        return made;
    }

    private TestController startStandby(int id) throws Exception {
        TestController made = start(id);
        made.awaitReady();
        return made;
    }

    private static void awaitActive(TestController expected) {
        Eventually.until(
                LIMIT,
                () -> expected.controller().mayDecide(),
                "coordinator " + expected.id() + " is active");
    }

    private static MetadataImage image(TestController of) {
        return of.controller().metadataLog().image();
    }

    private static void awaitSame(TestController a, TestController b) {
        Eventually.passes(LIMIT, () -> assertThat(image(a)).isEqualTo(image(b)), "same metadata");
    }

    private static long shardsOf(TestController owner, TestController asSeenBy) {
        MetadataImage image = image(asSeenBy);
        long count = 0;
        for (int shard = 0; shard < 50; shard++) {
            ShardOwnerImage known = image.shardOwner(ShardOwnerImage.GROUP, shard);
            count += known != null && known.ownerId() == owner.id() ? 1 : 0;
        }
        return count;
    }

    @Test
    void oneDecidesAndTheOthersKnow() throws Exception {
        TestController first = startActive(1001);
        TestController second = startStandby(1002);
        first.registerNode(1);
        for (int i = 0; i < 20; i++) {
            assertThat(first.createTopic("topic-" + i).get(10, TimeUnit.SECONDS))
                    .isEqualTo(Errors.NONE);
        }
        awaitSame(first, second);
        assertThat(image(second).topicIds()).hasSize(20);
        assertThat(second.controller().isActive()).isFalse();
        assertThat(second.controller().isFresh()).isTrue();
        assertThat(second.createTopic("refused"))
                .failsWithin(Duration.ofSeconds(5))
                .withThrowableOfType(java.util.concurrent.ExecutionException.class)
                .withCauseInstanceOf(org.apache.kafka.common.errors.NotControllerException.class);
    }

    @Test
    void shardsAreSharedAndMoveOnLeaving() throws Exception {
        TestController first = startActive(1001);
        assertThat(shardsOf(first, first)).isEqualTo(50);
        TestController second = startStandby(1002);
        Eventually.until(LIMIT, () -> shardsOf(second, first) == 25, "half of the shards move");
        awaitSame(first, second);
        int epochBefore = epochOfShardOf(second, first);
        second.close();
        Eventually.until(LIMIT, () -> shardsOf(first, first) == 50, "the shards come back");
        assertThat(epochBefore).isEqualTo(1);
        for (int shard = 0; shard < 50; shard++) {
            ShardOwnerImage owner = image(first).shardOwner(ShardOwnerImage.GROUP, shard);
            assertThat(owner).isNotNull().extracting(ShardOwnerImage::shardEpoch).isIn(0, 2);
        }
    }

    private static int epochOfShardOf(TestController owner, TestController asSeenBy) {
        for (int shard = 0; shard < 50; shard++) {
            ShardOwnerImage known = image(asSeenBy).shardOwner(ShardOwnerImage.GROUP, shard);
            if (known != null && known.ownerId() == owner.id()) {
                return known.shardEpoch();
            }
        }
        return -1;
    }

    @Test
    void aGracefulStopHandsTheRoleOverAtOnce() throws Exception {
        TestController first = startActive(1001);
        TestController second = startStandby(1002);
        awaitSame(first, second);
        first.controller().close();
        long closedNanos = System.nanoTime();
        awaitActive(second);
        assertThat(Duration.ofNanos(System.nanoTime() - closedNanos))
                .isLessThan(Duration.ofMillis(1_200));
        assertThat(shardsOf(second, second)).isEqualTo(50);
    }

    @Test
    void whoLeavesStaysUntilOthersHaveItsShardsAndTheRole() throws Exception {
        TestController first = startActive(1001);
        TestController second = startStandby(1002);
        Eventually.until(LIMIT, () -> shardsOf(second, first) == 25, "half of the shards move");
        awaitSame(first, second);
        AtomicBoolean served = new AtomicBoolean(true);
        CompletableFuture<Void> left = first.controller().leave(() -> !served.get());
        Eventually.until(LIMIT, () -> !first.controller().isActive(), "the role is given back");
        long givenNanos = System.nanoTime();
        awaitActive(second);
        System.out.println(
                "The role was nobody's for "
                        + Duration.ofNanos(System.nanoTime() - givenNanos).toMillis()
                        + " ms");
        Eventually.until(
                LIMIT, () -> shardsOf(second, first) == 50, "it sees who has its shards now");
        assertThat(first.controller().isFresh()).as("follows as a standby").isTrue();
        assertThat(left).as("its shards are not fenced yet").isNotDone();
        served.set(false);
        assertThat(left).succeedsWithin(LIMIT);
        assertThat(second.controller().isActive()).isTrue();
        second.registerNode(1);
        Eventually.until(LIMIT, () -> image(first).nodes().containsKey(1), "it follows still");
        assertThat(shardsOf(second, second)).as("and gets nothing back").isEqualTo(50);
    }

    @Test
    void aStandbyThatLeavesGivesItsShardsAndTakesNoRole() throws Exception {
        TestController first = startActive(1001);
        TestController second = startStandby(1002);
        Eventually.until(LIMIT, () -> shardsOf(second, first) == 25, "half of the shards move");
        awaitSame(first, second);
        CompletableFuture<Void> left =
                second.controller().leave(() -> shardsOf(second, second) == 0);
        assertThat(left).succeedsWithin(LIMIT);
        assertThat(shardsOf(first, first)).isEqualTo(50);
        first.link().hang();
        long untilNanos = System.nanoTime() + Duration.ofMillis(2_500).toNanos();
        Eventually.until(LIMIT, () -> System.nanoTime() > untilNanos, "a lease would be over");
        assertThat(second.controller().isActive()).isFalse();
    }

    @Test
    void theLastOneLeavesAtOnce() throws Exception {
        TestController first = startActive(1001);
        assertThat(first.controller().leave(() -> false)).succeedsWithin(LIMIT);
        assertThat(first.controller().isActive()).as("serves until it is closed").isTrue();
        TestController second = startStandby(1002);
        assertThat(second.controller().leave(() -> false))
                .as("the other one leaves, too")
                .succeedsWithin(LIMIT);
    }

    @Test
    void whoIsNotWarmYetIsGivenNothing() throws Exception {
        TestController first = startActive(1001);
        AtomicBoolean warm = new AtomicBoolean();
        TestController second = new TestController(1002, database).start(warm::get);
        started.add(second);
        second.awaitReady();
        awaitSame(first, second);
        long untilNanos = System.nanoTime() + Duration.ofMillis(700).toNanos();
        Eventually.until(
                LIMIT, () -> System.nanoTime() > untilNanos, "the first has looked several times");
        assertThat(shardsOf(first, first)).isEqualTo(50);
        warm.set(true);
        Eventually.until(LIMIT, () -> shardsOf(second, first) == 25, "half of the shards move");
    }

    @Test
    void whoComesBackIsGivenShardsAgain() throws Exception {
        TestController first = startActive(1001);
        TestController second = startStandby(1002);
        Eventually.until(LIMIT, () -> shardsOf(second, first) == 25, "half of the shards move");
        assertThat(second.controller().leave(() -> shardsOf(second, second) == 0))
                .succeedsWithin(LIMIT);
        second.close();
        assertThat(shardsOf(first, first)).isEqualTo(50);
        TestController again = startStandby(1002);
        Eventually.until(LIMIT, () -> shardsOf(again, first) == 25, "half of the shards again");
    }

    @Test
    void oneCutOffFromTheDatabaseIsReplacedAndComesBackAsStandby() throws Exception {
        TestController first = startActive(1001);
        TestController second = startStandby(1002);
        first.registerNode(1);
        awaitSame(first, second);
        first.link().hang();
        awaitActive(second);
        Eventually.until(LIMIT, () -> !first.controller().mayDecide(), "the first knows");
        second.registerNode(2);
        first.link().mend();
        Eventually.until(LIMIT, () -> !first.controller().isActive(), "the first is deposed");
        Eventually.until(LIMIT, () -> first.controller().isFresh(), "and follows");
        awaitSame(first, second);
        assertThat(image(first).nodes()).containsKey(2);
        assertThat(image(first).controllerId()).isEqualTo(1002);
    }

    @Test
    void aReportThatTheHolderIsGoneShortensTheTakeOver() throws Exception {
        TestController first = startActive(1001);
        TestController second = startStandby(1002);
        awaitSame(first, second);
        first.link().hang();
        long hungNanos = System.nanoTime();
        second.controller().onCoordinatorSeen(1001, first.incarnationId(), false);
        awaitActive(second);
        System.out.println(
                "Suspected holder replaced after "
                        + Duration.ofNanos(System.nanoTime() - hungNanos).toMillis()
                        + " ms");
    }

    @Test
    void aReportAloneMovesNothing() throws Exception {
        TestController first = startActive(1001);
        TestController second = startStandby(1002);
        awaitSame(first, second);
        long epoch = image(first).controllerEpoch();
        second.controller().onCoordinatorSeen(1001, first.incarnationId(), false);
        first.controller().onCoordinatorSeen(1002, second.incarnationId(), false);
        first.registerNode(1);
        long waitedUntil = System.nanoTime() + Duration.ofSeconds(3).toNanos();
        Eventually.until(LIMIT, () -> System.nanoTime() > waitedUntil, "leases would be over");
        assertThat(first.controller().isActive()).isTrue();
        assertThat(second.controller().isActive()).isFalse();
        assertThat(image(first).controllerEpoch()).isEqualTo(epoch);
        assertThat(shardsOf(second, first)).isEqualTo(25);
    }

    @Test
    void whoHearsFewNodesOffersTheRoleToOneThatSeesMore() throws Exception {
        TestController first = startActive(1001);
        TestController second = startStandby(1002);
        for (int nodeId = 1; nodeId <= 3; nodeId++) {
            first.registerNode(nodeId);
        }
        // All three are heard until they are unfenced, then node 1 alone.
        Eventually.until(
                LIMIT,
                () -> {
                    first.poll(1, 2, 3);
                    return unfenced(first) == 3;
                },
                "all are unfenced");
        awaitSame(first, second);
        first.controller().onNodeSeen(1, first.incarnationOf(1), true);
        first.shortSessions(2, 3);
        Eventually.until(
                LIMIT,
                () -> {
                    first.poll(1);
                    return !first.controller().isActive() || unfenced(first) < 3;
                },
                "nobody sees more: it fences");
        assertThat(first.controller().isActive()).isTrue();
        assertThat(unfenced(first)).isEqualTo(1);

        Eventually.until(
                LIMIT,
                () -> {
                    first.poll(1, 2, 3);
                    return unfenced(first) == 3;
                },
                "all are back");
        for (int nodeId = 1; nodeId <= 3; nodeId++) {
            second.controller().onNodeSeen(nodeId, first.incarnationOf(nodeId), true);
        }
        first.shortSessions(2, 3);
        Eventually.until(
                LIMIT,
                () -> {
                    first.poll(1);
                    return second.controller().mayDecide();
                },
                "the other has the role");
        assertThat(first.controller().isActive()).isFalse();
        assertThat(unfenced(second)).as("nobody was fenced").isEqualTo(3);
    }

    @Test
    void nodesThatBothSeeAndThatDoNotPollAreNoReasonToOffer() throws Exception {
        TestController first = startActive(1001);
        TestController second = startStandby(1002);
        for (int nodeId = 1; nodeId <= 3; nodeId++) {
            first.registerNode(nodeId);
            first.controller().onNodeSeen(nodeId, first.incarnationOf(nodeId), true);
            second.controller().onNodeSeen(nodeId, first.incarnationOf(nodeId), true);
        }
        Eventually.until(
                LIMIT,
                () -> {
                    first.poll(1, 2, 3);
                    return unfenced(first) == 3;
                },
                "all are unfenced");
        long epoch = image(first).controllerEpoch();
        // They start anew, which takes longer than their sessions; one alone is back.
        Eventually.until(
                LIMIT,
                () -> {
                    first.poll(1);
                    return unfenced(first) == 1;
                },
                "it fences the others");
        assertThat(first.controller().isActive()).isTrue();
        assertThat(image(first).controllerEpoch()).isEqualTo(epoch);
    }

    private static long unfenced(TestController of) {
        return image(of).nodes().values().stream().filter(node -> !node.fenced()).count();
    }

    @Test
    void aDatabaseThatIsNotThereYetIsWaitedFor() throws Exception {
        TestController only = new TestController(1001, database);
        started.add(only);
        DatabaseLink link = only.link();
        link.cut();
        only.start();
        long waitedUntil = System.nanoTime() + Duration.ofMillis(500).toNanos();
        Eventually.until(LIMIT, () -> System.nanoTime() > waitedUntil, "some attempts");
        assertThat(only.controller().ready()).isNotDone();
        assertThat(only.controller().ended()).isNotDone();
        link.mend();
        awaitActive(only);
    }

    @Test
    void aDatabaseThatGoesAwayIsWaitedForAndTheChangeIsMade() throws Exception {
        TestController only = startActive(1001);
        only.registerNode(1);
        only.link().cut();
        var change = only.createTopic("late");
        Eventually.until(LIMIT, () -> !only.controller().mayDecide(), "it does not speak for SQL");
        assertThat(only.controller().isActive()).isTrue();
        assertThat(change).isNotDone();
        only.link().mend();
        assertThat(change).succeedsWithin(LIMIT).isEqualTo(Errors.NONE);
        awaitActive(only);
        assertThat(image(only).nodes().get(1)).isNotNull();
    }
}
