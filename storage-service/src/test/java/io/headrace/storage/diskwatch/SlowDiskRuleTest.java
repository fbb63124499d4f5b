package io.headrace.storage.diskwatch;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.testkit.random.Seeded;

import org.apache.kafka.common.Uuid;
import org.junit.jupiter.api.Test;

import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;

/** Goal: a disk is called slow when it is, not for a bad moment, and not by turns. */
class SlowDiskRuleTest {
    private static final long LIMIT_MS = 2_000;
    private static final long LOOK_MS = 1_000;

    private final SlowDiskRule rule = new SlowDiskRule(LIMIT_MS);
    private long nowNanos = 7;
    private final FlushTimes times = new FlushTimes(() -> nowNanos);

    /** A disk on a clock of its own: a flush at a time, pauses between, looks every second. */
    private final class Disk {
        private long nextLookMs = LOOK_MS;
        private long nowMs;
        private boolean slow;
        private int changes;

        void flush(long tookMs) {
            times.onBegun();
            pass(tookMs);
            times.onEnded();
        }

        void pass(long ms) {
            long endMs = nowMs + ms;
            while (nextLookMs <= endMs) {
                to(nextLookMs);
                boolean now = rule.look(times.take());
                changes += now == slow ? 0 : 1;
                slow = now;
                nextLookMs += LOOK_MS;
            }
            to(endMs);
        }

        private void to(long ms) {
            nowNanos += TimeUnit.MILLISECONDS.toNanos(ms - nowMs);
            nowMs = ms;
        }
    }

    private final Disk disk = new Disk();

    @Test
    void aFlushThatHangsMakesADiskSlowWhileItHangs() {
        disk.flush(5);
        times.onBegun();
        disk.pass(LIMIT_MS + (SlowDiskRule.BAD_LOOKS - 1) * LOOK_MS - 1);
        assertThat(disk.slow).isFalse();
        disk.pass(LOOK_MS + 1);
        assertThat(disk.slow).isTrue();
    }

    @Test
    void aDiskThatIsNeverAskedIsNotSlow() {
        disk.pass(1_000_000);
        assertThat(disk.slow).isFalse();
    }

    /** One bad flush an hour is no slow disk, however many hours pass. */
    @Test
    void whatWasLongAgoIsForgotten() {
        for (int hour = 0; hour < 50; hour++) {
            disk.flush(2 * LIMIT_MS);
            disk.pass(3_600_000);
        }
        assertThat(disk.slow).isFalse();
    }

    @Seeded
    void aQuickDiskIsNeverCalledSlow(RandomGenerator random) {
        for (int i = 0; i < 2_000; i++) {
            disk.flush(i % 100 == 0 ? LIMIT_MS * 2 : random.nextLong(LIMIT_MS / 2));
            disk.pass(random.nextLong(500));
            assertThat(disk.slow).isFalse();
        }
    }

    @Seeded
    void aSlowDiskIsFoundSoonAndOnce(RandomGenerator random) {
        for (int i = 0; i < 50; i++) {
            disk.flush(random.nextLong(LIMIT_MS / 2));
        }
        long beganMs = disk.nowMs;
        while (!disk.slow) {
            disk.flush(LIMIT_MS + random.nextLong(10 * LIMIT_MS));
            disk.pass(random.nextLong(500));
            assertThat(disk.nowMs - beganMs).isLessThan(60_000);
        }
        for (int i = 0; i < 500; i++) {
            disk.flush(LIMIT_MS + random.nextLong(10 * LIMIT_MS));
        }
        assertThat(disk.changes).isEqualTo(1);
    }

    /** As a disk does that serves someone else now and then. */
    @Seeded
    void aDiskThatIsSlowByTurnsStaysSlow(RandomGenerator random) {
        while (!disk.slow) {
            disk.flush(2 * LIMIT_MS);
        }
        for (int turn = 0; turn < 100; turn++) {
            long quickMs = random.nextLong((SlowDiskRule.GOOD_LOOKS - 6) * LOOK_MS);
            long untilMs = disk.nowMs + quickMs;
            while (disk.nowMs < untilMs) {
                disk.flush(1 + random.nextLong(LIMIT_MS / 4));
            }
            disk.flush(LIMIT_MS);
        }
        assertThat(disk.changes).isEqualTo(1);
    }

    @Seeded
    void aDiskThatRecoveredIsCalledSo(RandomGenerator random) {
        while (!disk.slow) {
            disk.flush(2 * LIMIT_MS);
        }
        long beganMs = disk.nowMs;
        while (disk.slow) {
            disk.flush(random.nextLong(LIMIT_MS / 4));
            disk.pass(random.nextLong(3_000));
            assertThat(disk.nowMs - beganMs).isLessThan(90_000);
        }
        assertThat(disk.nowMs - beganMs).isGreaterThan(55_000);
    }

    @Test
    void eachDirectoryIsJudgedByItself() {
        SlowDisks disks = new SlowDisks(LIMIT_MS);
        Uuid slow = new Uuid(1, 1);
        Uuid quick = new Uuid(1, 2);
        Map<Uuid, FlushSample> looks =
                Map.of(
                        slow, new FlushSample(1, LIMIT_MS, 0),
                        quick, new FlushSample(3, LIMIT_MS, 0));
        for (int i = 1; i < SlowDiskRule.BAD_LOOKS; i++) {
            assertThat(disks.look(looks)).isEmpty();
        }
        assertThat(disks.look(looks)).containsExactly(slow);
        assertThat(disks.look(Map.of(quick, FlushSample.IDLE))).as("it failed").isEmpty();
    }
}
