package io.headrace.gateway.fanout;

import io.headrace.client.error.DeadlineExceededException;
import io.headrace.client.error.HeadraceException;

import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * Feeds many readers from one fetch per partition.
 *
 * <p>Readers at the end of a partition's log share its {@link PartitionFeed}: the recent records in
 * memory and the one long-polling fetch behind them. A reader elsewhere reads the log with fetches
 * of its own until it reaches what the feed keeps. Nothing is queued for a reader: it comes when it
 * has room, so a slow one costs nothing but its own later fetches.
 *
 * <p>Feeds and readers are confined to one thread, the executor given.
 */
public final class Fanout implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Fanout.class);

    private static final int TASKS_AT_A_TIME = 256;

    private final PartitionLog log;
    private final FanoutOptions options;
    private final FanoutMetrics metrics;
    private final ScheduledExecutorService loop;
    private final Map<TopicPartition, PartitionFeed> feeds = new HashMap<>();
    private final SharedDeliveries sharedDeliveries = new SharedDeliveries();
    private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    private final AtomicInteger waiting = new AtomicInteger();
    private final Map<Long, List<Runnable>> ticks = new HashMap<>();
    private long keptBytes;
    private boolean sweeping;
    private volatile int feedCount;
    private volatile long keptBytesSeen;

    /**
     * @param loop one thread, on which all of this runs; closed by who made it
     */
    public Fanout(
            PartitionLog log,
            FanoutOptions options,
            FanoutMetrics metrics,
            ScheduledExecutorService loop) {
        this.log = log;
        this.options = options;
        this.metrics = metrics;
        this.loop = loop;
    }

    /** A reader of these partitions from these offsets on. It must be closed. */
    public FanoutReader open(Map<TopicPartition, Long> offsets) {
        return new FanoutReader(this, new LinkedHashMap<>(offsets));
    }

    /** Partitions with a feed now. */
    public int feedCount() {
        return feedCount;
    }

    /** Bytes of recent records kept now. */
    public long keptBytes() {
        return keptBytesSeen;
    }

    @Override
    public void close() {
        execute(() -> List.copyOf(feeds.values()).forEach(this::drop));
    }

    FanoutOptions options() {
        return options;
    }

    FanoutMetrics metrics() {
        return metrics;
    }

    long nowMs() {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime());
    }

    /** Runs on the fan-out's thread, later; not at all once that has ended. */
    void execute(Runnable task) {
        tasks.add(task);
        if (waiting.getAndIncrement() == 0) {
            runTasks();
        }
    }

    /** One task of the loop for many of ours: its own queue is sorted by time, which costs. */
    private void runTasks() {
        try {
            loop.execute(this::runSome);
        } catch (RejectedExecutionException e) {
            LOG.debug("The fan-out has ended", e);
        }
    }

    /** Runs what waits, but not so much that timers come late. */
    private void runSome() {
        int run = 0;
        for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
            guarded(task).run();
            if (++run == TASKS_AT_A_TIME) {
                break;
            }
        }
        if (waiting.addAndGet(-run) > 0) {
            runTasks();
        }
    }

    void schedule(Runnable task, long delayMs) {
        try {
            loop.schedule(guarded(task), delayMs, TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            LOG.debug("The fan-out has ended", e);
        }
    }

    /**
     * Runs a task at the next multiple of a period, one after the other with all that are due then.
     *
     * @return when that is, by {@link #nowMs}
     */
    long atTick(long periodMs, Runnable task) {
        long nowMs = nowMs();
        long tickMs = (Math.floorDiv(nowMs, periodMs) + 1) * periodMs;
        List<Runnable> due = ticks.get(tickMs);
        if (due == null) {
            due = new ArrayList<>();
            ticks.put(tickMs, due);
            schedule(() -> tick(tickMs), tickMs - nowMs);
        }
        due.add(guarded(task));
        return tickMs;
    }

    private void tick(long tickMs) {
        List<Runnable> due = ticks.remove(tickMs);
        if (due != null) {
            due.forEach(Runnable::run);
        }
    }

    SharedDeliveries sharedDeliveries() {
        return sharedDeliveries;
    }

    private static Runnable guarded(Runnable task) {
        return () -> {
            try {
                task.run();
            } catch (RuntimeException e) {
                LOG.error("A step of the fan-out failed", e);
            }
        };
    }

    /** Reads the log; answers on the fan-out's thread, once. */
    void read(
            TopicPartition partition,
            long offset,
            Duration maxWait,
            Consumer<LogSlice> onSlice,
            Consumer<RuntimeException> onError) {
        log.read(partition, offset, options.fetchBytes(), maxWait)
                .subscribe(
                        slice -> execute(() -> onSlice.accept(slice)),
                        error -> execute(() -> onError.accept(runtime(error))));
    }

    void bounds(
            TopicPartition partition,
            Consumer<PartitionLog.Bounds> onBounds,
            Consumer<RuntimeException> onError) {
        log.bounds(partition)
                .subscribe(
                        bounds -> execute(() -> onBounds.accept(bounds)),
                        error -> execute(() -> onError.accept(runtime(error))));
    }

    @Nullable PartitionFeed feed(TopicPartition partition) {
        return feeds.get(partition);
    }

    /** The feed of a partition, begun at that offset if it is not running. */
    PartitionFeed feedFrom(TopicPartition partition, long offset) {
        PartitionFeed feed =
                feeds.computeIfAbsent(partition, p -> new PartitionFeed(p, this, offset));
        feedCount = feeds.size();
        sweepLater();
        return feed;
    }

    void drop(PartitionFeed feed) {
        if (feeds.remove(feed.partition(), feed)) {
            feed.close();
            sharedDeliveries.clear();
            feedCount = feeds.size();
        }
    }

    /** Accounts for kept records, and gives back the oldest when there are too many. */
    void onKept(long bytes) {
        keptBytes += bytes;
        sharedDeliveries.onContentsChanged();
        if (bytes > 0 && keptBytes > options.totalBytes()) {
            for (PartitionFeed feed : feeds.values()) {
                while (keptBytes > options.totalBytes() && feed.evictOldest()) {
                    // Each call takes one piece out.
                }
            }
        }
        keptBytesSeen = keptBytes;
    }

    private void sweepLater() {
        if (!sweeping) {
            sweeping = true;
            schedule(this::sweep, Math.max(1, options.linger().toMillis() / 2));
        }
    }

    private void sweep() {
        sweeping = false;
        long nowMs = nowMs();
        for (PartitionFeed feed : new ArrayList<>(feeds.values())) {
            if (feed.isIdle(nowMs, options.linger().toMillis())) {
                drop(feed);
            }
        }
        if (!feeds.isEmpty()) {
            sweepLater();
        }
    }

    long backoffMs(int failures) {
        long first = options.backoff().toMillis();
        return Math.min(first << Math.min(failures - 1, 16), options.backoffMax().toMillis());
    }

    /** The cluster's error; when time ran out with one, that one. */
    static Errors errorOf(Throwable error) {
        if (error instanceof DeadlineExceededException e
                && e.getCause() instanceof HeadraceException last) {
            return last.error();
        }
        return error instanceof HeadraceException e ? e.error() : Errors.UNKNOWN_SERVER_ERROR;
    }

    /** Whether reading failed because there is no such topic or partition. */
    public static boolean isUnknownTopic(Throwable error) {
        Errors known = errorOf(error);
        return known == Errors.UNKNOWN_TOPIC_OR_PARTITION || known == Errors.UNKNOWN_TOPIC_ID;
    }

    /** Whether reading on may succeed later. */
    public static boolean isRetriable(Throwable error) {
        return error instanceof HeadraceException e && e.retriable() && !isUnknownTopic(error);
    }

    private static RuntimeException runtime(Throwable error) {
        return error instanceof RuntimeException e ? e : new IllegalStateException(error);
    }
}
