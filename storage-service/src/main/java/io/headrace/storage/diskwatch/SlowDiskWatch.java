package io.headrace.storage.diskwatch;

import org.apache.kafka.common.Uuid;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Looks at the flushes of all log directories now and then, on a thread of its own since a hanging
 * disk may hold any other, and tells of the slow ones as long as there are some.
 */
public final class SlowDiskWatch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(SlowDiskWatch.class);

    /** Looks from one telling to the next. */
    private static final int TELL_EVERY = 5;

    private final Supplier<Map<Uuid, FlushSample>> samples;
    private final Consumer<Set<Uuid>> tell;
    private final SlowDisks disks;
    private final Duration limit;
    private final ScheduledExecutorService thread =
            Executors.newSingleThreadScheduledExecutor(
                    Thread.ofPlatform().daemon().name("storage-disk-watch").factory());
    private Set<Uuid> known = Set.of();
    private int looksUntilTold;

    /**
     * @param samples what happened in each directory since it was last asked; never waits for disks
     * @param tell hears of the slow directories again and again, and once when none is left
     * @param limit a directory whose flushes take so long is slow
     */
    public SlowDiskWatch(
            Supplier<Map<Uuid, FlushSample>> samples, Consumer<Set<Uuid>> tell, Duration limit) {
        this.samples = samples;
        this.tell = tell;
        this.limit = limit;
        this.disks = new SlowDisks(limit.toMillis());
    }

    /**
     * Begins to look.
     *
     * @param after how long a disk must have been slow at least
     */
    public void start(Duration after) {
        Duration every = after.dividedBy(SlowDiskRule.BAD_LOOKS);
        thread.scheduleWithFixedDelay(
                this::look, every.toNanos(), every.toNanos(), TimeUnit.NANOSECONDS);
    }

    private void look() {
        try {
            Set<Uuid> slow = disks.look(samples.get());
            boolean isNews = !slow.equals(known);
            if (isNews) {
                LOG.warn(
                        "Log directories whose flushes take {} ms or more now: {}; before: {}",
                        limit.toMillis(),
                        slow,
                        known);
                known = slow;
            }
            looksUntilTold--;
            if (isNews || (!slow.isEmpty() && looksUntilTold <= 0)) {
                looksUntilTold = TELL_EVERY;
                tell.accept(slow);
            }
        } catch (RuntimeException e) {
            LOG.error("The log directories cannot be watched", e);
        }
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }
}
