package io.headrace.coordinator.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.protocol.metadata.PartitionImage.LogEnd;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Two machines that hold a partition lose power, and the third replica's process, which has
 * everything, starts anew before the controller misses them: it is out of sync then, and yet the
 * one that must lead.
 */
class LastResortTest {
    private static final String TOPIC = "t";
    private final Nodes nodes = new Nodes();

    @BeforeEach
    void aThirdReplicaRestartsWhileTwoAreDead() {
        for (int nodeId = 1; nodeId <= 3; nodeId++) {
            nodes.start(nodeId, 1);
        }
        nodes.createOn(TOPIC, 1, 2, 3);
        nodes.endsAt(3, TOPIC, 0, 100);
        nodes.restart(3);
        assertThat(Nodes.isr(partition())).containsExactly(1, 2);
        nodes.lose(1, 2);
    }

    private PartitionImage partition() {
        return nodes.partition(TOPIC);
    }

    /** With what the page cache had not lost. */
    private void theOtherTwoReturn() {
        nodes.restartUnclean(1, TOPIC, 0, 10);
        nodes.restartUnclean(2, TOPIC, 0, 20);
    }

    @Test
    void itLeadsSinceItsLogIsTheLongest() {
        nodes.restartUnclean(1, TOPIC, 0, 10);
        assertThat(partition().leaderId()).isEqualTo(-1);
        nodes.restartUnclean(2, TOPIC, 0, 20);
        assertThat(partition().leaderId()).isEqualTo(3);
        assertThat(Nodes.isr(partition())).containsExactly(3);
    }

    @Test
    void aLogOfANewerEpochIsLonger() {
        nodes.restartUnclean(1, TOPIC, 0, 10);
        nodes.restartUnclean(2, TOPIC, 1, 20);
        assertThat(partition().leaderId()).isEqualTo(2);
    }

    @Test
    void whoeverLivesIsHeardFirst() {
        nodes.mute(3, true);
        theOtherTwoReturn();
        nodes.tick();
        assertThat(partition().leaderId()).isEqualTo(-1);
        nodes.mute(3, false);
        nodes.tick();
        assertThat(partition().leaderId()).isEqualTo(3);
    }

    @Test
    void whoeverDiesIsNotWaitedForUnlessItWasInSync() {
        nodes.mute(3, true);
        theOtherTwoReturn();
        nodes.lose(3);
        // Whoever is fenced may register again and catch up: for one session timeout more.
        nodes.pass(Nodes.RULES.sessionTimeoutMs() - 1);
        nodes.pollAllBut(3);
        nodes.pass(1);
        nodes.tick();
        assertThat(partition().leaderId()).isEqualTo(2);
    }

    @Test
    void whoeverHasRegisteredAndCatchesUpIsWaitedFor() {
        nodes.register(3, 4_711);
        theOtherTwoReturn();
        nodes.tick();
        assertThat(partition().leaderId()).isEqualTo(-1);
        nodes.poll(3);
        nodes.tick();
        assertThat(partition().leaderId()).isEqualTo(3);
    }

    @Test
    void whatAnotherIncarnationOrOfAnotherEpochWasSaidIsNoReport() {
        nodes.mute(3, true);
        theOtherTwoReturn();
        LogEnd end = new LogEnd(3, 0, 100);
        int epoch = partition().leaderEpoch();
        nodes.tellLogEnd(nodes.topicId(TOPIC), nodes.epochOf(3) - 1, epoch, end);
        nodes.tellLogEnd(nodes.topicId(TOPIC), nodes.epochOf(3), epoch - 1, end);
        nodes.tick();
        assertThat(partition().leaderId()).isEqualTo(-1);
        nodes.tellLogEnd(nodes.topicId(TOPIC), nodes.epochOf(3), epoch, end);
        nodes.tick();
        assertThat(partition().leaderId()).isEqualTo(3);
    }

    @Test
    void anotherControllerIsToldAnew() {
        nodes.mute(3, true);
        theOtherTwoReturn();
        nodes.takeOver();
        for (int nodeId = 1; nodeId <= 3; nodeId++) {
            nodes.poll(nodeId);
        }
        nodes.tick();
        assertThat(partition().leaderId()).isEqualTo(-1);
        nodes.mute(3, false);
        nodes.tick();
        assertThat(partition().leaderId()).isEqualTo(3);
    }

    @Test
    void aLogThatCannotBeUsedDoesNotLead() {
        nodes.endsAt(3, TOPIC, -1, -1);
        theOtherTwoReturn();
        assertThat(partition().leaderId()).isEqualTo(2);
    }

    @Test
    void anEmptyLogDoesNotLeadWhileAReplicaIsMissingThatMayHaveMore() {
        nodes.mute(3, true);
        nodes.restartUnclean(1, TOPIC, 0, 0);
        nodes.restartUnclean(2, TOPIC, 0, 0);
        nodes.lose(3);
        for (int i = 0; i < 3; i++) {
            nodes.pass(Nodes.RULES.sessionTimeoutMs());
            nodes.pollAllBut(3);
            nodes.tick();
        }
        assertThat(partition().leaderId()).isEqualTo(-1);
        nodes.mute(3, false);
        nodes.restart(3);
        nodes.tick();
        assertThat(partition().leaderId()).isEqualTo(3);
    }
}
