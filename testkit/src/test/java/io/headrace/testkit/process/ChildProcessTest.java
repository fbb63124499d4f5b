package io.headrace.testkit.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.headrace.testkit.wait.Eventually;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.time.Duration;

final class ChildProcessTest {
    private static final Duration LIMIT = Duration.ofSeconds(20);

    /** Says its first argument, then waits to be ended. */
    static final class Sayer {
        private Sayer() {}

        public static void main(String[] arguments) throws InterruptedException {
            System.out.println("I say " + arguments[0]);
            System.err.println("and " + System.getenv("MOOD"));
            synchronized (arguments) {
                while (arguments.length > 0) {
                    arguments.wait();
                }
            }
        }
    }

    @Test
    void aJvmIsStartedHeardAndKilled() throws IOException {
        try (ChildProcess child =
                ChildProcess.java(Sayer.class)
                        .arguments("hello")
                        .environment("MOOD", "gladly")
                        .start()) {
            assertThat(child.awaitLine(LIMIT, line -> line.startsWith("I say")))
                    .isEqualTo("I say hello");
            assertThat(child.awaitLine(LIMIT, line -> line.startsWith("and")))
                    .isEqualTo("and gladly");
            child.killHard();
            assertThat(child.isAlive()).isFalse();
            assertThat(child.awaitExit(LIMIT)).isEqualTo(128 + 9);
        }
    }

    @Test
    void termGivesTheProcessItsOwnEnd() throws IOException {
        try (ChildProcess child =
                ChildProcess.command(
                                "sh",
                                "-c",
                                "trap 'echo bye; exit 3' TERM; echo up; while :; do sleep 0.05;"
                                        + " done")
                        .start()) {
            child.awaitLine(LIMIT, "up"::equals);
            child.terminate();
            assertThat(child.awaitExit(LIMIT)).isEqualTo(3);
            assertThat(child.output()).contains("bye");
        }
    }

    @Test
    void anEndWithoutTheLineIsToldWithTheOutput() throws IOException {
        try (ChildProcess child =
                ChildProcess.command("sh", "-c", "echo no such port; exit 7").start()) {
            assertThatThrownBy(() -> child.awaitLine(LIMIT, "ready"::equals))
                    .isInstanceOf(AssertionError.class)
                    .hasMessageContaining("ended with 7")
                    .hasMessageContaining("no such port");
        }
    }

    @Test
    void closeEndsTheChildrenOfTheChildToo() throws IOException {
        long grandchild;
        try (ChildProcess child =
                ChildProcess.command("sh", "-c", "sleep 600 & echo child $!; wait").start()) {
            String line = child.awaitLine(LIMIT, text -> text.startsWith("child"));
            grandchild = Long.parseLong(line.split(" ", 2)[1]);
        }
        Eventually.until(
                LIMIT,
                () -> ProcessHandle.of(grandchild).filter(ProcessHandle::isAlive).isEmpty(),
                "the end of the grandchild");
    }
}
