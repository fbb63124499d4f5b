package io.headrace.testkit.wait;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;

final class EventuallyTest {
    private static final Duration LIMIT = Duration.ofSeconds(10);
    private final AtomicInteger looks = new AtomicInteger();

    @Test
    void returnsWhenTheConditionHolds() {
        Eventually.until(LIMIT, () -> looks.incrementAndGet() == 4, "four looks");
        assertThat(looks).hasValue(4);
    }

    @Test
    void exceptionsAndErrorsCountAsNotYet() {
        Eventually.passes(
                LIMIT, () -> assertThat(looks.incrementAndGet()).isGreaterThan(3), "assertions");
        assertThat(looks).hasValue(4);
    }

    @Test
    void aWaitInVainSaysForWhatAndWhatWasSeenLast() {
        assertThatThrownBy(
                        () ->
                                Eventually.until(
                                        Duration.ofMillis(20),
                                        () -> "pale",
                                        "green"::equals,
                                        "a green light"))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("in vain for: a green light; last seen: pale");
        assertThatThrownBy(
                        () ->
                                Eventually.until(
                                        Duration.ofMillis(20),
                                        () -> {
                                            throw new IllegalStateException("no light");
                                        },
                                        "a light"))
                .hasMessageContaining("no light")
                .hasCauseInstanceOf(IllegalStateException.class);
    }
}
