package io.headrace.transport.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

class ShortTurnsTest {
    @Test
    void aThreadOfAFactoryHasShortTurnsAndItsMakerKeepsItsOwn() throws Exception {
        Duration before = ShortTurns.turn();
        assumeThat(before)
                .as("the turns of a thread are known: Linux from 6.12, its ordinary policy")
                .isNotNull()
                .isGreaterThan(Duration.ofNanos(100_000));
        assertThat(turnOf(task -> ShortTurns.of(Thread::new).newThread(task).start()))
                .isEqualTo(Duration.ofNanos(100_000));
        assertThat(ShortTurns.turn()).isEqualTo(before);
    }

    @Test
    void theLoopsHaveShortTurns() throws Exception {
        assumeThat(ShortTurns.turn()).isNotNull().isGreaterThan(Duration.ofNanos(100_000));
        try (LoopGroup loops = LoopGroup.start("short", 1)) {
            assertThat(turnOf(loops.at(0)::execute)).isEqualTo(Duration.ofNanos(100_000));
        }
    }

    private static @Nullable Duration turnOf(Consumer<Runnable> thread) throws Exception {
        CompletableFuture<@Nullable Duration> turn = new CompletableFuture<>();
        thread.accept(() -> turn.complete(ShortTurns.turn()));
        return turn.get(10, TimeUnit.SECONDS);
    }
}
