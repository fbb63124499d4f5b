package io.headrace.coordinator.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.coordinator.cluster.replica.BalanceLeaders;
import io.headrace.coordinator.cluster.replica.BalanceLoad;
import io.headrace.coordinator.cluster.topic.AlterConfigs;
import io.headrace.coordinator.cluster.topic.AlterConfigs.Change;
import io.headrace.coordinator.cluster.topic.AlterConfigs.Entry;
import io.headrace.protocol.config.BrokerConfigNames;
import io.headrace.protocol.metadata.ConfigResourceKey;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Leaders move to where less is appended, and not back and forth. */
class BalanceLoadTest {
    private static final long MB = 1 << 20;

    private final Nodes nodes = new Nodes();
    private final Map<String, Long> loads = new HashMap<>();

    @BeforeEach
    void start() {
        nodes.start(1, 1);
        nodes.start(2, 1);
        nodes.start(3, 1);
        setByLoad("true");
    }

    private void setByLoad(String value) {
        Entry entry = new Entry(BrokerConfigNames.BALANCE_BY_LOAD, (byte) 0, value);
        var verdicts =
                nodes.decide(
                        new AlterConfigs(
                                List.of(
                                        new Change(
                                                ConfigResourceKey.BROKER,
                                                "",
                                                List.of(entry),
                                                false)),
                                false));
        assertThat(verdicts.getFirst().refusal()).isNull();
    }

    /** A partition on all nodes, led by the first, that takes so many megabytes a second. */
    private void topic(String name, double megabytes, Integer... replicas) {
        nodes.createOn(name, replicas);
        loads.put(name, (long) (megabytes * MB));
    }

    /** Every node measures what its leaders append now and reports it. */
    private void report(int... nodeIds) {
        for (int nodeId : nodeIds) {
            Map<PartitionKey, Long> led = new HashMap<>();
            loads.forEach(
                    (name, bytes) -> {
                        if (nodes.partition(name).leaderId() == nodeId) {
                            led.put(new PartitionKey(nodes.topicId(name), 0), bytes);
                        }
                    });
            nodes.state().onLoad(new LoadReport(nodeId, nodes.epochOf(nodeId), led, 0), now());
        }
    }

    private long now() {
        return nodes.nowMs();
    }

    private int look() {
        if (!nodes.state().loadDue(now())) {
            return -1;
        }
        LeaderLoads.Outcome outcome = nodes.decide(new BalanceLoad());
        nodes.state().loadDone(outcome, now());
        return outcome.moved().size();
    }

    private int pass() {
        nodes.pass(30_000);
        report(1, 2, 3);
        return look();
    }

    private Map<Integer, Long> led() {
        Map<Integer, Long> led = new HashMap<>();
        loads.forEach(
                (name, bytes) ->
                        led.merge(nodes.partition(name).leaderId(), bytes / MB, Long::sum));
        return led;
    }

    @Test
    void leadersOfOneNodeAreSpread() {
        for (int i = 0; i < 6; i++) {
            topic("t" + i, 2, 1, 2, 3);
        }
        assertThat(pass()).isEqualTo(4);
        assertThat(led()).containsOnly(Map.entry(1, 4L), Map.entry(2, 4L), Map.entry(3, 4L));
        assertThat(pass()).isZero();
        // They are the preferred ones now: nothing gives them back.
        assertThat(nodes.decide(new BalanceLeaders())).isTrue();
        assertThat(led()).containsOnly(Map.entry(1, 4L), Map.entry(2, 4L), Map.entry(3, 4L));
        assertThat(nodes.partition("t0").assignedReplicas()).containsExactlyInAnyOrder(1, 2, 3);
    }

    @Test
    void aFewAtATime() {
        for (int i = 0; i < 30; i++) {
            topic("t" + i, 1, 1, 2, 3);
        }
        assertThat(pass()).isEqualTo(5);
        assertThat(led()).containsEntry(1, 25L);
        // Reports that began before the move say nothing of what is now.
        nodes.pass(LeaderLoads.EVERY_MS);
        report(1, 2, 3);
        assertThat(look()).isZero();
        for (int i = 0; i < 4; i++) {
            pass();
        }
        assertThat(led()).allSatisfy((node, megabytes) -> assertThat(megabytes).isBetween(9L, 11L));
    }

    @Test
    void aLittleMoreThanTheAverageMovesNothing() {
        for (int i = 0; i < 10; i++) {
            topic("a" + i, 1, 2, 1, 3);
            topic("b" + i, 1, 3, 1, 2);
            topic("c" + i, 1.3, 1, 2, 3);
        }
        assertThat(pass()).isZero();
        topic("more", 2, 1, 2, 3);
        assertThat(pass()).as("now it is more than a quarter above").isPositive();
        assertThat(led().get(1)).isLessThan(13);
    }

    @Test
    void oneHeavyPartitionGoesNowhere() {
        topic("heavy", 50, 1, 2, 3);
        topic("light", 0.5, 2, 1, 3);
        for (int i = 0; i < 5; i++) {
            assertThat(pass()).isZero();
        }
        assertThat(nodes.partition("heavy").leaderEpoch()).isZero();
    }

    @Test
    void whatWasMovedStaysForAWhile() {
        for (int i = 0; i < 6; i++) {
            topic("t" + i, 2, 1, 2, 3);
        }
        assertThat(pass()).isEqualTo(4);
        // The load turns: what is on node 2 is heavy now.
        loads.replaceAll((name, bytes) -> nodes.partition(name).leaderId() == 2 ? 10 * MB : bytes);
        assertThat(pass()).isZero();
        for (long passed = 0; passed < LeaderLoads.STAY_MS; passed += 30_000) {
            pass();
        }
        assertThat(led().get(2)).isLessThan(20);
    }

    @Test
    void withoutEveryReportNothingMoves() {
        for (int i = 0; i < 6; i++) {
            topic("t" + i, 2, 1, 2, 3);
        }
        nodes.pass(30_000);
        report(1, 2);
        assertThat(look()).isZero();
        nodes.pass(LeaderLoads.FRESH_MS + 1);
        report(2, 3);
        assertThat(look()).as("the report of node 1 is old").isZero();
        report(1);
        nodes.pass(LeaderLoads.EVERY_MS);
        assertThat(look()).isPositive();
    }

    @Test
    void nodesThatAreToHoldNothingGetNothing() {
        for (int i = 0; i < 4; i++) {
            topic("t" + i, 2, 1, 2);
        }
        nodes.state().onWantsShutDown(2, nodes.epochOf(2));
        assertThat(pass()).isZero();
    }

    @Test
    void switchedOffNothingIsLookedAt() {
        setByLoad("false");
        topic("t", 20, 1, 2, 3);
        assertThat(pass()).isEqualTo(-1);
    }
}
