package io.headrace.standalone.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.standalone.cluster.NodeProcess.Signal;
import io.headrace.testkit.process.ChildProcess;
import io.headrace.testkit.wait.Eventually;

import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.util.Optional;

/** A signal goes to the very process that was started, and to no other. */
class NodeProcessTest {
    private static final Duration LIMIT = Duration.ofSeconds(10);

    @Test
    void pausesGoesOnAndDies() throws Exception {
        try (ChildProcess child = ChildProcess.command("sleep", "60").start()) {
            NodeProcess process = NodeProcess.of(child.pid());
            assertThat(process.isAlive()).isTrue();
            assertThat(NodeProcess.parse(process.toString())).contains(process);

            process.signal(Signal.STOP);
            Eventually.until(LIMIT, process::isPaused, "a paused process");
            assertThat(process.isAlive()).isTrue();
            process.signal(Signal.CONT);
            Eventually.until(LIMIT, () -> !process.isPaused(), "a running process");

            assertThat(process.signal(Signal.KILL)).isTrue();
            assertThat(process.awaitEnd(LIMIT)).isTrue();
            assertThat(process.signal(Signal.TERM)).isFalse();
        }
    }

    @Test
    void anotherProcessWithTheSameIdIsLeftAlone() throws Exception {
        try (ChildProcess child = ChildProcess.command("sleep", "60").start()) {
            NodeProcess gone = new NodeProcess(child.pid(), "1@another-boot");
            assertThat(gone.isAlive()).isFalse();
            assertThat(gone.signal(Signal.KILL)).isFalse();
            assertThat(child.isAlive()).isTrue();
        }
    }

    @Test
    void aTornFileNamesNobody() {
        assertThat(NodeProcess.parse("")).isEqualTo(Optional.empty());
        assertThat(NodeProcess.parse("12")).isEqualTo(Optional.empty());
        assertThat(NodeProcess.parse("x y")).isEqualTo(Optional.empty());
    }
}
