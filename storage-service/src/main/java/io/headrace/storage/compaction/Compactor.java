package io.headrace.storage.compaction;

import io.headrace.storage.file.Directories;
import io.headrace.storage.file.NoSpace;
import io.headrace.storage.recovery.SegmentSwap;

import org.apache.kafka.common.TopicIdPartition;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * The thread that compacts a node's logs, the dirtiest first, one at a time.
 *
 * <p>A log that cannot be cleaned (damaged bytes, a failing disk) is left out until the node
 * restarts, with a line in the node's log; the others go on.
 */
public final class Compactor implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Compactor.class);

    private final CompactionProperties properties;
    private final Supplier<? extends Collection<? extends CompactableLog>> logs;
    private final LongSupplier clockMs;
    private final CompactionCounters counters = new CompactionCounters();
    private final CountDownLatch stopping = new CountDownLatch(1);
    private final SegmentCleaner cleaner;
    private final Thread thread;

    /** By log directory. Confined to whoever calls {@link #cleanDirtiest}. */
    private final Map<Path, CleanerCheckpoint> checkpoints = new HashMap<>();

    private final Map<TopicIdPartition, Path> seen = new HashMap<>();
    private final Set<TopicIdPartition> uncleanable = new HashSet<>();

    private record Candidate(
            CompactableLog log,
            CompactionSettings settings,
            LogSummary summary,
            DirtyRange range,
            boolean overdue) {}

    /**
     * @param logs the logs that can be used now
     * @param clockMs the time of day in milliseconds
     */
    public Compactor(
            CompactionProperties properties,
            Supplier<? extends Collection<? extends CompactableLog>> logs,
            LongSupplier clockMs) {
        this.properties = properties;
        this.logs = logs;
        this.clockMs = clockMs;
        this.cleaner =
                new SegmentCleaner(
                        properties.maxDecompressedBytes(),
                        new Throttle(
                                properties.maxBytesPerSecond(), () -> stopping.getCount() == 0));
        this.thread = new Thread(this::run, "compaction");
        this.thread.setDaemon(true);
    }

    /** Starts the thread. */
    public void start() {
        thread.start();
    }

    public CompactionCounters counters() {
        return counters;
    }

    /** Ends the pass that runs, which leaves its log as it was but for groups already swapped. */
    @Override
    public void close() {
        stopping.countDown();
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        try {
            boolean worked = true;
            while (worked
                    ? stopping.getCount() > 0
                    : !stopping.await(properties.backoff().toNanos(), TimeUnit.NANOSECONDS)) {
                worked = cleanDirtiest();
            }
        } catch (InterruptedException e) {
            LOG.info("Compaction was interrupted and ends");
            Thread.currentThread().interrupt();
        } catch (Throttle.StoppedException e) {
            LOG.debug("Compaction ends in the middle of a pass");
        }
    }

    /**
     * Cleans the log that needs it most, on the calling thread: for those that do not {@link
     * #start}.
     *
     * @return false when none does
     */
    public boolean cleanDirtiest() throws InterruptedException {
        long nowMs = clockMs.getAsLong();
        Candidate dirtiest = null;
        double maxRatio = 0;
        Set<TopicIdPartition> present = new HashSet<>();
        for (CompactableLog log : logs.get()) {
            present.add(log.id());
            Candidate candidate = uncleanable.contains(log.id()) ? null : examine(log, nowMs);
            if (candidate == null) {
                continue;
            }
            double ratio = candidate.range.dirtyRatio();
            maxRatio = Math.max(maxRatio, ratio);
            boolean worthIt = candidate.overdue || ratio >= candidate.settings.minDirtyRatio();
            if (worthIt && (dirtiest == null || isBefore(candidate, dirtiest))) {
                dirtiest = candidate;
            }
        }
        counters.maxDirtyRatio = maxRatio;
        forgetAllBut(present);
        if (dirtiest == null || !dirtiest.log.beginRewrite()) {
            return false;
        }
        try {
            return clean(dirtiest, nowMs);
        } finally {
            dirtiest.log.endRewrite();
        }
    }

    private static boolean isBefore(Candidate a, Candidate b) {
        return a.overdue != b.overdue ? a.overdue : a.range.dirtyRatio() > b.range.dirtyRatio();
    }

    private @Nullable Candidate examine(CompactableLog log, long nowMs)
            throws InterruptedException {
        CompactionSettings settings = log.compaction();
        if (settings == null) {
            return null;
        }
        try {
            Path directory = log.directory();
            seen.put(log.id(), Directories.parentOf(directory));
            LogSummary summary = CompactionPass.await(log.summarize());
            DirtyRange range =
                    DirtyRange.of(
                            summary,
                            checkpointOf(log).firstDirtyOffset(log.id().topicPartition()),
                            settings.minCompactionLagMs(),
                            nowMs);
            if (range.isEmpty()) {
                return null;
            }
            boolean overdue = isOverdue(directory, summary, range, settings, nowMs);
            return new Candidate(log, settings, summary, range, overdue);
        } catch (NoSuchFileException e) {
            LOG.debug("Segments of {} went while it was examined", log.id(), e);
            return null;
        } catch (IOException | RuntimeException e) {
            if (!NoSpace.isCauseOf(e)) {
                onFailure(log, e);
            }
            return null;
        }
    }

    private static boolean isOverdue(
            Path directory,
            LogSummary summary,
            DirtyRange range,
            CompactionSettings settings,
            long nowMs)
            throws IOException {
        if (settings.maxCompactionLagMs() == Long.MAX_VALUE) {
            return false;
        }
        for (SegmentSummary segment : range.dirtySegments(summary)) {
            long first = SegmentCleaner.firstTimestampMs(directory, segment);
            if (first >= 0) {
                return nowMs - first > settings.maxCompactionLagMs();
            }
        }
        return false;
    }

    private boolean clean(Candidate candidate, long nowMs) throws InterruptedException {
        CompactableLog log = candidate.log;
        CompactionPass pass = new CompactionPass(log, candidate.settings, cleaner, properties);
        try {
            long cleanUpTo = pass.run(candidate.summary, candidate.range, nowMs);
            boolean changed = cleanUpTo > candidate.range.firstDirtyOffset();
            if (changed) {
                checkpointOf(log).put(log.id().topicPartition(), cleanUpTo);
                counters.passes.increment();
                LOG.info(
                        "Compacted {} from {} to {}: {} bytes became {}",
                        log.id(),
                        candidate.range.firstDirtyOffset(),
                        cleanUpTo,
                        pass.tally().bytesRead,
                        pass.tally().bytesWritten);
            }
            return changed;
        } catch (NoSuchFileException e) {
            LOG.info("Segments of {} went while it was compacted; will try again", log.id(), e);
            return false;
        } catch (Throttle.StoppedException e) {
            throw e;
        } catch (IOException | RuntimeException e) {
            if (NoSpace.isCauseOf(e)) {
                LOG.warn("No room to compact {}; will try again", log.id(), e);
                forgetUnfinished(candidate);
                return false;
            }
            onFailure(log, e);
            return true; // Another log may be waiting.
        } finally {
            counters.bytesRead.add(pass.tally().bytesRead);
            counters.bytesWritten.add(pass.tally().bytesWritten);
        }
    }

    /** Gives back the room that an unfinished pass took. */
    private static void forgetUnfinished(Candidate candidate) {
        for (SegmentSummary segment : candidate.summary.closed()) {
            try {
                SegmentSwap.deleteCleaned(candidate.log.directory(), segment.baseOffset());
            } catch (IOException e) {
                LOG.warn("Cannot remove what a pass left of {}", candidate.log.id(), e);
            }
        }
    }

    private void onFailure(CompactableLog log, Exception cause) {
        uncleanable.add(log.id());
        counters.failures.increment();
        counters.uncleanableCount = uncleanable.size();
        LOG.error(
                "Cannot compact {}: it keeps growing until its cause is mended and the node"
                        + " restarted; other partitions go on",
                log.id(),
                cause);
    }

    private CleanerCheckpoint checkpointOf(CompactableLog log) throws IOException {
        Path logDir = Directories.parentOf(log.directory());
        CleanerCheckpoint checkpoint = checkpoints.get(logDir);
        if (checkpoint == null) {
            checkpoint = CleanerCheckpoint.load(logDir);
            checkpoints.put(logDir, checkpoint);
        }
        return checkpoint;
    }

    private void forgetAllBut(Set<TopicIdPartition> present) {
        uncleanable.retainAll(present);
        counters.uncleanableCount = uncleanable.size();
        seen.entrySet()
                .removeIf(
                        entry -> {
                            if (present.contains(entry.getKey())) {
                                return false;
                            }
                            CleanerCheckpoint checkpoint = checkpoints.get(entry.getValue());
                            try {
                                if (checkpoint != null) {
                                    checkpoint.remove(entry.getKey().topicPartition());
                                }
                                return true;
                            } catch (IOException e) {
                                LOG.warn(
                                        "Cannot forget how far {} was compacted; will try again",
                                        entry.getKey(),
                                        e);
                                return false;
                            }
                        });
    }
}
