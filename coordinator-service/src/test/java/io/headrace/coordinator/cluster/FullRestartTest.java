package io.headrace.coordinator.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.protocol.metadata.PartitionImage;

import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;

/**
 * The replicas of a partition (RF 3, min.insync.replicas 2) are killed and come back in every
 * order, with and without a new controller in between. What was committed is never missing on a
 * leader, and once all are back the partition goes on without anybody's help.
 *
 * <p>A record is committed when every member of the ISR, at least two, lives and has it.
 */
class FullRestartTest {
    private static final String TOPIC = "t";
    private static final long STEP_MS = 500;

    /** Two session timeouts, the second for a new controller, and the doubt of one alone. */
    private static final long SETTLED_MS =
            2 * Nodes.RULES.sessionTimeoutMs() + ClusterRules.DOUBT_MS + 2 * STEP_MS;

    private static final List<List<Integer>> ORDERS =
            List.of(
                    List.of(1, 2, 3),
                    List.of(1, 3, 2),
                    List.of(2, 1, 3),
                    List.of(2, 3, 1),
                    List.of(3, 1, 2),
                    List.of(3, 2, 1));

    /** Which deaths come at the same moment: their numbers add up to three. */
    private static final List<List<Integer>> ROUNDS =
            List.of(List.of(1, 1, 1), List.of(1, 2), List.of(2, 1), List.of(3));

    /** Three replicas as they really are, beside what the controller knows of them. */
    private static final class Replicas {
        private final Nodes nodes = new Nodes();
        private final Set<Integer> alive = new TreeSet<>();
        private final Map<Integer, Integer> logEnds = new HashMap<>();
        private int committed;

        Replicas() {
            for (int nodeId = 1; nodeId <= 3; nodeId++) {
                nodes.start(nodeId, nodeId);
                alive.add(nodeId);
                logEnds.put(nodeId, 0);
            }
            nodes.createOn(TOPIC, 1, 2, 3);
            settle();
        }

        void die(List<Integer> together) {
            alive.removeAll(together);
            settle();
        }

        void comeBack(int nodeId) {
            alive.add(nodeId);
            nodes.restart(nodeId);
            settle();
        }

        void newController() {
            nodes.takeOver();
        }

        private void settle() {
            for (long passedMs = 0; passedMs < SETTLED_MS; passedMs += STEP_MS) {
                nodes.pass(STEP_MS);
                alive.forEach(nodes::poll);
                nodes.tick();
                work();
            }
        }

        /**
         * The leader, if it lives, commits one record if it can, and takes in who has caught up.
         */
        private void work() {
            PartitionImage partition = nodes.partition(TOPIC);
            int leader = partition.leaderId();
            if (!alive.contains(leader) || partition.leaderNodeEpoch() != nodes.epochOf(leader)) {
                return;
            }
            assertThat(logEnds)
                    .as("node %s leads %s", leader, partition)
                    .containsEntry(leader, committed);
            List<Integer> isr = Nodes.isr(partition);
            if (isr.size() >= partition.requiredInSync() && allTakePart(partition)) {
                committed++;
                isr.forEach(member -> logEnds.put(member, committed));
            }
            for (int follower : alive) {
                if (!isr.contains(follower)) {
                    logEnds.put(follower, Objects.requireNonNull(logEnds.get(leader)));
                    List<Integer> wider = new ArrayList<>(isr);
                    wider.add(follower);
                    assertThat(nodes.alterIsr(TOPIC, wider.toArray(Integer[]::new)))
                            .isEqualTo(Errors.NONE);
                    return;
                }
            }
        }

        /** Whether every member of the ISR lives, as the very incarnation that it names. */
        private boolean allTakePart(PartitionImage partition) {
            for (var member : partition.isr()) {
                if (!alive.contains(member.nodeId())
                        || member.nodeEpoch() != nodes.epochOf(member.nodeId())) {
                    return false;
                }
            }
            return true;
        }

        void requireWhole(String story) {
            assertThat(Nodes.isr(nodes.partition(TOPIC)))
                    .as(story)
                    .containsExactlyInAnyOrder(1, 2, 3);
            int before = committed;
            settle();
            assertThat(committed).as(story).isGreaterThan(before);
        }
    }

    @Test
    void allThreeInEveryOrder() {
        for (List<Integer> deaths : ORDERS) {
            for (List<Integer> rounds : ROUNDS) {
                for (List<Integer> returns : ORDERS) {
                    for (boolean newController : List.of(false, true)) {
                        restart(deaths, rounds, returns, newController);
                    }
                }
            }
        }
    }

    private static void restart(
            List<Integer> deaths,
            List<Integer> rounds,
            List<Integer> returns,
            boolean newController) {
        Replicas replicas = new Replicas();
        int dead = 0;
        for (int together : rounds) {
            replicas.die(deaths.subList(dead, dead + together));
            dead += together;
        }
        if (newController) {
            replicas.newController();
        }
        returns.forEach(replicas::comeBack);
        replicas.requireWhole(
                "deaths %s in rounds of %s, returns %s, new controller: %s"
                        .formatted(deaths, rounds, returns, newController));
    }

    @Test
    void twoOfThreeInEveryOrder() {
        for (List<Integer> deaths : ORDERS) {
            for (List<Integer> rounds : List.of(List.of(1, 1), List.of(2))) {
                for (boolean sameOrder : List.of(true, false)) {
                    for (boolean newController : List.of(false, true)) {
                        List<Integer> both = deaths.subList(0, 2);
                        restart(both, rounds, sameOrder ? both : both.reversed(), newController);
                    }
                }
            }
        }
    }
}
