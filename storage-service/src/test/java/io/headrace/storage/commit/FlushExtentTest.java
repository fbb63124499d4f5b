package io.headrace.storage.commit;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.util.concurrent.atomic.AtomicLong;

class FlushExtentTest {
    private final AtomicLong logEndOffset = new AtomicLong(10);
    private final FlushExtent extent = new FlushExtent(logEndOffset::get);

    @Test
    void growsUntilItBegins() {
        logEndOffset.set(20);
        assertThat(extent.isOpen()).isTrue();
        assertThat(extent.begin()).isEqualTo(20);
        logEndOffset.set(30);
        assertThat(extent.isOpen()).isFalse();
        assertThat(extent.offset()).isEqualTo(20);
        assertThat(extent.covers(20)).isTrue();
        assertThat(extent.covers(21)).isFalse();
    }

    @Test
    void endsAtARollBecauseTheNextFileIsNotInIt() {
        extent.limitTo(15);
        logEndOffset.set(40);
        assertThat(extent.isOpen()).isFalse();
        assertThat(extent.begin()).isEqualTo(15);
    }

    @Test
    void noAppendIsLeftOutByBothSides() throws InterruptedException {
        for (int i = 0; i < 2_000; i++) {
            AtomicLong end = new AtomicLong(1);
            FlushExtent one = new FlushExtent(end::get);
            Thread commit = Thread.ofPlatform().start(one::begin);
            end.set(2);
            boolean isIncluded = one.isOpen();
            commit.join();
            assertThat(one.covers(2) || !isIncluded).as("round %d", i).isTrue();
        }
    }
}
