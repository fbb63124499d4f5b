package io.headrace.storage.sharefetch;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.storage.purgatory.ParkedFetch;

import org.junit.jupiter.api.Test;

class ShareWaitersTest {
    private final ShareWaiters waiters = new ShareWaiters(3);

    private static ParkedFetch fetch() {
        return new ParkedFetch(1, () -> {});
    }

    @Test
    void theOneThatWaitsLongestIsNext() {
        ParkedFetch first = fetch();
        ParkedFetch second = fetch();
        waiters.add(first, 4);
        waiters.add(second, 5);
        assertThat(waiters.next(6)).isSameAs(first);
        assertThat(waiters.next(6)).isSameAs(second);
        assertThat(waiters.next(6)).isNull();
        assertThat(waiters.isEmpty()).isTrue();
    }

    /** Else two fetches for which there is too little would wake each other for ever. */
    @Test
    void whoHasLookedAtAChangeIsNotWokenForItAgain() {
        ParkedFetch first = fetch();
        ParkedFetch second = fetch();
        waiters.add(first, 4);
        waiters.add(second, 4);
        assertThat(waiters.next(5)).isSameAs(first);
        waiters.add(first, 5);
        assertThat(waiters.next(5)).isSameAs(second);
        waiters.add(second, 5);
        assertThat(waiters.next(5)).isNull();
        assertThat(waiters.next(6)).isSameAs(first);
    }

    @Test
    void whoWasWokenByAnotherPartitionIsPassedOver() {
        ParkedFetch woken = fetch();
        ParkedFetch gone = fetch();
        ParkedFetch waiting = fetch();
        waiters.add(woken, 4);
        waiters.add(gone, 4);
        waiters.add(waiting, 4);
        woken.wake();
        waiters.remove(gone);
        assertThat(waiters.next(5)).isSameAs(waiting);
    }

    @Test
    void noMoreWaitThanMay() {
        for (int i = 0; i < 3; i++) {
            assertThat(waiters.add(fetch(), 0)).isTrue();
        }
        assertThat(waiters.add(fetch(), 0)).isFalse();
        assertThat(waiters.drain()).hasSize(3);
        assertThat(waiters.isEmpty()).isTrue();
    }
}
