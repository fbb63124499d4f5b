package io.headrace.transport.loop;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.stream.IntStream;

class LoopRoundTest {
    private final QueuedLoop even = new QueuedLoop();
    private final QueuedLoop odd = new QueuedLoop();
    private final List<Integer> seen = new ArrayList<>();

    @Test
    void everyoneIsVisitedOnceOnItsOwnLoop() {
        LoopRound.begin(List.of(1, 2, 3, 4, 5), this::owner, seen::add);
        assertThat(seen).as("before the loops ran").isEmpty();
        odd.runNext();
        assertThat(seen).containsExactly(1, 3, 5);
        even.runNext();
        assertThat(seen).containsExactly(1, 3, 5, 2, 4);
        assertThat(odd.tasks).isEmpty();
        assertThat(even.tasks).isEmpty();
    }

    @Test
    void aLoopRunsWhatElseIsQueuedBetweenTheParts() {
        List<Integer> all =
                IntStream.range(0, LoopRound.AT_A_TIME + 1).mapToObj(i -> 2 * i).toList();
        LoopRound.begin(all, this::owner, seen::add);
        even.execute(() -> seen.add(-1));
        even.runNext();
        assertThat(seen).hasSize(LoopRound.AT_A_TIME);
        even.runNext();
        assertThat(seen).endsWith(-1);
        even.runNext();
        assertThat(seen).endsWith(-1, all.getLast()).hasSize(all.size() + 1);
    }

    @Test
    void aVisitThatFailsEndsNoOther() {
        LoopRound.begin(
                List.of(2, 4, 6),
                this::owner,
                one -> {
                    if (one == 4) {
                        throw new IllegalStateException("planted");
                    }
                    seen.add(one);
                });
        even.runNext();
        assertThat(seen).containsExactly(2, 6);
    }

    private Loop owner(int number) {
        return number % 2 == 0 ? even : odd;
    }

    /** Runs a task when it is told to. */
    private static final class QueuedLoop implements Loop {
        private final Queue<Runnable> tasks = new ArrayDeque<>();

        @Override
        public boolean inLoop() {
            return true;
        }

        @Override
        public void execute(Runnable task) {
            tasks.add(task);
        }

        @Override
        public ScheduledTask schedule(Runnable task, long delayMs) {
            throw new UnsupportedOperationException("no time here");
        }

        void runNext() {
            tasks.remove().run();
        }
    }
}
