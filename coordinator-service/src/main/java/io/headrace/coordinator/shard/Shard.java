package io.headrace.coordinator.shard;

import io.headrace.coordinator.shard.Effects.Reply;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.transport.loop.Loop;
import io.headrace.transport.loop.Loop.ScheduledTask;

import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.LongSupplier;

/**
 * One ownership of a shard: from the take-over in one epoch until it is closed, fenced or broken.
 *
 * <pre>
 *   start --&gt; LOADING --fence committed, log replayed--&gt; SERVING
 *                |                                          |
 *                +---------- close, fenced, broken ---------+--&gt; CLOSED
 * </pre>
 *
 * <p>Serving, each request is decided against the state as of all earlier decisions; the records of
 * a decision go into the next append, its response leaves when they are committed. Since no append
 * is ever given up, no decision is undone: what cannot be appended closes the shard, and a new
 * ownership starts from the log. Confined to its loop, but for the constructor.
 */
public final class Shard {
    private static final Logger LOG = LoggerFactory.getLogger(Shard.class);
    private static final long EXPIRY_CHECK_MS = 500;

    /** From here on requests are decided as they come, not together. */
    private static final int GATHERED_REQUESTS = 256;

    /** How often the log is asked whether the next owner's fence is there. */
    private static final long FENCE_CHECK_MS = 50;

    /** Stands for no request at the read gate. */
    private static final long NO_REQUEST = 0;

    private final String name;
    private final int shardEpoch;
    private final int ownerId;
    private final ShardLog log;
    private final Loop loop;
    private final LongSupplier clockMs;
    private final ShardProperties properties;
    private final ErrorReplies errors;
    private final ShardCore core;
    private final Listener listener;
    private final OpenRequests requests;
    private final Deque<ShardRequest> waiting = new ArrayDeque<>();

    private final EarlyCalls early;
    private final ReadGate gate;
    private final Deque<HeldTask> tasks = new ArrayDeque<>();

    private Phase phase = Phase.LOADING;
    private MetadataImage image;
    private @Nullable ShardLoader loader;
    private @Nullable ShardWriter writer;
    private long decidedPosition;
    private long committedPosition;
    private @Nullable ScheduledTask wakeUp;
    private long wakeUpAtMs = Long.MAX_VALUE;
    private long loadStartedMs;
    private boolean advanceScheduled;

    /** Where a shard is in its life. */
    public enum Phase {
        LOADING,
        SERVING,
        CLOSED
    }

    /** Why a shard closed itself. */
    public enum CloseCause {
        /** Another owner has a higher epoch. */
        FENCED,
        /** The log is not as this owner knew it; a new ownership may start in the same epoch. */
        BROKEN
    }

    /** A task that waits until that many decided records are committed. */
    private record HeldTask(ShardTask task, long position) {}

    /** Hears of a shard's life, on its loop. */
    public interface Listener {
        /** The core wants something done outside. */
        default void onTask(Shard shard, ShardTask task) {
            throw new IllegalStateException("Nobody carries out " + task);
        }

        void onServing(Shard shard, long loadMs);

        /** The shard closed itself; it was not told to. */
        void onClosed(Shard shard, CloseCause cause);
    }

    /**
     * @param name what logs call it
     * @param core the state, empty
     */
    public Shard(
            String name,
            int shardEpoch,
            int ownerId,
            ShardLog log,
            Loop loop,
            LongSupplier clockMs,
            ShardProperties properties,
            MetadataImage image,
            ErrorReplies errors,
            ShardCore core,
            Listener listener) {
        this.name = name;
        this.shardEpoch = shardEpoch;
        this.ownerId = ownerId;
        this.log = log;
        this.loop = loop;
        this.clockMs = clockMs;
        this.properties = properties;
        this.image = image;
        this.errors = errors;
        this.core = core;
        this.listener = listener;
        this.requests = new OpenRequests(errors);
        this.early = new EarlyCalls(loop, clockMs, properties, errors);
        this.gate =
                new ReadGate(
                        log,
                        loop,
                        shardEpoch,
                        properties,
                        id -> requests.onPassed(id, committedPosition),
                        () -> onFenced(false, "fenced at a read check"));
    }

    public int shardEpoch() {
        return shardEpoch;
    }

    public Phase phase() {
        return phase;
    }

    /** Begins the take-over. */
    public void start() {
        loadStartedMs = clockMs.getAsLong();
        ShardLoader take =
                new ShardLoader(
                        log,
                        loop,
                        shardEpoch,
                        ownerId,
                        loadStartedMs,
                        properties,
                        new LoadListener());
        loader = take;
        take.start();
    }

    /** Takes a request; it is answered exactly once unless it is abandoned. */
    public void submit(ShardCall call) {
        if (phase == Phase.LOADING && early.add(call)) {
            return;
        }
        Errors refusal = refusal();
        if (refusal != Errors.NONE) {
            call.refuse(errors, refusal);
            return;
        }
        ShardRequest request = requests.add(call);
        boolean mayOvertake = waiting.isEmpty() || (writer != null && writer.isFull());
        if (mayOvertake && core.isLight(request)) {
            decide(request);
        } else {
            waiting.add(request);
            if (waiting.size() < GATHERED_REQUESTS) {
                advanceSoon();
            } else {
                advance();
            }
        }
    }

    /**
     * Another owner is named for this shard: serves on as before, and asks the log so often for
     * that one's fence that it ends soon after it even when nothing else is asked.
     */
    public void awaitFence() {
        if (phase == Phase.SERVING) {
            gate.add(NO_REQUEST);
            advance();
            loop.schedule(this::awaitFence, FENCE_CHECK_MS);
        }
    }

    /** The client of a request is gone: its answer leads nowhere. */
    public void abandon(ShardCall call) {
        early.remove(call);
        Long requestId = requests.idOf(call);
        if (requestId != null && phase == Phase.SERVING) {
            requests.forget(requestId);
            step((nowMs, effects) -> core.onAbandoned(requestId, nowMs, effects));
            advance();
        }
    }

    public void onMetadata(MetadataImage newImage) {
        image = newImage;
        if (phase == Phase.SERVING) {
            step((nowMs, effects) -> core.onMetadata(newImage, nowMs, effects));
            advance();
        }
    }

    /** Tells the core of something that happened outside; does nothing once the shard is closed. */
    public void deliver(ShardEvent event) {
        if (phase == Phase.SERVING) {
            step((nowMs, effects) -> core.onEvent(event, nowMs, effects));
            advance();
        }
    }

    /** Gives the shard up: answers NOT_COORDINATOR to whoever waits and changes nothing more. */
    public void close() {
        if (phase == Phase.CLOSED) {
            return;
        }
        phase = Phase.CLOSED;
        if (loader != null) {
            loader.close();
        }
        if (writer != null) {
            writer.close();
        }
        gate.close();
        cancelWakeUp();
        tasks.clear();
        waiting.forEach(request -> requests.refuse(request.id(), Errors.NOT_COORDINATOR));
        waiting.clear();
        early.take().forEach(call -> call.refuse(errors, Errors.NOT_COORDINATOR));
        requests.replyErrorToAll(Errors.NOT_COORDINATOR);
    }

    private Errors refusal() {
        return switch (phase) {
            case LOADING -> Errors.COORDINATOR_LOAD_IN_PROGRESS;
            case CLOSED -> Errors.NOT_COORDINATOR;
            case SERVING ->
                    requests.count() >= properties.maxOpenRequests()
                                    || waiting.size() >= properties.maxWaitingRequests()
                            ? Errors.COORDINATOR_LOAD_IN_PROGRESS
                            : Errors.NONE;
        };
    }

    /** One step of the core. */
    private interface Step {
        void run(long nowMs, Effects effects);
    }

    private void decide(ShardRequest request) {
        step((nowMs, effects) -> core.onRequest(request, nowMs, effects));
    }

    private void step(Step step) {
        if (phase != Phase.SERVING || writer == null) {
            return;
        }
        long nowMs = clockMs.getAsLong();
        Effects effects = new Effects();
        try {
            step.run(nowMs, effects);
        } catch (RuntimeException e) {
            LOG.error("Shard {} failed to decide; it starts again from its log", name, e);
            closeItself(CloseCause.BROKEN, "a decision failed");
            return;
        }
        writer.add(effects.records());
        decidedPosition += effects.records().size();
        for (Reply reply : effects.replies()) {
            send(reply, nowMs);
        }
        for (ShardTask task : effects.tasks()) {
            tasks.add(new HeldTask(task, decidedPosition));
        }
        beginTasks();
        scheduleWakeUp(nowMs);
    }

    private void beginTasks() {
        HeldTask next = tasks.peek();
        while (next != null && next.position() <= committedPosition && phase == Phase.SERVING) {
            tasks.remove();
            listener.onTask(this, next.task());
            next = tasks.peek();
        }
    }

    private void send(Reply reply, long nowMs) {
        switch (reply.when()) {
            case NOW -> requests.reply(reply.requestId(), reply.response());
            case COMMITTED -> {
                if (decidedPosition == committedPosition) {
                    requests.reply(reply.requestId(), reply.response());
                } else {
                    requests.hold(reply.requestId(), reply.response(), decidedPosition, nowMs);
                }
            }
            case CHECKED -> {
                requests.holdGated(reply.requestId(), reply.response(), decidedPosition, nowMs);
                gate.add(reply.requestId());
            }
        }
    }

    /** Advances behind all that this loop was given to do before: its requests share an append. */
    private void advanceSoon() {
        if (!advanceScheduled) {
            advanceScheduled = true;
            loop.execute(
                    () -> {
                        advanceScheduled = false;
                        advance();
                    });
        }
    }

    /** Decides what waits and begins what can begin. */
    private void advance() {
        ShardWriter open = writer;
        while (phase == Phase.SERVING && open != null && !open.isFull() && !waiting.isEmpty()) {
            decide(waiting.remove());
        }
        if (phase == Phase.SERVING && open != null) {
            if (open.flush()) {
                gate.onAppendBegun();
            }
            if (!open.hasPending()) {
                gate.checkIfNeeded();
            }
            scheduleWakeUp(clockMs.getAsLong());
        }
    }

    /**
     * @param nothingWritten whether no decision that is not known to be committed ever will be
     */
    private void onFenced(boolean nothingWritten, String reason) {
        if (nothingWritten) {
            requests.refuseHeld(Errors.NOT_COORDINATOR);
        }
        requests.refuseGated(Errors.NOT_COORDINATOR);
        closeItself(CloseCause.FENCED, reason);
    }

    private void closeItself(CloseCause cause, String reason) {
        if (phase == Phase.CLOSED) {
            return;
        }
        LOG.warn("Shard {} of epoch {} is given up: {}", name, shardEpoch, reason);
        close();
        listener.onClosed(this, cause);
    }

    private void scheduleWakeUp(long nowMs) {
        long atMs = core.nextDeadlineMs();
        if (requests.isAnyHeld()) {
            atMs = Math.min(atMs, nowMs + EXPIRY_CHECK_MS);
        }
        if (atMs >= wakeUpAtMs || phase != Phase.SERVING) {
            return;
        }
        cancelWakeUp();
        wakeUpAtMs = atMs;
        wakeUp = loop.schedule(this::onWakeUp, Math.max(0, atMs - nowMs));
    }

    private void cancelWakeUp() {
        if (wakeUp != null) {
            wakeUp.cancel();
            wakeUp = null;
        }
        wakeUpAtMs = Long.MAX_VALUE;
    }

    private void onWakeUp() {
        wakeUp = null;
        wakeUpAtMs = Long.MAX_VALUE;
        requests.expire(clockMs.getAsLong() - properties.commitTimeoutMs());
        step(core::onTime);
        advance();
    }

    /** The take-over's progress. */
    private final class LoadListener implements ShardLoader.Listener {
        private long recordCount;

        @Override
        public void onRecord(ShardRecord record) {
            recordCount++;
            core.replay(record);
        }

        @Override
        public void onLoaded(long endOffset) {
            writer =
                    new ShardWriter(
                            log,
                            loop,
                            clockMs,
                            shardEpoch,
                            properties,
                            endOffset,
                            new WriteListener());
            phase = Phase.SERVING;
            long loadMs = clockMs.getAsLong() - loadStartedMs;
            LOG.debug(
                    "Shard {} serves in epoch {} after {} records and {} ms",
                    name,
                    shardEpoch,
                    recordCount,
                    loadMs);
            step((nowMs, effects) -> core.onLoaded(image, nowMs, effects));
            if (phase == Phase.SERVING) {
                listener.onServing(Shard.this, loadMs);
            }
            early.take().forEach(Shard.this::submit);
            advance();
        }

        @Override
        public void onFenced() {
            closeItself(CloseCause.FENCED, "fenced at take-over");
        }

        @Override
        public void onBroken(String reason) {
            closeItself(CloseCause.BROKEN, reason);
        }
    }

    /** The fate of what was appended. */
    private final class WriteListener implements LogEvents {
        @Override
        public void onCommitted(int recordCount) {
            committedPosition += recordCount;
            gate.onAppendCommitted();
            requests.onCommitted(committedPosition);
            beginTasks();
            advance();
        }

        @Override
        public void onFenced(boolean nothingWritten) {
            Shard.this.onFenced(nothingWritten, "fenced at an append");
        }

        @Override
        public void onBroken(String reason) {
            closeItself(CloseCause.BROKEN, reason);
        }
    }
}
