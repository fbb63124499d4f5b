package io.headrace.coordinator.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.coordinator.cluster.node.RegisterNode;
import io.headrace.coordinator.cluster.replica.ElectLeaders;
import io.headrace.coordinator.cluster.topic.AlterConfigs;
import io.headrace.coordinator.cluster.topic.AlterConfigs.Change;
import io.headrace.coordinator.cluster.topic.AlterConfigs.Entry;
import io.headrace.protocol.config.TopicConfigs;
import io.headrace.protocol.metadata.ConfigResourceKey;
import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.protocol.metadata.PartitionImage.LogEnd;

import org.apache.kafka.common.message.ElectLeadersRequestData;
import org.apache.kafka.common.message.ElectLeadersRequestData.TopicPartitions;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.util.List;

/** KIP-966, claim by claim, and the election of last resort: RF 3, min.insync.replicas 2. */
class EligibleLeaderSpecTest {
    private final Nodes nodes = new Nodes();

    @BeforeEach
    void createTopic() {
        nodes.start(1, 1);
        nodes.start(2, 1);
        nodes.start(3, 1);
        nodes.start(4, 1);
        nodes.createOn("t", 1, 2, 3);
    }

    private PartitionImage partition() {
        return nodes.partition("t");
    }

    @Test
    void nobodyIsEligibleWhileEnoughAreInSync() {
        nodes.lose(3);
        assertThat(Nodes.isr(partition())).containsExactly(1, 2);
        assertThat(partition().eligibleLeaderReplicas()).isEmpty();
    }

    @Test
    void whoLeavesAnIsrBelowItsMinimumIsEligible() {
        nodes.lose(3);
        nodes.lose(2);
        assertThat(Nodes.isr(partition())).containsExactly(1);
        assertThat(partition().eligibleLeaderReplicas()).containsExactly(2);
        assertThat(partition().leaderId()).isEqualTo(1);
        assertThat(partition().leaderEpoch()).isZero();
    }

    @Test
    void aLeaderThatRemovesASlowFollowerLeavesItEligible() {
        nodes.alterIsr("t", 1);
        assertThat(partition().eligibleLeaderReplicas()).containsExactly(2, 3);
    }

    @Test
    void enoughInSyncReplicasClearTheEligibleOnes() {
        nodes.alterIsr("t", 1);
        assertThat(nodes.alterIsr("t", 1, 3)).isEqualTo(Errors.NONE);
        assertThat(partition().eligibleLeaderReplicas()).isEmpty();
    }

    @Test
    void anEligibleReplicaLeadsWhenNobodyInSyncIsLeft() {
        nodes.alterIsr("t", 1);
        nodes.lose(1);
        assertThat(partition().leaderId()).isEqualTo(2);
        assertThat(Nodes.isr(partition())).containsExactly(2);
        // The old leader still holds what was committed, and so does the other.
        assertThat(partition().eligibleLeaderReplicas()).containsExactlyInAnyOrder(1, 3);
    }

    @Test
    void anIneligibleReplicaNeverLeadsWhileAnotherMayReturn() {
        nodes.lose(3);
        nodes.lose(1, 2);
        nodes.restart(3);
        assertThat(partition().leaderId()).isEqualTo(-1);
        nodes.restart(2);
        assertThat(partition().leaderId()).isEqualTo(2);
    }

    @Test
    void cleanMembersOfTheIsrThatReturnAreInSyncAgain() {
        nodes.lose(1, 2, 3);
        assertThat(partition().leaderId()).isEqualTo(-1);
        nodes.restart(2);
        assertThat(partition().leaderId()).isEqualTo(2);
        assertThat(Nodes.isr(partition())).containsExactly(2);
        assertThat(partition().eligibleLeaderReplicas()).containsExactlyInAnyOrder(1, 3);
    }

    @Test
    void aNewMinimumClearsTheEligible() {
        nodes.alterIsr("t", 1);
        setMinIsr("1");
        assertThat(partition().eligibleLeaderReplicas()).isEmpty();
        setMinIsr("3");
        assertThat(partition().eligibleLeaderReplicas()).isEmpty();
        assertThat(partition().minInSyncReplicas()).isEqualTo(3);
    }

    @Test
    void aNewMinimumLeavesTheEligibleOfALeaderlessPartition() {
        nodes.alterIsr("t", 1);
        nodes.lose(1, 2, 3);
        nodes.restartUnclean(1, "t", 0, 10);
        assertThat(partition().isr()).isEmpty();
        setMinIsr("1");
        assertThat(partition().eligibleLeaderReplicas()).containsExactly(2, 3);
        nodes.restart(2);
        assertThat(partition().leaderId()).isEqualTo(2);
    }

    private void setMinIsr(String value) {
        Entry entry = new Entry(TopicConfigs.MIN_INSYNC_REPLICAS, (byte) 0, value);
        Change change = new Change(ConfigResourceKey.TOPIC, "t", List.of(entry), false);
        nodes.decide(new AlterConfigs(List.of(change), false));
    }

    @Test
    void anUncleanReplicaIsNeitherInSyncNorEligible() {
        nodes.alterIsr("t", 1);
        nodes.restartUnclean(2, "t", 0, 5);
        assertThat(partition().eligibleLeaderReplicas()).containsExactly(3);
        assertThat(partition().lastKnownElr()).containsExactly(2);
        nodes.lose(1);
        assertThat(partition().leaderId()).isEqualTo(3);
        assertThat(partition().lastKnownElr()).isEmpty();
    }

    @Test
    void noUncleanSurvivorLeadsWhileACleanOneMayReturn() {
        nodes.lose(1, 2, 3);
        nodes.restartUnclean(1, "t", 0, 100);
        nodes.restartUnclean(2, "t", 0, 90);
        assertThat(partition().leaderId()).isEqualTo(-1);
        assertThat(Nodes.isr(partition())).containsExactly(3);
        nodes.restart(3);
        assertThat(partition().leaderId()).isEqualTo(3);
    }

    @Test
    void whenNoneIsCleanTheLongestLogLeadsOnceAllAreBack() {
        nodes.lose(1, 2, 3);
        nodes.restartUnclean(1, "t", 0, 100);
        nodes.restartUnclean(2, "t", 1, 90);
        nodes.lose(2);
        nodes.restartUnclean(3, "t", 1, 80);
        // Node 2 is missing again.
        assertThat(partition().leaderId()).isEqualTo(-1);
        assertThat(partition().isr()).isEmpty();
        assertThat(partition().lastKnownElr()).containsExactlyInAnyOrder(1, 2, 3);
        assertThat(partition().lastKnownEnds()).contains(new LogEnd(1, 0, 100));
        PartitionImage before = partition();
        nodes.restart(2);
        // By leader epoch first, then by offset.
        assertThat(partition().leaderId()).isEqualTo(2);
        assertThat(Nodes.isr(partition())).containsExactly(2);
        assertThat(partition().lastKnownElr()).isEmpty();
        assertThat(UncleanElections.isUnclean(before, partition().toRecord(nodes.topicId("t"))))
                .isTrue();
    }

    @Test
    void anOperatorMayElectAnUncleanReplica() {
        nodes.lose(1, 2, 3);
        nodes.restartUnclean(1, "t", 0, 100);
        nodes.restartUnclean(2, "t", 0, 120);
        assertThat(electUnclean()).isEqualTo(Errors.NONE);
        assertThat(partition().leaderId()).isEqualTo(2);
        assertThat(Nodes.isr(partition())).containsExactly(2);
        // What node 3 holds may differ now.
        assertThat(partition().eligibleLeaderReplicas()).isEmpty();
        assertThat(electUnclean()).isEqualTo(Errors.ELECTION_NOT_NEEDED);
    }

    private Errors electUnclean() {
        ElectLeadersRequestData request = new ElectLeadersRequestData().setElectionType((byte) 1);
        request.topicPartitions()
                .add(new TopicPartitions().setTopic("t").setPartitions(List.of(0)));
        var results = nodes.decide(new ElectLeaders(request)).replicaElectionResults();
        return Errors.forCode(results.getFirst().partitionResult().getFirst().errorCode());
    }

    @Test
    void anOnlyReplicaLeadsAgainEvenUnclean() {
        nodes.createOn("single", 4);
        nodes.lose(4);
        nodes.restartUnclean(4, "single", 0, 3);
        assertThat(nodes.partition("single").leaderId()).isEqualTo(4);
    }

    @Test
    void aReplicaWhoseDiskIsNewHoldsNothing() {
        nodes.lose(1, 2);
        nodes.decide(new RegisterNode(Nodes.request(2, 77, 4_711)));
        nodes.poll(2);
        nodes.tick();
        assertThat(partition().leaderId()).isEqualTo(3);
        nodes.lose(3);
        assertThat(partition().eligibleLeaderReplicas()).doesNotContain(2);
        assertThat(partition().leaderId()).isEqualTo(-1);
    }
}
