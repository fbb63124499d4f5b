package io.headrace.testkit.clock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.headrace.testkit.clock.ManualLoop.Scheduled;

import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

final class ManualLoopTest {
    private final ManualLoop loop = new ManualLoop(1000);
    private final List<String> ran = new ArrayList<>();

    private Runnable note(String name) {
        return () -> ran.add(name + "@" + loop.nowMs());
    }

    @Test
    void runsInTheOrderOfTimeThenOfSubmission() {
        loop.after(Duration.ofMillis(20), note("late"));
        loop.after(Duration.ofMillis(10), note("first"));
        loop.after(Duration.ofMillis(10), note("second"));
        loop.execute(note("now"));
        assertThat(ran).isEmpty();
        assertThat(loop.waitingTimesMs()).containsExactly(1000L, 1010L, 1010L, 1020L);
        assertThat(loop.advance(Duration.ofMillis(15))).isEqualTo(3);
        assertThat(ran).containsExactly("now@1000", "first@1010", "second@1010");
        assertThat(loop.nowMs()).isEqualTo(1015);
        assertThat(loop.runNext()).isTrue();
        assertThat(loop.runNext()).isFalse();
        assertThat(loop.nowMs()).isEqualTo(1020);
    }

    @Test
    void tasksMaySubmitTasksForTheSameTime() {
        loop.execute(() -> loop.execute(note("inner")));
        assertThat(loop.runDue()).isEqualTo(2);
        assertThat(ran).containsExactly("inner@1000");
    }

    @Test
    void repeatsUntilTakenBack() {
        Scheduled[] tick = new Scheduled[1];
        tick[0] =
                loop.every(
                        Duration.ofMillis(10),
                        () -> {
                            note("tick").run();
                            if (ran.size() == 3) {
                                assertThat(tick[0].cancel()).isTrue();
                            }
                        });
        loop.advance(Duration.ofMillis(100));
        assertThat(ran).containsExactly("tick@1010", "tick@1020", "tick@1030");
        assertThat(loop.waiting()).isZero();
    }

    @Test
    void aTaskTakenBackDoesNotRun() {
        Scheduled task = loop.after(Duration.ofMillis(5), note("never"));
        assertThat(task.cancel()).isTrue();
        assertThat(task.cancel()).isFalse();
        assertThat(loop.waiting()).isZero();
        assertThat(loop.runNext()).isFalse();
        assertThat(ran).isEmpty();
        Scheduled done = loop.after(Duration.ZERO, note("done"));
        loop.runDue();
        assertThat(done.cancel()).isFalse();
    }

    @Test
    void tasksWithoutEndAreFound() {
        loop.execute(this::again);
        assertThatThrownBy(loop::runDue).hasMessageContaining("without end");
    }

    private void again() {
        loop.execute(this::again);
    }

    @Test
    void timeNeverGoesBack() {
        assertThatThrownBy(() -> loop.advance(Duration.ofMillis(-1)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> loop.after(Duration.ofMillis(-1), note("x")))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
