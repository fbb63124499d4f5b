package io.headrace.coordinator.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.headrace.coordinator.cluster.node.RegisterNode;
import io.headrace.coordinator.cluster.node.ReviewNodes;
import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.protocol.metadata.PartitionImage.IsrMember;

import org.apache.kafka.common.errors.DuplicateBrokerRegistrationException;
import org.apache.kafka.common.errors.InconsistentClusterIdException;
import org.junit.jupiter.api.Test;

import java.util.Objects;

/** Registration, fencing and election: DESIGN's rules of incarnations. */
class NodeLifeTest {
    private final Nodes nodes = new Nodes();

    private PartitionImage partition(String topic) {
        return Objects.requireNonNull(
                Objects.requireNonNull(nodes.image().topic(topic)).partition(0));
    }

    @Test
    void aNodeIsFencedUntilItHasAppliedItsRegistration() {
        long nodeEpoch = nodes.register(1, 1);
        assertThat(nodes.image().isActive(1, nodeEpoch)).isFalse();
        nodes.state().onPoll(1, nodeEpoch, nodeEpoch, 0);
        nodes.tick();
        assertThat(nodes.image().isActive(1, nodeEpoch)).isFalse();
        nodes.state().onPoll(1, nodeEpoch, nodeEpoch + 1, 0);
        nodes.tick();
        assertThat(nodes.image().isActive(1, nodeEpoch)).isTrue();
    }

    @Test
    void theNodeEpochIsTheOffsetOfTheRegistration() {
        long expected = nodes.image().nextOffset();
        assertThat(nodes.register(1, 1)).isEqualTo(expected);
    }

    @Test
    void registeringTwiceChangesNothing() {
        long first = nodes.start(1, 1);
        long offset = nodes.image().nextOffset();
        assertThat(nodes.register(1, 1)).isEqualTo(first);
        assertThat(nodes.image().nextOffset()).isEqualTo(offset);
    }

    @Test
    void anIncarnationWithTheSameDisksReplacesTheOldOneAndLeadsAgain() {
        nodes.start(1, 1);
        nodes.create("orders", 1, 1);
        long second = nodes.register(1, 2);
        // Named as leader still, though that incarnation is gone: it will lead in a moment.
        nodes.tick();
        assertThat(partition("orders").leaderEpoch()).isZero();
        nodes.poll(1);
        nodes.tick();
        assertThat(partition("orders").leaderNodeEpoch()).isEqualTo(second);
        assertThat(partition("orders").leaderEpoch()).isEqualTo(1);
        assertThat(partition("orders").isr()).containsExactly(new IsrMember(1, second));
    }

    @Test
    void aControllerThatSeesNoNodeFencesNoneButRegisters() {
        long first = nodes.start(1, 1);
        nodes.start(2, 1);
        nodes.pass(10 * Nodes.RULES.sessionTimeoutMs());
        nodes.tick();
        assertThat(nodes.image().isActive(1, first)).isTrue();
        assertThat(nodes.start(3, 1)).isPositive();
    }

    @Test
    void aControllerCutOffFromAllNodesMovesNoLeader() {
        nodes.start(1, 1);
        nodes.start(2, 1);
        nodes.start(3, 1);
        nodes.createOn("a", 1, 2, 3);
        nodes.createOn("b", 2, 3, 1);
        nodes.createOn("c", 3, 1, 2);
        long offset = nodes.image().nextOffset();
        for (int i = 0; i < 100; i++) {
            nodes.pass(1_000);
            nodes.tick();
        }
        // They are heard again one after the other: the first alone is no reason to fence two.
        for (int nodeId = 1; nodeId <= 3; nodeId++) {
            nodes.poll(nodeId);
            nodes.tick();
            nodes.pass(ClusterRules.DOUBT_MS / 3);
        }
        nodes.tick();
        assertThat(nodes.image().nextOffset()).as("nothing was decided").isEqualTo(offset);
        assertThat(nodes.state().doubtsItself()).isFalse();
    }

    @Test
    void aControllerThatSeesFewerThanHalfOfTheNodesWaitsBeforeItFences() {
        nodes.start(1, 1);
        nodes.start(2, 1);
        long third = nodes.start(3, 1);
        nodes.pass(Nodes.RULES.sessionTimeoutMs());
        nodes.poll(1);
        nodes.tick();
        assertThat(nodes.state().doubtsItself()).isTrue();
        assertThat(nodes.image().isActive(3, third)).isTrue();
        nodes.pass(ClusterRules.DOUBT_MS - 1);
        nodes.tick();
        assertThat(nodes.image().isActive(3, third)).isTrue();
        nodes.pass(1);
        nodes.tick();
        assertThat(nodes.image().isActive(3, third)).isFalse();
        nodes.tick();
        assertThat(nodes.state().doubtsItself()).isFalse();
    }

    @Test
    void anIncarnationWithOtherDisksWaitsUntilTheOldOneIsSilent() {
        nodes.start(1, 1);
        nodes.start(2, 1);
        RegisterNode other = new RegisterNode(Nodes.request(1, 2, 99));
        assertThatThrownBy(() -> nodes.decide(other))
                .isInstanceOf(DuplicateBrokerRegistrationException.class);
        nodes.pass(Nodes.RULES.sessionTimeoutMs());
        nodes.tick();
        assertThat(nodes.decide(other)).isPositive();
    }

    @Test
    void disksOfAnotherClusterAreRefused() {
        assertThatThrownBy(
                        () ->
                                nodes.decide(
                                        new RegisterNode(
                                                Nodes.request(1, 1, 1).setClusterId("another"))))
                .isInstanceOf(InconsistentClusterIdException.class)
                .hasMessageContaining("belong to cluster another");
    }

    @Test
    void aSilentNodeIsFencedAndItsPartitionWaitsForIt() {
        nodes.start(1, 1);
        nodes.start(2, 1);
        nodes.createOn("orders", 1);
        nodes.pass(Nodes.RULES.sessionTimeoutMs() - 1);
        nodes.poll(2);
        nodes.tick();
        assertThat(partition("orders").leaderId()).isEqualTo(1);
        nodes.pass(1);
        nodes.tick();
        assertThat(partition("orders").leaderId()).isEqualTo(-1);
        assertThat(partition("orders").isr()).extracting(IsrMember::nodeId).containsExactly(1);
        nodes.pollAllBut();
        nodes.poll(1);
        nodes.tick();
        assertThat(partition("orders").leaderId()).isEqualTo(1);
        assertThat(partition("orders").leaderEpoch()).isEqualTo(2);
    }

    @Test
    void anotherInSyncReplicaTakesOverFromASilentLeader() {
        nodes.start(1, 1);
        nodes.start(2, 1);
        nodes.create("orders", 1, 2);
        int leader = partition("orders").leaderId();
        int other = 3 - leader;
        nodes.pass(Nodes.RULES.sessionTimeoutMs() - 1);
        nodes.poll(other);
        nodes.pass(1);
        nodes.tick();
        assertThat(partition("orders").leaderId()).isEqualTo(other);
        assertThat(partition("orders").isr()).extracting(IsrMember::nodeId).containsExactly(other);
    }

    @Test
    void anUncleanReplicaLeavesTheIsrBeforeItsRegistrationCommits() {
        nodes.start(1, 1);
        nodes.start(2, 1);
        nodes.create("orders", 1, 2);
        var request = Nodes.request(1, 2, 1);
        request.uncleanPartitions()
                .add(
                        new io.headrace.protocol.message.RegisterNodeRequestData.UncleanTopic()
                                .setTopicId(
                                        Objects.requireNonNull(nodes.image().topic("orders"))
                                                .topicId())
                                .setPartitions(java.util.List.of(0)));
        Decision<Long> decision = nodes.state().decide(new RegisterNode(request), 0);
        assertThat(decision.records()).hasSize(2);
        assertThat(decision.response()).isEqualTo(nodes.image().nextOffset() + 1);
        nodes.decide(new RegisterNode(request));
        nodes.tick();
        assertThat(partition("orders").isr()).extracting(IsrMember::nodeId).containsExactly(2);
        assertThat(partition("orders").leaderId()).isEqualTo(2);
    }

    @Test
    void silenceBeforeTheTakeOverIsNotHeldAgainstANode() {
        nodes.start(1, 1);
        nodes.start(2, 1);
        ControllerState successor =
                new ControllerState(nodes.image(), Nodes.RULES, new java.util.Random(1), 1_000_000);
        long justBefore = 1_000_000 + Nodes.RULES.sessionTimeoutMs() - 1;
        successor.onPoll(2, nodes.epochOf(2), 0, justBefore);
        assertThat(successor.decide(new ReviewNodes(), justBefore).response()).isZero();
        assertThat(successor.decide(new ReviewNodes(), justBefore + 1).response()).isEqualTo(1);
    }

    @Test
    void aSuspicionFencesOnlyANodeThatIsSilentOrDisconnected() {
        long nodeEpoch = nodes.start(1, 1);
        nodes.start(2, 1);
        nodes.pass(Nodes.RULES.sessionTimeoutMs());
        nodes.pollAllBut();
        var incarnation = Objects.requireNonNull(nodes.image().nodes().get(1)).incarnationId();
        nodes.state().onSuspicion(1, incarnation);
        nodes.tick();
        assertThat(nodes.image().isActive(1, nodeEpoch)).isTrue();
        nodes.pass(ClusterRules.SUSPECT_SILENCE_MS - 1);
        nodes.poll(2);
        nodes.tick();
        assertThat(nodes.image().isActive(1, nodeEpoch)).isTrue();
        nodes.pass(1);
        nodes.tick();
        assertThat(nodes.image().isActive(1, nodeEpoch)).isFalse();
    }

    @Test
    void aSuspectedNodeIsFencedAtOnceWhenItsConnectionCloses() {
        long nodeEpoch = nodes.start(1, 1);
        nodes.start(2, 1);
        var incarnation = Objects.requireNonNull(nodes.image().nodes().get(1)).incarnationId();
        nodes.state().onDisconnect(1, nodeEpoch);
        nodes.tick();
        assertThat(nodes.image().isActive(1, nodeEpoch)).isTrue();
        nodes.state().onSuspicion(1, incarnation);
        nodes.tick();
        assertThat(nodes.image().isActive(1, nodeEpoch)).isFalse();
    }

    @Test
    void aPollAfterASuspicionRefutesIt() {
        long nodeEpoch = nodes.start(1, 1);
        nodes.start(2, 1);
        var incarnation = Objects.requireNonNull(nodes.image().nodes().get(1)).incarnationId();
        nodes.pass(Nodes.RULES.sessionTimeoutMs());
        nodes.pollAllBut();
        nodes.tick();
        nodes.state().onSuspicion(1, incarnation);
        nodes.pass(1_000);
        nodes.pollAllBut();
        nodes.pass(ClusterRules.SUSPECT_SILENCE_MS);
        nodes.poll(2);
        nodes.tick();
        assertThat(nodes.image().isActive(1, nodeEpoch)).isTrue();
    }
}
