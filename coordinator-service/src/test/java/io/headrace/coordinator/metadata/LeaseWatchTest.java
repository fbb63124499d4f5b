package io.headrace.coordinator.metadata;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** When a holder that shows no sign of life is taken for dead. */
class LeaseWatchTest {
    private final LeaseWatch watch = new LeaseWatch(1_500, 500);

    @Test
    void oneThatChangesIsAlive() {
        for (long nowMs = 0; nowMs < 10_000; nowMs += 100) {
            watch.observe(nowMs / 300, nowMs);
            assertThat(watch.isExpired(false)).isFalse();
            assertThat(watch.isExpired(true)).isFalse();
        }
    }

    @Test
    void oneThatStaysTheSameForTheLeaseIsNot() {
        watch.observe("a", 1_000);
        watch.observe("a", 2_499);
        assertThat(watch.isExpired(false)).isFalse();
        watch.observe("a", 2_500);
        assertThat(watch.isExpired(false)).isTrue();
    }

    @Test
    void aReportThatItIsGoneShortensTheWaitAndIsNotEnough() {
        watch.observe("a", 1_000);
        assertThat(watch.isExpired(true)).isFalse();
        watch.observe("a", 1_499);
        assertThat(watch.isExpired(true)).isFalse();
        watch.observe("a", 1_500);
        assertThat(watch.isExpired(true)).isTrue();
        assertThat(watch.isExpired(false)).isFalse();
    }

    @Test
    void timeInWhichNothingWasReadCountsAgainstNobody() {
        watch.observe("a", 1_000);
        watch.restart();
        assertThat(watch.isExpired(true)).isFalse();
        watch.observe("a", 60_000);
        assertThat(watch.isExpired(false)).isFalse();
        watch.observe("a", 61_500);
        assertThat(watch.isExpired(false)).isTrue();
    }

    @Test
    void nothingIsConcludedBeforeTheFirstRead() {
        assertThat(watch.isExpired(true)).isFalse();
    }
}
