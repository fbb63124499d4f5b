package io.headrace.coordinator.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.coordinator.cluster.node.RegisterNode;
import io.headrace.coordinator.cluster.node.UnregisterNode;
import io.headrace.coordinator.cluster.replica.BalanceLeaders;
import io.headrace.coordinator.cluster.replica.Upkeep;
import io.headrace.coordinator.cluster.topic.AlterConfigs;
import io.headrace.coordinator.cluster.topic.AlterConfigs.Change;
import io.headrace.coordinator.cluster.topic.AlterConfigs.Entry;
import io.headrace.coordinator.cluster.topic.EnsureInternalTopic;
import io.headrace.protocol.metadata.ConfigResourceKey;
import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.protocol.metadata.TopicImage;

import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.common.internals.Topic;
import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.Objects;

/** What the controller does by itself while nothing is wrong. */
class UpkeepTest {
    private final Nodes nodes = new Nodes();

    private TopicImage topic(String name) {
        return Objects.requireNonNull(nodes.image().topic(name));
    }

    /** Every replica that is added catches up. */
    private void catchUp(String name) {
        for (PartitionImage partition : topic(name).partitions().values()) {
            if (!partition.addingReplicas().isEmpty()) {
                nodes.alterIsrOf(
                        name,
                        partition.partition(),
                        partition.assignedReplicas().toArray(new Integer[0]));
            }
        }
    }

    @Test
    void internalTopicsAreRaisedToThreeReplicasAsNodesJoin() {
        nodes.start(1, 1);
        nodes.decide(new EnsureInternalTopic(Topic.GROUP_METADATA_TOPIC_NAME));
        assertThat(nodes.decide(new Upkeep())).isZero();
        nodes.start(2, 1);
        nodes.start(3, 1);
        assertThat(nodes.decide(new Upkeep())).isEqualTo(Upkeep.MAX_MOVING);
        assertThat(nodes.decide(new Upkeep())).isZero();
        catchUp(Topic.GROUP_METADATA_TOPIC_NAME);
        assertThat(topic(Topic.GROUP_METADATA_TOPIC_NAME).partitions().values())
                .allSatisfy(p -> assertThat(p.assignedReplicas()).hasSize(3))
                .allSatisfy(p -> assertThat(p.isr()).hasSize(3))
                .allSatisfy(p -> assertThat(p.minInSyncReplicas()).isEqualTo(2))
                .allSatisfy(p -> assertThat(p.leaderId()).isEqualTo(1));
    }

    @Test
    void aDrainedNodeLosesItsReplicasAFewAtATime() {
        for (int nodeId = 1; nodeId <= 4; nodeId++) {
            nodes.start(nodeId, 1);
        }
        nodes.create("t", 80, 2);
        alterNode("3", "headrace.drain", "true");
        int moves = 0;
        while (!nodes.state().partitionsOf(3).isEmpty()) {
            moves++;
            int begun = nodes.decide(new Upkeep());
            assertThat(begun).isBetween(1, Upkeep.MAX_MOVING);
            catchUp("t");
        }
        assertThat(moves).isPositive();
        assertThat(topic("t").partitions().values())
                .allSatisfy(p -> assertThat(p.assignedReplicas()).hasSize(2).doesNotContain(3))
                .allSatisfy(p -> assertThat(p.leaderId()).isNotEqualTo(3));
        nodes.create("new", 20, 3);
        assertThat(nodes.state().partitionsOf(3)).isEmpty();
    }

    @Test
    void replicasOfAnUnregisteredNodeAreMadeAnewElsewhere() {
        for (int nodeId = 1; nodeId <= 4; nodeId++) {
            nodes.start(nodeId, 1);
        }
        nodes.createOn("t", 3, 1, 2);
        nodes.createOn("only", 3);
        nodes.lose(3);
        assertThat(nodes.decide(new Upkeep())).isZero();
        nodes.decide(new UnregisterNode(3));
        assertThat(nodes.decide(new Upkeep())).isEqualTo(1);
        nodes.alterIsr("t", 4, 1, 2);
        assertThat(nodes.partition("t").assignedReplicas()).containsExactly(4, 1, 2);
        // Nobody else holds what this one had: it stays visibly offline.
        assertThat(nodes.partition("only").assignedReplicas()).containsExactly(3);
        assertThat(nodes.partition("only").leaderId()).isEqualTo(-1);
    }

    @Test
    void replacementsGoToARackOfTheirOwn() {
        for (int nodeId = 1; nodeId <= 6; nodeId++) {
            nodes.decide(
                    new RegisterNode(
                            Nodes.request(nodeId, 1, nodeId).setRack("rack" + nodeId % 3)));
            nodes.poll(nodeId);
        }
        nodes.tick();
        nodes.create("t", 30, 3);
        alterNode("1", "headrace.drain", "true");
        while (!nodes.state().partitionsOf(1).isEmpty()) {
            nodes.decide(new Upkeep());
            catchUp("t");
        }
        assertThat(topic("t").partitions().values())
                .allSatisfy(
                        p ->
                                assertThat(p.assignedReplicas().stream().map(id -> id % 3))
                                        .doesNotHaveDuplicates());
    }

    @Test
    void onlyDrainingIsConfiguredForOneNode() {
        nodes.start(1, 1);
        assertThat(alterNode("1", "num.partitions", "3").refusal()).isNotNull();
        assertThat(alterNode("9", "headrace.drain", "true").refusal()).isNotNull();
        assertThat(alterNode("1", "headrace.drain", "yes").refusal()).isNotNull();
        assertThat(alterNode("1", "headrace.drain", "true").refusal()).isNull();
        assertThat(alterNode("", "leader.imbalance.per.broker.percentage", "101").refusal())
                .isNotNull();
    }

    @Test
    void aNodesDefaultsOfTopicConfigsChangeWhileItRuns() {
        nodes.start(1, 1);
        assertThat(alterNode("1", "log.retention.ms", "60000").refusal()).isNull();
        assertThat(alterNode("1", "log.retention.ms", "soon").refusal()).isNotNull();
        assertThat(alterNode("1", "sasl.kerberos.min.time.before.relogin", "58000").refusal())
                .isNull();
        assertThat(alterNode("1", "node.id", "7").refusal()).isNotNull();
        Change change =
                new Change(
                        ConfigResourceKey.BROKER,
                        "1",
                        List.of(
                                new Entry(
                                        "log.cleanup.policy",
                                        AlterConfigOp.OpType.APPEND.id(),
                                        "compact")),
                        false);
        assertThat(nodes.decide(new AlterConfigs(List.of(change), false)).getFirst().refusal())
                .isNull();
    }

    private AlterConfigs.Verdict alterNode(String node, String name, String value) {
        Entry entry = new Entry(name, (byte) 0, value);
        Change change = new Change(ConfigResourceKey.BROKER, node, List.of(entry), false);
        return nodes.decide(new AlterConfigs(List.of(change), false)).getFirst();
    }

    @Test
    void leadersGoBackToThePreferredReplicasWhenTooManyAreElsewhere() {
        nodes.start(1, 1);
        nodes.start(2, 1);
        nodes.start(3, 1);
        nodes.create("t", 30, 3);
        nodes.lose(1);
        nodes.restart(1);
        assertThat(nodes.decide(new BalanceLeaders())).isTrue();
        // Not in sync yet.
        assertThat(topic("t").partitions().values()).noneMatch(p -> p.leaderId() == 1);
        for (PartitionImage partition : topic("t").partitions().values()) {
            nodes.alterIsrOf("t", partition.partition(), 1, 2, 3);
        }
        alterNode("", "leader.imbalance.per.broker.percentage", "100");
        nodes.decide(new BalanceLeaders());
        assertThat(topic("t").partitions().values()).noneMatch(p -> p.leaderId() == 1);
        alterNode("", "leader.imbalance.per.broker.percentage", "10");
        assertThat(nodes.decide(new BalanceLeaders())).isTrue();
        assertThat(topic("t").partitions().values())
                .allSatisfy(
                        p -> assertThat(p.leaderId()).isEqualTo(p.assignedReplicas().getFirst()));
    }

    @Test
    void balancingKeepsItsInterval() {
        nodes.start(1, 1);
        assertThat(nodes.state().balanceDue(299_999)).isFalse();
        assertThat(nodes.state().balanceDue(300_000)).isTrue();
        nodes.state().balanceDone(true, 300_000);
        assertThat(nodes.state().balanceDue(300_001)).isFalse();
        alterNode("", "leader.imbalance.check.interval.seconds", "1");
        assertThat(nodes.state().balanceDue(301_000)).isTrue();
        alterNode("", "auto.leader.rebalance.enable", "false");
        assertThat(nodes.state().balanceDue(301_000)).isFalse();
    }
}
