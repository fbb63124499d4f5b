package io.headrace.coordinator.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.coordinator.cluster.node.AssignReplicasToDirs;
import io.headrace.coordinator.cluster.node.RegisterNode;
import io.headrace.coordinator.cluster.node.ReportOfflineLogDirs;
import io.headrace.coordinator.cluster.node.ShutDownNode;
import io.headrace.protocol.metadata.PartitionImage;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.AssignReplicasToDirsRequestData;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.Objects;

/** Nodes that stop in order, and directories that fail. */
class ShutDownTest {
    private final Nodes nodes = new Nodes();

    @BeforeEach
    void startNodes() {
        nodes.start(1, 1);
        nodes.start(2, 1);
        nodes.start(3, 1);
    }

    private boolean shutDown(int nodeId) {
        nodes.state().onWantsShutDown(nodeId, nodes.epochOf(nodeId));
        return nodes.decide(new ShutDownNode(nodeId, nodes.epochOf(nodeId)));
    }

    @Test
    void leadersMoveBeforeTheNodeStops() {
        nodes.createOn("led", 1, 2, 3);
        nodes.createOn("followed", 2, 1, 3);
        assertThat(shutDown(1)).isTrue();
        assertThat(nodes.partition("led").leaderId()).isEqualTo(2);
        assertThat(Nodes.isr(nodes.partition("led"))).containsExactly(2, 3);
        assertThat(nodes.partition("followed").leaderId()).isEqualTo(2);
        assertThat(nodes.partition("followed").leaderEpoch()).isZero();
        assertThat(Nodes.isr(nodes.partition("followed"))).containsExactly(2, 3);
    }

    @Test
    void theNodeIsFencedAsSoonAsItIsGone() {
        long nodeEpoch = nodes.epochOf(1);
        shutDown(1);
        nodes.tick();
        assertThat(nodes.image().isActive(1, nodeEpoch)).isTrue();
        nodes.state().onDisconnect(1, nodeEpoch);
        nodes.tick();
        assertThat(nodes.image().isActive(1, nodeEpoch)).isFalse();
    }

    @Test
    void manyPartitionsMoveInBatches() {
        int partitions = ClusterRules.ELECTION_BATCH * 3 + 300;
        nodes.create("t", partitions, 2);
        int calls = 1;
        while (!shutDown(1)) {
            calls++;
        }
        assertThat(calls).isBetween(2, 4);
        var topic = Objects.requireNonNull(nodes.image().topic("t"));
        assertThat(topic.partitions().values()).noneMatch(p -> p.leaderId() == 1);
    }

    @Test
    void aPartitionWithoutAnotherReplicaIsNotWaitedFor() {
        nodes.createOn("single", 1);
        assertThat(shutDown(1)).isTrue();
        assertThat(nodes.partition("single").leaderId()).isEqualTo(1);
    }

    @Test
    void aReplicaThatMayCatchUpIsWaitedForButNotForEver() {
        nodes.createOn("t", 1, 2);
        nodes.alterIsr("t", 1);
        assertThat(shutDown(1)).isFalse();
        nodes.pass(ClusterRules.SHUT_DOWN_PATIENCE_MS);
        nodes.pollAllBut();
        assertThat(shutDown(1)).isTrue();
    }

    @Test
    void aNodeThatShutsDownGetsNoNewPartitions() {
        nodes.state().onWantsShutDown(1, nodes.epochOf(1));
        nodes.create("t", 6, 2);
        var topic = Objects.requireNonNull(nodes.image().topic("t"));
        assertThat(topic.partitions().values()).noneMatch(p -> p.assignedReplicas().contains(1));
    }

    @Test
    void aFailedDirectoryTakesOnlyItsOwnPartitionsAlong() {
        Uuid bad = new Uuid(2, 50);
        Uuid good = new Uuid(2, 51);
        nodes.decide(new RegisterNode(Nodes.request(4, 1, 50).setLogDirs(List.of(bad, good))));
        nodes.poll(4);
        nodes.tick();
        nodes.createOn("lost", 4, 1, 2);
        nodes.createOn("kept", 4, 1, 2);
        assertThat(assign("lost", bad)).isEqualTo(Errors.NONE);
        assertThat(assign("kept", good)).isEqualTo(Errors.NONE);
        assertThat(assign("kept", new Uuid(9, 9))).isEqualTo(Errors.LOG_DIR_NOT_FOUND);
        nodes.decide(new ReportOfflineLogDirs(4, nodes.epochOf(4), List.of(bad)));
        nodes.tick();
        PartitionImage lost = nodes.partition("lost");
        assertThat(lost.leaderId()).isEqualTo(1);
        assertThat(Nodes.isr(lost)).containsExactly(1, 2);
        assertThat(nodes.partition("kept").leaderId()).isEqualTo(4);
        assertThat(nodes.alterIsr("lost", 1, 2, 4)).isEqualTo(Errors.INELIGIBLE_REPLICA);
        // The disk is back with the next incarnation, and what lies on it.
        nodes.decide(new RegisterNode(Nodes.request(4, 2, 50).setLogDirs(List.of(bad, good))));
        nodes.poll(4);
        nodes.tick();
        assertThat(nodes.alterIsr("lost", 1, 2, 4)).isEqualTo(Errors.NONE);
    }

    private Errors assign(String topic, Uuid directory) {
        var partition = new AssignReplicasToDirsRequestData.PartitionData().setPartitionIndex(0);
        var request =
                new AssignReplicasToDirsRequestData()
                        .setBrokerId(4)
                        .setBrokerEpoch(nodes.epochOf(4))
                        .setDirectories(
                                List.of(
                                        new AssignReplicasToDirsRequestData.DirectoryData()
                                                .setId(directory)
                                                .setTopics(
                                                        List.of(
                                                                new AssignReplicasToDirsRequestData
                                                                                .TopicData()
                                                                        .setTopicId(
                                                                                nodes.topicId(
                                                                                        topic))
                                                                        .setPartitions(
                                                                                List.of(
                                                                                        partition))))));
        var answer = nodes.decide(new AssignReplicasToDirs(request));
        return Errors.forCode(
                answer.directories()
                        .getFirst()
                        .topics()
                        .getFirst()
                        .partitions()
                        .getFirst()
                        .errorCode());
    }
}
