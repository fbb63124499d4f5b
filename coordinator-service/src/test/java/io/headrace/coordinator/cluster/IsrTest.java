package io.headrace.coordinator.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.headrace.coordinator.cluster.replica.AlterPartition;
import io.headrace.protocol.metadata.PartitionImage;

import org.apache.kafka.common.errors.StaleBrokerEpochException;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.util.List;

/** What a leader may do to the ISR of its partition (KIP-841, KIP-903). */
class IsrTest {
    private final Nodes nodes = new Nodes();

    @BeforeEach
    void createTopic() {
        nodes.start(1, 1);
        nodes.start(2, 1);
        nodes.start(3, 1);
        nodes.createOn("t", 1, 2, 3);
    }

    @Test
    void theLeaderShrinksAndExpands() {
        assertThat(nodes.alterIsr("t", 1, 2)).isEqualTo(Errors.NONE);
        assertThat(Nodes.isr(nodes.partition("t"))).containsExactly(1, 2);
        assertThat(nodes.partition("t").leaderEpoch()).isZero();
        assertThat(nodes.partition("t").partitionEpoch()).isEqualTo(1);
        assertThat(nodes.alterIsr("t", 1, 2, 3)).isEqualTo(Errors.NONE);
        assertThat(Nodes.isr(nodes.partition("t"))).containsExactly(1, 2, 3);
    }

    @Test
    void theAnswerNamesTheNewState() {
        var answer =
                nodes.decide(new AlterPartition(nodes.isrRequest("t", 0, 1, 3)))
                        .topics()
                        .getFirst()
                        .partitions()
                        .getFirst();
        assertThat(answer.isr()).containsExactly(1, 3);
        assertThat(answer.leaderId()).isEqualTo(1);
        assertThat(answer.partitionEpoch()).isEqualTo(1);
    }

    @Test
    void whatIsSoAlreadyRaisesOnlyThePartitionEpoch() {
        PartitionImage before = nodes.partition("t");
        assertThat(nodes.alterIsr("t", 1, 2, 3)).isEqualTo(Errors.NONE);
        assertThat(nodes.partition("t"))
                .isEqualTo(before.withIsr(before.isr(), before.partitionEpoch() + 1));
    }

    @Test
    void anOldPartitionEpochIsRefusedAndALaterOneIsAnotherControllers() {
        nodes.alterIsr("t", 1, 2);
        assertThat(nodes.alterIsr("t", nodes.isrRequest("t", 0, 1)))
                .isEqualTo(Errors.INVALID_UPDATE_VERSION);
        assertThat(nodes.alterIsr("t", nodes.isrRequest("t", 2, 1)))
                .isEqualTo(Errors.NOT_CONTROLLER);
    }

    @Test
    void anOldLeaderEpochIsFencedAndALaterOneIsAnotherControllers() {
        var request = nodes.isrRequest("t", 0, 1, 2);
        request.topics().getFirst().partitions().getFirst().setLeaderEpoch(1);
        assertThat(nodes.alterIsr("t", request)).isEqualTo(Errors.NOT_CONTROLLER);
        nodes.lose(1);
        var late = nodes.isrRequest("t", nodes.partition("t").partitionEpoch(), 1, 2);
        late.topics().getFirst().partitions().getFirst().setLeaderEpoch(0);
        late.setBrokerId(1).setBrokerEpoch(nodes.epochOf(1));
        assertThat(nodes.alterIsr("t", late)).isEqualTo(Errors.FENCED_LEADER_EPOCH);
    }

    @Test
    void onlyTheLeaderItselfMayAsk() {
        var request = nodes.isrRequest("t", 0, 1, 2);
        request.setBrokerId(2).setBrokerEpoch(nodes.epochOf(2));
        assertThat(nodes.alterIsr("t", request)).isEqualTo(Errors.INVALID_REQUEST);
        assertThat(nodes.alterIsr("t", 2, 3)).isEqualTo(Errors.INVALID_REQUEST);
        assertThat(nodes.alterIsr("t", 1, 1)).isEqualTo(Errors.INVALID_REQUEST);
        nodes.start(4, 1);
        assertThat(nodes.alterIsr("t", 1, 4)).isEqualTo(Errors.INVALID_REQUEST);
    }

    @Test
    void aStaleIncarnationOfTheLeaderIsRefused() {
        var request = nodes.isrRequest("t", 0, 1, 2);
        nodes.register(1, 2);
        AlterPartition late = new AlterPartition(request);
        assertThatThrownBy(() -> nodes.decide(late)).isInstanceOf(StaleBrokerEpochException.class);
        // The new incarnation is not the one that leads.
        var early = nodes.isrRequest("t", 0, 1, 2).setBrokerEpoch(nodes.epochOf(1));
        assertThat(nodes.alterIsr("t", early)).isEqualTo(Errors.INVALID_REQUEST);
    }

    @Test
    void aStaleFencedOrUnknownIncarnationNeverJoins() {
        nodes.alterIsr("t", 1, 2);
        var stale = nodes.isrRequest("t", 1, 1, 2, 3);
        nodes.restart(3);
        assertThat(nodes.alterIsr("t", stale)).isEqualTo(Errors.INELIGIBLE_REPLICA);
        nodes.lose(3);
        assertThat(nodes.alterIsr("t", 1, 2, 3)).isEqualTo(Errors.INELIGIBLE_REPLICA);
        nodes.poll(3);
        nodes.tick();
        assertThat(nodes.alterIsr("t", 1, 2, 3)).isEqualTo(Errors.NONE);
    }

    @Test
    void aNodeThatShutsDownDoesNotJoin() {
        nodes.alterIsr("t", 1, 2);
        nodes.state().onWantsShutDown(3, nodes.epochOf(3));
        assertThat(nodes.alterIsr("t", 1, 2, 3)).isEqualTo(Errors.INELIGIBLE_REPLICA);
    }

    @Test
    void unknownTopicsAndPartitionsAreSaidToBe() {
        var request = nodes.isrRequest("t", 0, 1, 2);
        request.topics().getFirst().partitions().getFirst().setPartitionIndex(7);
        assertThat(nodes.alterIsr("t", request)).isEqualTo(Errors.UNKNOWN_TOPIC_OR_PARTITION);
        request.topics().getFirst().setTopicId(new org.apache.kafka.common.Uuid(3, 3));
        assertThat(nodes.alterIsr("t", request)).isEqualTo(Errors.UNKNOWN_TOPIC_ID);
    }

    @Test
    void onePartitionNamedTwiceIsChangedOnce() {
        var request = nodes.isrRequest("t", 0, 1, 2);
        var topic = request.topics().getFirst();
        var other = nodes.isrRequest("t", 0, 1).topics().getFirst().partitions().getFirst();
        topic.setPartitions(List.of(topic.partitions().getFirst(), other));
        var answers = nodes.decide(new AlterPartition(request)).topics().getFirst().partitions();
        assertThat(answers.get(1).errorCode()).isEqualTo(Errors.INVALID_REQUEST.code());
        PartitionImage after = nodes.partition("t");
        assertThat(Nodes.isr(after)).containsExactly(1, 2);
        assertThat(after.partitionEpoch()).isEqualTo(1);
    }
}
