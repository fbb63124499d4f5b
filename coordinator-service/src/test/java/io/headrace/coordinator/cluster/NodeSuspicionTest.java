package io.headrace.coordinator.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.kafka.common.Uuid;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.util.Objects;

/** A report of the membership alone fences nobody; with silence or a closed socket it does. */
class NodeSuspicionTest {
    private static final Uuid INCARNATION = new Uuid(1, 10);

    private final Nodes nodes = new Nodes();
    private long nodeEpoch;

    @BeforeEach
    void start() {
        nodeEpoch = nodes.start(1, 10);
        nodes.start(2, 20);
        nodes.start(3, 30);
        for (int i = 0; i < 20; i++) {
            pollAfter(500); // until this controller may count silence
        }
        assertThat(isFenced()).isFalse();
    }

    private void pollAfter(long ms) {
        nodes.pass(ms);
        nodes.poll(1);
        tick();
    }

    private void silentFor(long ms) {
        nodes.pass(ms);
        tick();
    }

    /** The others are always heard: a controller that sees nobody fences nobody. */
    private void tick() {
        nodes.poll(2);
        nodes.poll(3);
        nodes.tick();
    }

    private boolean isFenced() {
        return Objects.requireNonNull(nodes.image().nodes().get(1)).fenced();
    }

    @Test
    void polledOnItIsNotFenced() {
        nodes.state().onSuspicion(1, INCARNATION);
        for (int i = 0; i < 100; i++) {
            pollAfter(500);
            assertThat(isFenced()).isFalse();
        }
    }

    @Test
    void withItsSocketClosedItIsFencedAtOnceInEitherOrder() {
        nodes.state().onSuspicion(1, INCARNATION);
        tick();
        assertThat(isFenced()).isFalse();
        nodes.state().onDisconnect(1, nodeEpoch);
        tick();
        assertThat(isFenced()).isTrue();

        pollAfter(500);
        assertThat(isFenced()).isFalse();
        nodes.state().onTrust(1, INCARNATION);
        nodes.state().onDisconnect(1, nodeEpoch);
        tick();
        assertThat(isFenced()).as("a closed socket alone").isFalse();
        nodes.state().onSuspicion(1, INCARNATION);
        tick();
        assertThat(isFenced()).isTrue();
    }

    @Test
    void withSilentPollsItIsFencedBeforeItsSessionEnds() {
        nodes.state().onSuspicion(1, INCARNATION);
        silentFor(1_000);
        assertThat(isFenced()).isFalse();
        silentFor(600);
        assertThat(isFenced()).isTrue();
    }

    @Test
    void seenAgainItHasItsWholeSession() {
        nodes.state().onSuspicion(1, INCARNATION);
        nodes.state().onTrust(1, INCARNATION);
        silentFor(8_000);
        assertThat(isFenced()).isFalse();
        silentFor(1_000);
        assertThat(isFenced()).isTrue();
    }

    @Test
    void aReportOfAnEarlierIncarnationSaysNothing() {
        nodes.state().onSuspicion(1, new Uuid(1, 9));
        nodes.state().onDisconnect(1, nodeEpoch);
        tick();
        assertThat(isFenced()).isFalse();
    }

    @Test
    void aControllerThatWasCutOffForgivesSilence() {
        nodes.pass(60_000);
        nodes.state().forgiveSilence(60_000 + 10_000);
        tick();
        assertThat(isFenced()).isFalse();
    }
}
