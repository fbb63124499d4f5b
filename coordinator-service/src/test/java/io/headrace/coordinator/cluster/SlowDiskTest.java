package io.headrace.coordinator.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.headrace.coordinator.cluster.node.AssignReplicasToDirs;
import io.headrace.coordinator.cluster.node.RegisterNode;
import io.headrace.coordinator.cluster.replica.BalanceLeaders;
import io.headrace.coordinator.cluster.replica.LeaveSlowDisks;
import io.headrace.protocol.message.RegisterNodeRequestData;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.StaleBrokerEpochException;
import org.apache.kafka.common.message.AssignReplicasToDirsRequestData;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Goal: leaders leave a slow disk while there is a better place, and not by turns. */
class SlowDiskTest {
    private static final Uuid SECOND_DISK = new Uuid(2, 100);

    private final Nodes nodes = new Nodes();

    @BeforeEach
    void startNodes() {
        nodes.start(1, 1);
        nodes.start(2, 1);
        nodes.start(3, 1);
    }

    /** The disks that the tests' nodes register with. */
    private static Uuid diskOf(int nodeId) {
        return new Uuid(2, nodeId);
    }

    private void say(int nodeId, Uuid... slow) {
        nodes.state()
                .slowDisks()
                .onReport(nodeId, nodes.epochOf(nodeId), Set.of(slow), nodes.nowMs());
    }

    private LeaveSlowDisks.Outcome leave(int nodeId) {
        LeaveSlowDisks.Outcome outcome =
                nodes.decide(new LeaveSlowDisks(nodeId, nodes.epochOf(nodeId)));
        if (outcome.moved() > 0 && outcome.isAll()) {
            nodes.state().slowDisks().onMoved(nodeId, nodes.nowMs());
        }
        return outcome;
    }

    /** Nodes say so for long enough, as they do every few seconds. */
    private void sayForAWhile(int... nodeIds) {
        for (int i = 0; i < 2; i++) {
            for (int nodeId : nodeIds) {
                say(nodeId, diskOf(nodeId));
            }
            nodes.pass(SlowDisks.STANDS_MS);
        }
    }

    private int leaderOf(String topic) {
        return nodes.partition(topic).leaderId();
    }

    @Test
    void othersLeadAndNobodyLeavesTheInSyncSet() {
        nodes.createOn("led", 1, 2, 3);
        nodes.createOn("alone", 1);
        nodes.createOn("followed", 2, 1, 3);
        say(1, diskOf(1));
        assertThat(leave(1).moved()).as("not at the first word").isZero();
        nodes.pass(SlowDisks.STANDS_MS);
        say(1, diskOf(1));
        assertThat(leave(1)).isEqualTo(new LeaveSlowDisks.Outcome(1, true));
        assertThat(leaderOf("led")).isEqualTo(2);
        assertThat(nodes.partition("led").leaderEpoch()).isEqualTo(1);
        assertThat(Nodes.isr(nodes.partition("led"))).containsExactly(1, 2, 3);
        assertThat(leaderOf("alone")).isEqualTo(1);
        assertThat(nodes.partition("followed").leaderEpoch()).isZero();
    }

    @Test
    void withAllDisksSlowNothingMoves() {
        nodes.createOn("t", 1, 2, 3);
        sayForAWhile(1, 2, 3);
        for (int nodeId = 1; nodeId <= 3; nodeId++) {
            assertThat(leave(nodeId).moved()).isZero();
        }
        assertThat(leaderOf("t")).isEqualTo(1);
    }

    @Test
    void theLeaderGoesPastAnotherSlowDisk() {
        nodes.createOn("t", 1, 2, 3);
        sayForAWhile(1, 2);
        assertThat(leave(1).moved()).isEqualTo(1);
        assertThat(leaderOf("t")).isEqualTo(3);
    }

    @Test
    void withTooFewInSyncTheLeaderStays() {
        nodes.create(Nodes.topic("t", 1, 3, Map.of("min.insync.replicas", "3")));
        int leader = leaderOf("t");
        int other = leader == 1 ? 2 : 1;
        assertThat(nodes.alterIsr("t", leader, other)).isEqualTo(Errors.NONE);
        sayForAWhile(leader);
        assertThat(leave(leader).moved()).isZero();
    }

    @Test
    void aNodeIsLeftOnceInTenMinutesAndAnotherAMinuteLater() {
        nodes.createOn("a", 1, 2, 3);
        nodes.createOn("b", 2, 3, 1);
        sayForAWhile(1);
        assertThat(leave(1).moved()).isEqualTo(1);
        sayForAWhile(1, 2);
        assertThat(leave(2).moved()).as("too soon after the first node").isZero();
        nodes.pass(SlowDisks.APART_MS);
        sayForAWhile(1, 2);
        assertThat(leave(2).moved()).isEqualTo(2);
        assertThat(List.of(leaderOf("a"), leaderOf("b"))).containsOnly(3);

        nodes.createOn("c", 1, 2, 3);
        sayForAWhile(1);
        assertThat(leave(1).moved()).as("too soon after the last time").isZero();
        nodes.pass(SlowDisks.EVERY_MS);
        sayForAWhile(1);
        assertThat(leave(1).moved()).isEqualTo(1);
    }

    @Test
    void thePreferredLeaderIsNotGivenBackWhileItsDiskIsSlow() {
        nodes.createOn("t", 1, 2, 3);
        sayForAWhile(1);
        leave(1);
        say(1, diskOf(1));
        nodes.decide(new BalanceLeaders());
        assertThat(leaderOf("t")).isEqualTo(2);
        say(1);
        nodes.decide(new BalanceLeaders());
        assertThat(leaderOf("t")).isEqualTo(1);
    }

    @Test
    void whatIsNotSaidAgainIsForgotten() {
        nodes.createOn("t", 1, 2, 3);
        sayForAWhile(1);
        nodes.pass(SlowDisks.FRESH_MS);
        assertThat(leave(1).moved()).isZero();
        say(1, diskOf(1));
        assertThat(leave(1).moved()).as("it must stand anew").isZero();
    }

    @Test
    void onlyWhatLiesOnTheSlowDiskMoves() {
        RegisterNodeRequestData request = Nodes.request(4, 1, 4);
        request.setLogDirs(List.of(diskOf(4), SECOND_DISK));
        nodes.decide(new RegisterNode(request));
        nodes.poll(4);
        nodes.tick();
        nodes.createOn("slow", 4, 2, 3);
        nodes.createOn("quick", 4, 2, 3);
        nodes.createOn("unknown", 4, 2, 3);
        place("slow", diskOf(4));
        place("quick", SECOND_DISK);
        sayForAWhile(4);
        assertThat(leave(4).moved()).isEqualTo(1);
        assertThat(leaderOf("slow")).isEqualTo(2);
        assertThat(leaderOf("quick")).isEqualTo(4);
        assertThat(leaderOf("unknown")).isEqualTo(4);
    }

    private void place(String topic, Uuid directory) {
        var placed =
                new AssignReplicasToDirsRequestData.TopicData()
                        .setTopicId(nodes.topicId(topic))
                        .setPartitions(
                                List.of(
                                        new AssignReplicasToDirsRequestData.PartitionData()
                                                .setPartitionIndex(0)));
        nodes.decide(
                new AssignReplicasToDirs(
                        new AssignReplicasToDirsRequestData()
                                .setBrokerId(4)
                                .setBrokerEpoch(nodes.epochOf(4))
                                .setDirectories(
                                        List.of(
                                                new AssignReplicasToDirsRequestData.DirectoryData()
                                                        .setId(directory)
                                                        .setTopics(
                                                                new ArrayList<>(
                                                                        List.of(placed)))))));
    }

    @Test
    void manyPartitionsMoveInBatches() {
        int partitions = ClusterRules.ELECTION_BATCH * 3 + 300;
        nodes.create("t", partitions, 2);
        sayForAWhile(1);
        int calls = 1;
        while (!leave(1).isAll()) {
            calls++;
        }
        assertThat(calls).isBetween(1, 4);
        assertThat(nodes.image().topicsById().values())
                .allMatch(
                        topic ->
                                topic.partitions().values().stream()
                                        .noneMatch(partition -> partition.leaderId() == 1));
    }

    @Test
    void anEarlierIncarnationIsRefused() {
        long before = nodes.epochOf(1);
        nodes.restart(1);
        assertThatThrownBy(() -> nodes.decide(new LeaveSlowDisks(1, before)))
                .isInstanceOf(StaleBrokerEpochException.class);
        nodes.createOn("t", 1, 2, 3);
        nodes.state().slowDisks().onReport(1, before, Set.of(diskOf(1)), nodes.nowMs());
        nodes.pass(SlowDisks.STANDS_MS);
        assertThat(leave(1).moved()).isZero();
    }
}
