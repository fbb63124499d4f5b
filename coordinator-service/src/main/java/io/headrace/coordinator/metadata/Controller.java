package io.headrace.coordinator.metadata;

import io.headrace.coordinator.cluster.Command;
import io.headrace.coordinator.cluster.ControllerState;
import io.headrace.coordinator.cluster.CoordinatorIdentity;
import io.headrace.coordinator.cluster.Decision;
import io.headrace.coordinator.cluster.LoadReport;
import io.headrace.coordinator.cluster.LogEndReport;
import io.headrace.coordinator.cluster.SlowDisks;
import io.headrace.coordinator.cluster.topic.EnsureInternalTopic;
import io.headrace.protocol.metadata.TopicImage;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.NotControllerException;
import org.apache.kafka.common.errors.UnknownServerException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.ObjLongConsumer;

/**
 * The controller of this process: one thread that owns the database. Without the role it is a
 * standby that follows the metadata in SQL; it takes the role when it is free; with it, it decides
 * commands in the order they come, commits many in one transaction, then publishes and answers.
 * Everything public may be called from any thread and does not block.
 */
public final class Controller implements InternalTopics, AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Controller.class);
    private static final int QUEUE_CAPACITY = 20_000;

    private final ControllerOptions options;
    private final MetadataLog metadataLog = new MetadataLog();
    private final LongAdder uncleanElections = new LongAdder();
    private final BlockingQueue<ControllerWork> queue = new ArrayBlockingQueue<>(QUEUE_CAPACITY);
    private final CompletableFuture<Void> ready = new CompletableFuture<>();
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private final Thread thread;
    private final NodeNews nodeNews = new NodeNews();

    /** The incarnations of coordinators that the membership reports gone, by coordinator id. */
    private final Map<Integer, String> suspected = new ConcurrentHashMap<>();

    /** The storage nodes that the membership shows. */
    private final Map<Integer, Uuid> seenNodes = new ConcurrentHashMap<>();

    private volatile @Nullable CoordinatorIdentity identity;
    private volatile BooleanSupplier warmUp = () -> true;
    private @Nullable ControllerDuty stepped;
    private volatile boolean active;
    private volatile boolean stopping;
    private final Leave leave = new Leave();
    private final Naps naps = new Naps();
    private String toldReason = "";
    private volatile boolean exclusive;
    private volatile long heardMs;

    /** A controller that refuses everything until it is started. */
    public Controller(ControllerOptions options) {
        this.options = options;
        this.thread = Thread.ofPlatform().name("controller").unstarted(this::run);
    }

    /**
     * Starts the thread; {@link #ready} says when it serves.
     *
     * @param self this coordinator's incarnation, told to the cluster at the take-over
     * @param isWarm whether shards can be served soon; asked on the thread once the metadata is
     *     known, until it is so
     */
    public void start(CoordinatorIdentity self, BooleanSupplier isWarm) {
        identity = self;
        warmUp = isWarm;
        thread.start();
    }

    /**
     * Completes when metadata is loaded for the first time, by the active controller or a standby;
     * exceptionally when the database cannot be used and waiting will not help.
     */
    public CompletableFuture<Void> ready() {
        return ready;
    }

    /** Completes when the thread has ended; exceptionally when it failed and nobody closed it. */
    public CompletableFuture<Void> ended() {
        return ended;
    }

    /** How many leaders were elected here though they may lack acknowledged records. */
    public long uncleanElections() {
        return uncleanElections.sum();
    }

    /** Whether this coordinator is the active controller, as far as it knows. */
    public boolean isActive() {
        return active;
    }

    /**
     * Whether this coordinator has heard from the database lately enough to speak for it. A
     * database that no other process can open is always heard.
     */
    public boolean isFresh() {
        return ready.isDone() && (exclusive || nowMs() - heardMs < options.times().freshMs());
    }

    /** The clock of {@link #hasHeardSince}, in ms. */
    public long clockMs() {
        return nowMs();
    }

    /**
     * Whether this coordinator's metadata holds everything that was committed before that moment:
     * it has read the database since.
     */
    public boolean hasHeardSince(long momentMs) {
        return ready.isDone() && (exclusive || heardMs >= momentMs);
    }

    /** Whether this coordinator may decide now, as far as it knows. */
    public boolean mayDecide() {
        return active && isFresh();
    }

    /** Asks SQL whether this coordinator has the role still; false when it cannot be asked. */
    public CompletableFuture<Boolean> confirm() {
        CompletableFuture<Boolean> answer = new CompletableFuture<>();
        if (!active || !queue.offer(new ControllerWork.Confirm(answer))) {
            answer.complete(false);
        }
        return answer;
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
        if (!mayDecide()) {
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
        if (active && nodeNews.onPoll(nodeId, nodeEpoch, appliedOffset, nowMs())) {
            wake();
        }
    }

    /** Notes that the connection closed over which a node polled. */
    public void onDisconnect(int nodeId, long nodeEpoch) {
        if (active && nodeNews.onDisconnect(nodeId, nodeEpoch)) {
            wake();
        }
    }

    /** Notes that an incarnation is about to shut down. */
    public void onWantsShutDown(int nodeId, long nodeEpoch) {
        tell(state -> state.onWantsShutDown(nodeId, nodeEpoch));
    }

    /** Notes how much the leaders on a node append. */
    public void onLoad(LoadReport report) {
        tell(state -> state.onLoad(report, nowMs()));
    }

    /** Notes what a node says of its disks, and what was done about it. */
    public void onSlowDisks(ObjLongConsumer<SlowDisks> news) {
        tell(state -> news.accept(state.slowDisks(), nowMs()));
    }

    /** Notes where logs of a node end that may lead as a last resort. */
    public void onLogEnds(LogEndReport report) {
        tell(state -> state.onLogEnds(report));
    }

    /** Notes whether the membership sees a storage node. */
    public void onNodeSeen(int nodeId, Uuid incarnationId, boolean seen) {
        if (seen) {
            seenNodes.put(nodeId, incarnationId);
        } else {
            seenNodes.remove(nodeId, incarnationId);
        }
        tell(
                state -> {
                    if (seen) {
                        state.onTrust(nodeId, incarnationId);
                    } else {
                        state.onSuspicion(nodeId, incarnationId);
                    }
                });
    }

    /** Notes whether the membership sees a coordinator. */
    public void onCoordinatorSeen(int coordinatorId, Uuid incarnationId, boolean seen) {
        if (seen) {
            suspected.remove(coordinatorId, incarnationId.toString());
        } else {
            suspected.put(coordinatorId, incarnationId.toString());
        }
    }

    private boolean isSuspected(int coordinatorId, String incarnationId) {
        return incarnationId.equals(suspected.get(coordinatorId));
    }

    /** Each turn asks for nodes' news itself: if this is dropped, they wait for a tick at most. */
    private void wake() {
        queue.offer(new ControllerWork.Told(state -> {}));
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
        try {
            while (!stopping) {
                try (Database database = options.database().get()) {
                    exclusive = database.isExclusive();
                    runOn(database);
                }
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

    /** All turns on a database that can be used; else a pause, after which it is opened anew. */
    private void runOn(Database database) {
        SqlStore store = prepare(database);
        if (store == null) {
            pause(options.times().retryDelayMs());
            return;
        }
        ControllerDuty duty = duty(store);
        while (!stopping) {
            leave.proceed(duty);
            pause(duty.hasRole() ? turn(duty, nextWork()) : duty.standBy());
        }
        duty.end();
    }

    private ControllerDuty duty(MetadataStore store) {
        return new ControllerDuty(
                options,
                Objects.requireNonNull(identity),
                store,
                exclusive,
                metadataLog,
                this::isSuspected,
                seenNodes::size,
                warmUp,
                uncleanElections,
                new Fortune());
    }

    /** What the thread's work means for those who ask this controller. */
    private final class Fortune implements ControllerDuty.Listener {
        @Override
        public void onHeard(long nowMs) {
            heardMs = nowMs;
        }

        @Override
        public void onLoaded() {
            ready.complete(null);
        }

        @Override
        public void onActive() {
            nodeNews.clear();
            active = true;
        }

        @Override
        public void onStandby() {
            active = false;
            refuseQueued();
        }
    }

    /** As {@link #start}, but without a thread: who calls {@link #step} again and again works. */
    void startStepped(CoordinatorIdentity self, BooleanSupplier isWarm, MetadataStore store) {
        identity = self;
        warmUp = isWarm;
        stepped = duty(store);
    }

    /** Does what is at hand; answers how long to wait until the next step at most, in ms. */
    long step() {
        ControllerDuty duty = Objects.requireNonNull(stepped);
        if (stopping) {
            duty.end();
            refuseQueued();
            ended.complete(null);
            return 0;
        }
        naps.begin();
        leave.proceed(duty);
        if (!duty.hasRole()) {
            return duty.standBy();
        }
        List<ControllerWork> work = new ArrayList<>();
        queue.drainTo(work, options.maxCommandsPerCommit());
        long pauseMs = turn(duty, work);
        return duty.hasRole() ? options.times().tickMs() : pauseMs;
    }

    /** Whether something waits for the next step. */
    boolean hasWork() {
        return !queue.isEmpty() || naps.isInterrupted();
    }

    /**
     * The database at its newest version, or null if it cannot be used yet. An embedded one can be
     * used or never will be.
     */
    private @Nullable SqlStore prepare(Database database) {
        try {
            database.migrate();
            return new SqlStore(database.dataSource());
        } catch (RuntimeException e) {
            if (database.isExclusive() || !Database.mayBeMended(e)) {
                throw e;
            }
            String reason = Database.reasonOf(e);
            if (!reason.equals(toldReason)) {
                log.warn("The database cannot be used yet; trying again: {}", reason);
                toldReason = reason;
            }
            return null;
        }
    }

    /**
     * One turn with the role, and the refusal of what it could not do because the role was lost.
     */
    private long turn(ControllerDuty duty, List<ControllerWork> work) {
        work.addFirst(new ControllerWork.Told(nodeNews::tell));
        long pauseMs = duty.turn(work);
        if (!duty.hasRole()) {
            refuse(work);
        }
        return pauseMs;
    }

    private List<ControllerWork> nextWork() {
        List<ControllerWork> work = new ArrayList<>();
        try {
            ControllerWork first = queue.poll(options.times().tickMs(), TimeUnit.MILLISECONDS);
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
        refuse(left);
    }

    private void refuse(List<ControllerWork> left) {
        for (ControllerWork work : left) {
            switch (work) {
                case ControllerWork.Asked<?> asked ->
                        asked.answer().completeExceptionally(notController());
                case ControllerWork.Confirm confirm -> confirm.answer().complete(false);
                case ControllerWork.Told told -> log.debug("News of a node came too late");
            }
        }
    }

    private void pause(long delayMs) {
        if (delayMs > 0 && !naps.take(delayMs)) {
            stopping = true;
        }
    }

    /**
     * Leaves in order: tells the others, gives the role to one of them, and goes on as a standby
     * until they have the rest. If there is nobody to take over, nothing is waited for.
     *
     * @param othersHaveAll whether nothing is left to take over; asked on the controller's thread
     * @return completes when it may be closed
     */
    public CompletableFuture<Void> leave(BooleanSupplier othersHaveAll) {
        leave.ask(othersHaveAll);
        naps.interrupt();
        wake();
        return ready.isDone() ? leave.done() : CompletableFuture.completedFuture(null);
    }

    @Override
    public void lookSoon() {
        if (!active) {
            naps.interrupt();
        }
    }

    /** Asks for the end: the step under way is the last but for the end itself. */
    void beginToEnd() {
        stopping = true;
        active = false;
        wake();
    }

    /** Ends after the commit under way, answers what waits, and closes the database in order. */
    @Override
    public void close() {
        beginToEnd();
        try {
            if (thread.getState() != Thread.State.NEW && !thread.join(Duration.ofSeconds(10))) {
                log.warn("The controller's thread does not end; the database recovers at start");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
