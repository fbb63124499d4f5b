package io.headrace.storage.forward;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.net.InetSocketAddress;
import java.util.List;

/** How the active controller is found among several coordinators. */
class ControllerSearchTest {
    private static final InetSocketAddress A = InetSocketAddress.createUnresolved("a", 1);
    private static final InetSocketAddress B = InetSocketAddress.createUnresolved("b", 1);
    private static final InetSocketAddress C = InetSocketAddress.createUnresolved("c", 1);
    private static final List<InetSocketAddress> ALL = List.of(A, B, C);

    private final ControllerSearch search = new ControllerSearch();

    @Test
    void theMostLikelyIsAskedFirst() {
        assertThat(search.choose(ALL, 0)).isEqualTo(A);
    }

    @Test
    void oneThatIsNamedIsAskedNext() {
        search.onNotController(A, C, 0);
        assertThat(search.choose(ALL, 0)).isEqualTo(C);
        assertThat(search.choose(ALL, 10_000)).isEqualTo(C);
    }

    @Test
    void oneThatNamesTheDeadIsNotBelieved() {
        search.onFailed(A, 0);
        assertThat(search.choose(ALL, 0)).isEqualTo(B);
        search.onNotController(B, A, 10);
        assertThat(search.choose(ALL, 10)).isEqualTo(C);
        search.onNotController(C, A, 20);
        // All are paused: B, which only refused, is due again before A, which is dead.
        assertThat(search.choose(ALL, 30)).isEqualTo(B);
        assertThat(search.choose(ALL, 300)).isEqualTo(B);
    }

    @Test
    void aDeadOneIsTriedLessAndLessOften() {
        int tries = 0;
        for (long nowMs = 0; nowMs < 60_000; nowMs += 50) {
            InetSocketAddress chosen = search.choose(ALL, nowMs);
            if (chosen.equals(A)) {
                tries++;
                search.onFailed(A, nowMs);
            }
        }
        assertThat(tries).isBetween(5, 15);
    }

    @Test
    void theOnlyOneIsAskedWhateverItSaid() {
        search.onFailed(A, 0);
        assertThat(search.choose(List.of(A), 0)).isEqualTo(A);
    }

    @Test
    void whatTheMetadataSaysCounts() {
        search.onFailed(B, 0);
        search.onControllerChanged(B);
        assertThat(search.choose(ALL, 0)).isEqualTo(B);
    }
}
