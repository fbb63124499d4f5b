package io.headrace.storage.purgatory;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.util.concurrent.atomic.AtomicInteger;

class WaitersTest {
    @Test
    void whoWaitsForAnOffsetIsCalledOnceItIsReached() {
        OffsetWaiters<String> waiters = new OffsetWaiters<>(3);
        assertThat(waiters.add(10, 100, "b")).isTrue();
        assertThat(waiters.add(5, 100, "a")).isTrue();
        assertThat(waiters.add(10, 50, "c")).isTrue();
        assertThat(waiters.add(11, 100, "d")).as("bounded").isFalse();
        assertThat(waiters.reached(4)).isEmpty();
        assertThat(waiters.reached(9)).containsExactly("a");
        assertThat(waiters.expired(60)).containsExactly("c");
        assertThat(waiters.reached(10)).containsExactly("b");
        assertThat(waiters.size()).isZero();
    }

    @Test
    void aFetchWakesOnceEnoughBytesCameFromAnyPartition() {
        AtomicInteger woken = new AtomicInteger();
        ParkedFetch fetch = new ParkedFetch(100, woken::incrementAndGet);
        FetchWaiters one = new FetchWaiters(10);
        FetchWaiters other = new FetchWaiters(10);
        one.add(fetch, 1_000);
        other.add(fetch, 0);
        assertThat(one.grown(1_060)).isEmpty();
        assertThat(other.grown(40)).containsExactly(fetch);
        fetch.wake();
        fetch.wake();
        assertThat(woken).hasValue(1);
        assertThat(one.drain()).containsExactly(fetch);
    }
}
