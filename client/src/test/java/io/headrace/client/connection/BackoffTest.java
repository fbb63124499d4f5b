package io.headrace.client.connection;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.testkit.random.Seeded;

import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.util.random.RandomGenerator;

class BackoffTest {
    private final Backoff backoff = new Backoff(Duration.ofMillis(100), Duration.ofSeconds(1));

    @Test
    void doublesUpToTheLongest() {
        double middle = 0.5;
        assertThat(backoff.delayMs(1, middle)).isEqualTo(100);
        assertThat(backoff.delayMs(2, middle)).isEqualTo(200);
        assertThat(backoff.delayMs(4, middle)).isEqualTo(800);
        assertThat(backoff.delayMs(5, middle)).isEqualTo(1000);
        assertThat(backoff.delayMs(Integer.MAX_VALUE, middle)).isEqualTo(1000);
        assertThat(backoff.delayMs(0, middle)).isEqualTo(100);
    }

    @Seeded(runs = 3)
    void differsByAFifthAtMost(RandomGenerator random) {
        for (int i = 0; i < 1000; i++) {
            assertThat(backoff.delayMs(3, random.nextDouble())).isBetween(320L, 480L);
        }
    }
}
