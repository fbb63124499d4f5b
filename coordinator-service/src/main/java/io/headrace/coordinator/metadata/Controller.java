package io.headrace.coordinator.metadata;

import io.headrace.coordinator.cluster.Command;
import io.headrace.coordinator.cluster.ControllerState;
import io.headrace.coordinator.cluster.CoordinatorIdentity;
import io.headrace.coordinator.cluster.Decision;
import io.headrace.coordinator.cluster.EnsureInternalTopic;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.TopicImage;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.NotControllerException;
import org.apache.kafka.common.errors.UnknownServerException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;
import org.springframework.transaction.TransactionException;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * The controller of this process: one thread that owns the database, takes the role when it is
 * free, decides commands in the order they come, commits many in one transaction, then publishes
 * and answers. Everything public may be called from any thread and does not block.
 */
public final class Controller implements InternalTopics, AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Controller.class);
    private static final int QUEUE_CAPACITY = 20_000;

    private final ControllerOptions options;
    private final MetadataLog metadataLog = new MetadataLog();
    private final BlockingQueue<ControllerWork> queue = new ArrayBlockingQueue<>(QUEUE_CAPACITY);
    private final CompletableFuture<Void> ready = new CompletableFuture<>();
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private final Thread thread;
    private volatile @Nullable CoordinatorIdentity identity;
    private volatile boolean active;
    private volatile boolean stopping;

    /** A controller that refuses everything until it is started. */
    public Controller(ControllerOptions options) {
        this.options = options;
        this.thread = Thread.ofPlatform().name("controller").unstarted(this::run);
    }

    /**
     * Starts the thread; {@link #ready} says when it serves.
     *
     * @param self this coordinator's incarnation, told to the cluster at the take-over
     */
    public void start(CoordinatorIdentity self) {
        identity = self;
        thread.start();
    }

    /**
     * Completes when metadata is loaded for the first time; exceptionally when the database cannot
     * be used and waiting will not help.
     */
    public CompletableFuture<Void> ready() {
        return ready;
    }

    /** Completes when the thread has ended; exceptionally when it failed and nobody closed it. */
    public CompletableFuture<Void> ended() {
        return ended;
    }

    /** Whether this coordinator is the active controller, as far as it knows. */
    public boolean isActive() {
        return active;
    }

    public int controllerId() {
        return options.coordinatorId();
    }

    public MetadataLog metadataLog() {
        return metadataLog;
    }

    /**
     * Decides a command and commits it.
     *
     * @return the response after the commit; fails with the {@code ApiException} that refuses it,
     *     {@link NotControllerException} among them
     */
    public <R> CompletableFuture<R> submit(Command<R> command) {
        CompletableFuture<R> answer = new CompletableFuture<>();
        if (!active) {
            answer.completeExceptionally(notController());
        } else if (!queue.offer(new ControllerWork.Asked<>(command, answer))) {
            answer.completeExceptionally(
                    new NotControllerException("The controller has too much to do: try again"));
        }
        return answer;
    }

    /** Reads the state that later decisions will see, on the controller's thread. */
    public <R> CompletableFuture<R> submitRead(Function<ControllerState, R> read) {
        return submit((state, nowMs) -> Decision.answer(read.apply(state)));
    }

    /** Notes a node's poll of the metadata log: a sign of life, and what it has applied. */
    public void onPoll(int nodeId, long nodeEpoch, long appliedOffset) {
        long seenMs = nowMs();
        tell(state -> state.onPoll(nodeId, nodeEpoch, appliedOffset, seenMs));
    }

    /** Notes that the connection closed over which a node polled. */
    public void onDisconnect(int nodeId, long nodeEpoch) {
        tell(state -> state.onDisconnect(nodeId, nodeEpoch));
    }

    /** Notes that an incarnation is about to shut down. */
    public void onWantsShutDown(int nodeId, long nodeEpoch) {
        tell(state -> state.onWantsShutDown(nodeId, nodeEpoch));
    }

    /** Notes that the membership lost sight of a node. */
    public void onSuspicion(int nodeId, Uuid incarnationId) {
        tell(state -> state.onSuspicion(nodeId, incarnationId));
    }

    private void tell(Consumer<ControllerState> news) {
        if (active && !queue.offer(new ControllerWork.Told(news))) {
            log.debug("The controller's queue is full; a node's news are dropped");
        }
    }

    @Override
    public CompletableFuture<TopicImage> ensure(String name) {
        TopicImage known = metadataLog.image().topic(name);
        if (known != null) {
            return CompletableFuture.completedFuture(known);
        }
        return submit(new EnsureInternalTopic(name))
                .thenApply(
                        topicId -> {
                            TopicImage made = metadataLog.image().topic(topicId);
                            if (made == null) {
                                throw new UnknownServerException(
                                        "The topic " + name + " was deleted at once");
                            }
                            return made;
                        });
    }

    private NotControllerException notController() {
        return new NotControllerException(
                "Coordinator " + options.coordinatorId() + " is not the active controller");
    }

    private long nowMs() {
        return options.clock().getAsLong();
    }

    private void run() {
        try (Database database = options.database().get()) {
            database.migrate();
            SqlStore store = new SqlStore(database.dataSource());
            while (!stopping) {
                runRole(store);
            }
        } catch (RuntimeException e) {
            log.error("The controller stops: {}", e.getMessage(), e);
            stopping = true;
            ready.completeExceptionally(e);
            ended.completeExceptionally(e);
        } finally {
            active = false;
            refuseQueued();
            ended.complete(null);
        }
    }

    /** One turn as standby and then as active controller, until deposed. */
    private void runRole(SqlStore store) {
        try {
            ControllerRow seen = store.readController();
            if (seen == null) {
                store.foundCluster(options.newClusterId().get());
                return;
            }
            TakeOver takeOver =
                    store.takeOver(
                            seen,
                            options.coordinatorId(),
                            ControllerState.randomId(options.random()),
                            System.currentTimeMillis());
            if (takeOver == null) {
                return;
            }
            serve(store, takeOver);
        } catch (DeposedException e) {
            log.warn("{}", e.getMessage());
        } catch (DataAccessException | TransactionException e) {
            log.warn("The database is not usable now; trying again: {}", e.getMessage());
            pause(options.retryDelayMs());
        } finally {
            active = false;
            refuseQueued();
        }
    }

    private void serve(SqlStore store, TakeOver takeOver) {
        ControllerRow row = store.readController();
        if (row == null || row.controllerEpoch() != takeOver.controllerEpoch()) {
            throw new DeposedException("Deposed before loading");
        }
        MetadataImage image = store.loadImage(row);
        metadataLog.reset(image, lastRows(store, image.nextOffset()));
        ControllerState state =
                new ControllerState(image, options.rules(), options.random(), nowMs());
        ActiveController controller =
                new ActiveController(options, store, takeOver, state, metadataLog);
        controller.commitFirst(Objects.requireNonNull(identity));
        active = true;
        ready.complete(null);
        log.info(
                "Controller {} of cluster {} in epoch {} at offset {}",
                options.coordinatorId(),
                image.clusterId(),
                takeOver.controllerEpoch(),
                metadataLog.nextOffset());
        while (!stopping) {
            controller.turn(nextWork());
        }
        controller.close();
    }

    private static List<LogRow> lastRows(SqlStore store, long nextOffset) {
        long from = Math.max(0, nextOffset - MetadataLog.MAX_BATCHES);
        return store.readLog(from, MetadataLog.MAX_BATCHES);
    }

    private List<ControllerWork> nextWork() {
        List<ControllerWork> work = new ArrayList<>();
        try {
            ControllerWork first = queue.poll(options.tickMs(), TimeUnit.MILLISECONDS);
            if (first != null) {
                work.add(first);
                queue.drainTo(work, options.maxCommandsPerCommit() - 1);
            }
        } catch (InterruptedException e) {
            stopping = true;
        }
        return work;
    }

    private void refuseQueued() {
        List<ControllerWork> left = new ArrayList<>();
        queue.drainTo(left);
        for (ControllerWork work : left) {
            if (work instanceof ControllerWork.Asked<?> asked) {
                asked.answer().completeExceptionally(notController());
            }
        }
    }

    private void pause(long delayMs) {
        try {
            Thread.sleep(delayMs);
        } catch (InterruptedException e) {
            stopping = true;
        }
    }

    /** Ends after the commit under way, answers what waits, and closes the database in order. */
    @Override
    public void close() {
        stopping = true;
        active = false;
        ControllerWork wake = new ControllerWork.Told(state -> {});
        queue.offer(wake);
        try {
            if (thread.getState() != Thread.State.NEW && !thread.join(Duration.ofSeconds(10))) {
                log.warn("The controller's thread does not end; the database recovers at start");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
