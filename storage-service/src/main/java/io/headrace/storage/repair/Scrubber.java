package io.headrace.storage.repair;

import org.apache.kafka.common.TopicIdPartition;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Reads every closed segment again and again, slowly, past the page cache, and has what is damaged
 * repaired: bits also rot where nobody reads. Its thread is its own.
 */
public final class Scrubber implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Scrubber.class);
    private static final long ANSWER_SECONDS = 60;
    private static final long SLICE_MS = 250;

    private final Supplier<Collection<TopicIdPartition>> all;
    private final Function<TopicIdPartition, @Nullable RepairableLog> logs;
    private final LogRepairer repairer;
    private final LongSupplier bytesPerSecond;
    private final Duration pause;
    private final CountDownLatch stopping = new CountDownLatch(1);
    private final Thread thread;
    private long owedNanos;

    /**
     * @param all the logs to read
     * @param bytesPerSecond how much to read at most, asked again and again; 0 for nothing now
     * @param pause between two rounds
     */
    public Scrubber(
            Supplier<Collection<TopicIdPartition>> all,
            Function<TopicIdPartition, @Nullable RepairableLog> logs,
            LogRepairer repairer,
            LongSupplier bytesPerSecond,
            Duration pause) {
        this.all = all;
        this.logs = logs;
        this.repairer = repairer;
        this.bytesPerSecond = bytesPerSecond;
        this.pause = pause;
        this.thread = Thread.ofPlatform().daemon().name("storage-scrub").unstarted(this::run);
    }

    public void start() {
        thread.start();
    }

    private void run() {
        try {
            while (!stopping.await(pause.toMillis(), TimeUnit.MILLISECONDS)) {
                for (TopicIdPartition id : List.copyOf(all.get())) {
                    scrub(id);
                }
                repairer.counters().scrubRounds.increment();
            }
        } catch (InterruptedException | StoppedException e) {
            LOG.debug("The scrub ends");
        }
    }

    private void scrub(TopicIdPartition id) throws InterruptedException {
        RepairableLog log = logs.apply(id);
        if (log == null) {
            return;
        }
        for (long baseOffset : log.closedBaseOffsets()) {
            try {
                var segment = log.closedSegment(baseOffset).get(ANSWER_SECONDS, TimeUnit.SECONDS);
                if (segment.isEmpty()) {
                    continue;
                }
                List<DamagedSpan> spans =
                        LogRepairer.audit(segment.get(), true, this::beforeReading);
                long start = segment.get().logStartOffset();
                if (spans.stream().anyMatch(span -> span.endOffset() > start)) {
                    LOG.error("{}: the scrub found damage: {}", id, spans);
                    var _ = repairer.repair(id, Math.max(start, baseOffset)).get();
                }
            } catch (NoSuchFileException e) {
                LOG.debug("A segment of {} went while it was scrubbed", id, e);
            } catch (IOException | ExecutionException | TimeoutException e) {
                LOG.error("Cannot scrub segment {} of {}", baseOffset, id, e);
            }
        }
    }

    /** Waits as long as the bytes may take at the rate of now. */
    private void beforeReading(long bytes) {
        repairer.counters().scrubbedBytes.add(bytes);
        long rate = bytesPerSecond.getAsLong();
        owedNanos += rate <= 0 ? 0 : (long) (bytes * 1e9 / rate);
        try {
            while (rate <= 0 || owedNanos >= TimeUnit.MILLISECONDS.toNanos(1)) {
                long sliceNanos = TimeUnit.MILLISECONDS.toNanos(SLICE_MS);
                long waitNanos = rate <= 0 ? sliceNanos : Math.min(owedNanos, sliceNanos);
                if (stopping.await(waitNanos, TimeUnit.NANOSECONDS)) {
                    throw new StoppedException();
                }
                owedNanos -= rate <= 0 ? 0 : waitNanos;
                rate = bytesPerSecond.getAsLong();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoppedException();
        }
    }

    /** The scrub shall end in the middle of a segment; nothing is wrong. */
    private static final class StoppedException extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    /** Ends it, also in the middle of a segment. */
    @Override
    public void close() {
        stopping.countDown();
        try {
            thread.join(ANSWER_SECONDS * 1_000);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
