package io.headrace.transport.loop;

import static org.assertj.core.api.Assertions.assertThat;

import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

import java.util.Random;

class SteadyClockTest {
    private static final long DAY_MS = 86_400_000;

    private long systemMs = 1_700_000_000_000L;
    private long nanos = 77;
    private final SteadyClock clock = new SteadyClock(() -> systemMs, () -> nanos);

    private void pass(long ms) {
        systemMs += ms;
        nanos += ms * 1_000_000;
    }

    /** Lets time pass while somebody looks at the clock now and then. */
    private void watch(long ms) {
        for (long left = ms; left > 0; left -= 100) {
            pass(Math.min(100, left));
            clock.getAsLong();
        }
    }

    @Test
    void itIsTheSystemsWhileThatDoesNotJump() {
        watch(3_600_000);
        assertThat(clock.getAsLong()).isCloseTo(systemMs, Offset.offset(1L));
    }

    @Test
    void aDayAheadForTenSecondsIsHalfASecondAndThenNothing() {
        long before = clock.getAsLong();
        systemMs += DAY_MS;
        watch(10_000);
        assertThat(clock.getAsLong() - before).isBetween(10_480L, 10_510L);
        systemMs -= DAY_MS;
        watch(20_000);
        assertThat(clock.getAsLong()).isCloseTo(systemMs, Offset.offset(10L));
    }

    @Test
    void aDayBackNeitherStopsItNorTurnsItBack() {
        long before = clock.getAsLong();
        systemMs -= DAY_MS;
        watch(10_000);
        assertThat(clock.getAsLong() - before).isBetween(9_490L, 9_520L);
    }

    @Test
    void aClockThatStaysAheadIsReached() {
        systemMs += 60_000;
        watch(20 * 60_000 + 30_000);
        assertThat(clock.getAsLong()).isCloseTo(systemMs, Offset.offset(10L));
    }

    @Test
    void itNeverGoesBackWhateverTheSystemSays() {
        long seed = Long.getLong("seed", new Random().nextLong());
        Random random = new Random(seed);
        long last = clock.getAsLong();
        for (int i = 0; i < 10_000; i++) {
            pass(random.nextInt(200));
            if (random.nextInt(10) == 0) {
                systemMs += random.nextLong(-DAY_MS, DAY_MS);
            }
            long now = clock.getAsLong();
            assertThat(now).as("seed %d", seed).isGreaterThanOrEqualTo(last);
            last = now;
        }
    }
}
