package io.headrace.coordinator.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.coordinator.cluster.replica.AlterPartitionReassignments;
import io.headrace.coordinator.cluster.replica.ListPartitionReassignments;
import io.headrace.protocol.metadata.PartitionImage;

import org.apache.kafka.common.message.AlterPartitionReassignmentsRequestData;
import org.apache.kafka.common.message.AlterPartitionReassignmentsRequestData.ReassignablePartition;
import org.apache.kafka.common.message.AlterPartitionReassignmentsRequestData.ReassignableTopic;
import org.apache.kafka.common.message.ListPartitionReassignmentsRequestData;
import org.apache.kafka.common.message.ListPartitionReassignmentsResponseData.OngoingPartitionReassignment;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.util.List;

/** Replicas move as in Kafka (KIP-455). */
class ReassignmentTest {
    private final Nodes nodes = new Nodes();

    @BeforeEach
    void createTopic() {
        for (int nodeId = 1; nodeId <= 6; nodeId++) {
            nodes.start(nodeId, 1);
        }
        nodes.createOn("t", 1, 2, 3);
    }

    private PartitionImage partition() {
        return nodes.partition("t");
    }

    private Errors move(@Nullable List<Integer> replicas) {
        return move(new AlterPartitionReassignmentsRequestData(), replicas);
    }

    private Errors move(
            AlterPartitionReassignmentsRequestData request, @Nullable List<Integer> replicas) {
        ReassignableTopic topic = new ReassignableTopic().setName("t");
        topic.partitions()
                .add(new ReassignablePartition().setPartitionIndex(0).setReplicas(replicas));
        request.topics().add(topic);
        var answer = nodes.decide(new AlterPartitionReassignments(request));
        return Errors.forCode(answer.responses().getFirst().partitions().getFirst().errorCode());
    }

    private List<OngoingPartitionReassignment> ongoing() {
        var request = new ListPartitionReassignmentsRequestData().setTopics(null);
        var answer = nodes.decide(new ListPartitionReassignments(request));
        return answer.topics().isEmpty() ? List.of() : answer.topics().getFirst().partitions();
    }

    @Test
    void anotherOrderIsDoneAtOnce() {
        assertThat(move(List.of(3, 2, 1))).isEqualTo(Errors.NONE);
        assertThat(partition().assignedReplicas()).containsExactly(3, 2, 1);
        assertThat(partition().leaderId()).isEqualTo(1);
        assertThat(ongoing()).isEmpty();
    }

    @Test
    void replicasMoveOnceTheNewOnesAreInSync() {
        assertThat(move(List.of(4, 5, 3))).isEqualTo(Errors.NONE);
        assertThat(partition().assignedReplicas()).containsExactly(4, 5, 3, 1, 2);
        assertThat(ongoing()).hasSize(1);
        assertThat(ongoing().getFirst().addingReplicas()).containsExactly(4, 5);
        assertThat(ongoing().getFirst().removingReplicas()).containsExactly(1, 2);
        assertThat(nodes.alterIsr("t", 1, 2, 3, 4)).isEqualTo(Errors.NONE);
        assertThat(partition().addingReplicas()).containsExactly(4, 5);
        // The move takes the leadership away, so the old leader is told of another.
        assertThat(nodes.alterIsr("t", 1, 2, 3, 4, 5)).isEqualTo(Errors.NEW_LEADER_ELECTED);
        assertThat(partition().assignedReplicas()).containsExactly(4, 5, 3);
        assertThat(Nodes.isr(partition())).containsExactly(4, 5, 3);
        assertThat(partition().leaderId()).isEqualTo(4);
        assertThat(partition().leaderEpoch()).isEqualTo(1);
        assertThat(ongoing()).isEmpty();
    }

    @Test
    void aMoveThatWouldLeaveTooFewInSyncWaits() {
        nodes.lose(2);
        nodes.lose(3);
        move(List.of(2, 3, 4));
        nodes.alterIsr("t", 1, 4);
        assertThat(ongoing()).hasSize(1);
        nodes.restart(3);
        assertThat(nodes.alterIsr("t", 1, 3, 4)).isEqualTo(Errors.NEW_LEADER_ELECTED);
        assertThat(partition().assignedReplicas()).containsExactly(2, 3, 4);
        assertThat(partition().leaderId()).isEqualTo(3);
    }

    @Test
    void cancellingGoesBack() {
        assertThat(move(null)).isEqualTo(Errors.NO_REASSIGNMENT_IN_PROGRESS);
        move(List.of(4, 5, 6));
        nodes.alterIsr("t", 1, 2, 3, 4);
        assertThat(move(null)).isEqualTo(Errors.NONE);
        assertThat(partition().assignedReplicas()).containsExactly(1, 2, 3);
        assertThat(Nodes.isr(partition())).containsExactly(1, 2, 3);
        assertThat(partition().leaderId()).isEqualTo(1);
        assertThat(ongoing()).isEmpty();
    }

    @Test
    void anotherTargetReplacesTheFirst() {
        move(List.of(4, 5, 6));
        nodes.alterIsr("t", 1, 2, 3, 4);
        assertThat(move(List.of(1, 2, 6))).isEqualTo(Errors.NONE);
        assertThat(partition().assignedReplicas()).containsExactly(1, 2, 6, 3);
        assertThat(partition().addingReplicas()).containsExactly(6);
        assertThat(partition().removingReplicas()).containsExactly(3);
        assertThat(Nodes.isr(partition())).containsExactly(1, 2, 3);
    }

    @Test
    void theReplicationFactorAndItsMinimumMayChange() {
        nodes.createOn("single", 6);
        assertThat(nodes.partition("single").minInSyncReplicas()).isEqualTo(1);
        var fixed =
                new AlterPartitionReassignmentsRequestData().setAllowReplicationFactorChange(false);
        assertThat(move(fixed, List.of(1, 2))).isEqualTo(Errors.INVALID_REPLICATION_FACTOR);
        assertThat(move(List.of(2))).isEqualTo(Errors.NONE);
        assertThat(partition().assignedReplicas()).containsExactly(2);
        assertThat(partition().minInSyncReplicas()).isEqualTo(1);
        assertThat(partition().leaderId()).isEqualTo(2);
        move(List.of(2, 3, 4));
        assertThat(partition().minInSyncReplicas()).isEqualTo(1);
        nodes.alterIsr("t", 2, 3, 4);
        assertThat(partition().minInSyncReplicas()).isEqualTo(2);
        assertThat(ongoing()).isEmpty();
    }

    @Test
    void unknownNodesAndEmptyListsAreRefused() {
        assertThat(move(List.of(1, 9))).isEqualTo(Errors.INVALID_REPLICA_ASSIGNMENT);
        assertThat(move(List.of())).isEqualTo(Errors.INVALID_REPLICA_ASSIGNMENT);
        assertThat(move(List.of(1, 1))).isEqualTo(Errors.INVALID_REPLICA_ASSIGNMENT);
        nodes.lose(2);
        nodes.lose(3);
        // Only node 1 is in sync: it cannot be left behind.
        assertThat(move(List.of(2, 3))).isEqualTo(Errors.NONE);
        assertThat(partition().assignedReplicas()).containsExactly(2, 3, 1);
    }
}
