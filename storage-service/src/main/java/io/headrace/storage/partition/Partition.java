package io.headrace.storage.partition;

import io.headrace.protocol.batch.produce.ProduceRules;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.storage.log.AppendOrigin;
import io.headrace.storage.log.AppendResult;
import io.headrace.storage.log.LogConfig;
import io.headrace.storage.log.PartitionLog;
import io.headrace.storage.replication.Replication;
import io.headrace.storage.replication.ReplicationEffect;
import io.headrace.storage.replication.ReplicationEvent;
import io.headrace.storage.replication.ReplicationEvent.EpochStarted;
import io.headrace.storage.replication.ReplicationEvent.FollowerFetched;
import io.headrace.storage.replication.ReplicationEvent.IsrDecided;
import io.headrace.storage.replication.ReplicationEvent.LogAdvanced;
import io.headrace.storage.replication.ReplicationEvent.LogFailed;
import io.headrace.storage.replication.ReplicationEvent.MetadataApplied;
import io.headrace.storage.replication.ReplicationEvent.Tick;
import io.headrace.storage.replication.ReplicationState;
import io.headrace.storage.replication.ReplicationState.Following;
import io.headrace.storage.replication.ReplicationState.Leading;
import io.headrace.storage.replication.ReplicationState.Offline;
import io.headrace.transport.loop.Loop;
import io.headrace.transport.loop.Roster;

import org.apache.kafka.common.TopicIdPartition;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * One partition of this node: its log, who leads it, and who waits for it. Confined to its loop but
 * for what says "any thread".
 */
public final class Partition {
    private static final Logger LOG = LoggerFactory.getLogger(Partition.class);

    private final TopicIdPartition id;
    private final Loop loop;
    private final LongSupplier clockMs;
    private final LongSupplier timeOfDayMs;
    private final Replication replication;
    private final PartitionWaiters waiters;
    private final Verifications verifications = new Verifications();
    private final PartitionReader reader;
    private final FollowerLog follower;
    private final PartitionSurroundings around;
    private final HandOver handOver = new HandOver(this);
    private final Roster.Place<Partition> place;
    private final CompletableFuture<Void> firstSettled = new CompletableFuture<>();

    private @Nullable PartitionLog log;
    private @Nullable MetadataApplied pendingMetadata;
    private ShardFence shardFence;
    private boolean closed;
    private long appendedBytes;

    private volatile ProduceRules produceRules = ProduceRules.DEFAULT;
    private volatile PartitionStats.@Nullable Seen seen;

    Partition(
            TopicIdPartition id,
            Loop loop,
            PartitionSurroundings around,
            Roster<Partition> visited) {
        this.id = id;
        this.loop = loop;
        this.clockMs = around.clockMs();
        this.timeOfDayMs = around.timeOfDayMs();
        this.around = around;
        this.place = visited.placeOf(this);
        this.follower = new FollowerLog(this, timeOfDayMs);
        this.replication = new Replication(around.nodeId(), around.maxLagMs());
        this.waiters = new PartitionWaiters(loop, clockMs, this::commitTimeout);
        this.reader = new PartitionReader(this, waiters);
        this.shardFence = new ShardFence(loop, around.io());
    }

    /** What a produce that waited too long is told: it is in this log, and may be committed yet. */
    private Errors commitTimeout() {
        return replication.hasEnoughInSync()
                ? Errors.REQUEST_TIMED_OUT
                : Errors.NOT_ENOUGH_REPLICAS_AFTER_APPEND;
    }

    /** Any thread. */
    public TopicIdPartition id() {
        return id;
    }

    /** The loop that owns this partition. Any thread. */
    public Loop loop() {
        return loop;
    }

    /** What produced data must obey, as last configured. Any thread. */
    public ProduceRules produceRules() {
        return produceRules;
    }

    /** Figures of a moment ago. Any thread. */
    public PartitionStats stats() {
        PartitionStats.Seen last = seen;
        return last == null ? PartitionStats.NONE : last.stats();
    }

    /** Completes once the first metadata took effect or the log could not be opened. Any thread. */
    CompletableFuture<Void> firstSettled() {
        return firstSettled;
    }

    /** The fence of a shard topic's partition; another one each time this node begins to lead. */
    public ShardFence shardFence() {
        return shardFence;
    }

    /** The transactions that are about to begin in this partition. */
    public Verifications verifications() {
        return verifications;
    }

    // Life: the log comes, metadata comes, the log goes.

    void onOpened(PartitionLog opened) {
        if (closed) {
            return;
        }
        log = opened;
        produceRules = ConfiguredRules.of(opened.config());
        opened.listen(new LogEvents(this));
        MetadataApplied metadata = pendingMetadata;
        if (metadata != null) {
            pendingMetadata = null;
            onMetadata(metadata.image(), metadata.nodeEpoch());
        }
    }

    void onFlushed(PartitionLog current) {
        onAdvanced(current);
        if (replication.state() instanceof Following) {
            around.feed().onProgress(this);
        }
    }

    /** The log is in another directory now, or nothing came of that. */
    void onMoved(PartitionLog now) {
        log = now;
        now.listen(new LogEvents(this));
        follower.goOn(now);
    }

    Replication replication() {
        return replication;
    }

    void onOpenFailed(Throwable cause) {
        LOG.error("Cannot open the log of {}", id, cause);
        onLogFailed(String.valueOf(cause.getMessage()));
    }

    void onLogFailed(String reason) {
        LOG.error("{} is offline: {}", id, reason);
        run(new LogFailed(reason));
        waiters.fail(Errors.KAFKA_STORAGE_ERROR);
        firstSettled.complete(null);
    }

    void onMetadata(PartitionImage image, long nodeEpoch) {
        PartitionLog current = log;
        if (current == null) {
            pendingMetadata = new MetadataApplied(image, nodeEpoch);
            return;
        }
        run(new MetadataApplied(image, nodeEpoch));
        endPassedChecks(); // the in-sync set may have changed
        if (!(replication.state() instanceof ReplicationState.Starting)) {
            firstSettled.complete(null);
        }
    }

    void onConfig(LogConfig config) {
        PartitionLog current = log;
        if (current != null) {
            current.updateConfig(config);
        }
        produceRules = ConfiguredRules.of(config);
    }

    /** Ends all waiting; the log is no longer this partition's. */
    void close(Errors reason) {
        closed = true;
        log = null;
        follower.begin(-1);
        around.feed().unfollow(this);
        waiters.fail(reason);
        handOver.end();
        firstSettled.complete(null);
        seen = null;
    }

    // Leadership.

    /** NONE if this node leads and the caller's leader epoch, unless it is -1, is the current. */
    public Errors checkLeader(int callersLeaderEpoch) {
        if (closed) {
            return Errors.NOT_LEADER_OR_FOLLOWER;
        }
        if (replication.state() instanceof Offline) {
            return Errors.KAFKA_STORAGE_ERROR;
        }
        PartitionImage image = replication.image();
        if (image != null && callersLeaderEpoch >= 0) {
            if (callersLeaderEpoch < image.leaderEpoch()) {
                return Errors.FENCED_LEADER_EPOCH;
            }
            if (callersLeaderEpoch > image.leaderEpoch()) {
                return Errors.UNKNOWN_LEADER_EPOCH;
            }
        }
        return replication.state() instanceof Leading && log != null
                ? Errors.NONE
                : Errors.NOT_LEADER_OR_FOLLOWER;
    }

    /** As {@link #checkLeader}, for a consumer that may also read from a follower (KIP-392). */
    public Errors checkReadable(int callersLeaderEpoch) {
        Errors error = checkLeader(callersLeaderEpoch);
        return error == Errors.NOT_LEADER_OR_FOLLOWER
                        && log != null
                        && replication.state() instanceof Following following
                        && following.leaderId() >= 0
                ? Errors.NONE
                : error;
    }

    /** The log; only after {@link #checkLeader} answered NONE in the same task. */
    public PartitionLog log() {
        PartitionLog current = log;
        if (current == null) {
            throw new IllegalStateException(id + " has no open log");
        }
        return current;
    }

    /** The epoch in which this node leads, or -1. */
    public int leaderEpoch() {
        return replication.state() instanceof Leading leading ? leading.leaderEpoch() : -1;
    }

    public int knownLeaderId() {
        PartitionImage image = replication.image();
        return image == null ? -1 : image.leaderId();
    }

    public int knownLeaderEpoch() {
        PartitionImage image = replication.image();
        return image == null ? -1 : image.leaderEpoch();
    }

    public boolean hasEnoughInSync() {
        return replication.hasEnoughInSync();
    }

    /** Whether this node is in the in-sync set together with others, which could go on alone. */
    boolean hasToLeave() {
        PartitionImage image = replication.image();
        return image != null && image.isr().size() > 1 && image.isrMember(around.nodeId()) != null;
    }

    int nodeId() {
        return around.nodeId();
    }

    // Writing.

    /** Runs what is to append, on the loop: now, or when it is known who leads. Any thread. */
    public void runAppend(Runnable append) {
        loop.run(() -> handOver.whenOver(append));
    }

    HandOver handOver() {
        return handOver;
    }

    /**
     * Appends checked batches; this node must lead. Ask {@link #awaitCommit} or {@link #awaitFlush}
     * afterwards.
     *
     * @throws org.apache.kafka.common.errors.ApiException the protocol's error
     */
    public AppendResult append(ByteBuffer batches, AppendOrigin origin) {
        PartitionLog current = log();
        int size = batches.remaining();
        AppendResult result =
                current.append(batches, leaderEpoch(), origin, timeOfDayMs.getAsLong());
        if (!result.duplicate()) {
            appendedBytes += size;
        }
        current.requestFlush();
        onAdvanced(current);
        waiters.onAppended(appendedBytes);
        return result;
    }

    /** Calls back once the offset is committed (acks=all), failed or the time is up. */
    public void awaitCommit(long nextOffset, long deadlineMs, Consumer<Errors> whenDone) {
        if (replication.highWatermark() >= nextOffset) {
            whenDone.accept(Errors.NONE);
        } else {
            waiters.awaitCommit(nextOffset, deadlineMs, whenDone);
        }
    }

    /** Calls back once the leader has the offset stored as the flush policy says (acks=1). */
    public void awaitFlush(long nextOffset, long deadlineMs, Consumer<Errors> whenDone) {
        if (log().flushedOffset() >= nextOffset) {
            whenDone.accept(Errors.NONE);
        } else {
            waiters.awaitFlush(nextOffset, deadlineMs, whenDone);
        }
    }

    private void onAdvanced(PartitionLog current) {
        run(new LogAdvanced(current.flushedOffset(), current.logEndOffset()));
        waiters.onFlushed(current.flushedOffset());
    }

    // Reading.

    /** What readers ask. */
    public PartitionReader reader() {
        return reader;
    }

    /** A count of bytes that only grows as more becomes visible. */
    long appendedBytes() {
        return appendedBytes;
    }

    // Replication, as leader.

    /** A follower's fetch arrived. */
    public void onFollowerFetch(FollowerFetched fetched) {
        run(fetched);
        endPassedChecks();
    }

    /** The controller decided on a proposal. */
    public void onIsrDecided(IsrDecided decided) {
        run(decided);
        endPassedChecks();
    }

    /** Calls back once it is certain that no newer leader was elected before this call. */
    public void awaitLeaderCheck(long deadlineMs, Consumer<Errors> whenDone) {
        int check = replication.startCheck();
        if (replication.passedCheck() >= check) {
            whenDone.accept(Errors.NONE);
        } else {
            waiters.awaitCheck(check, deadlineMs, whenDone);
        }
    }

    private void endPassedChecks() {
        if (waiters.hasChecks()) {
            waiters.onChecked(replication.passedCheck());
        }
    }

    /** Looks for followers that fell behind. */
    void tick(MetadataImage cluster) {
        run(new Tick(clockMs.getAsLong(), cluster));
        if (log != null) {
            seen = PartitionStats.Seen.of(log, replication, appendedBytes);
        }
        if (closed || !replication.watchesTime()) {
            place.end();
        }
    }

    // Replication, as follower.

    /** This partition's log while it follows. */
    public FollowerLog follower() {
        return follower;
    }

    @Nullable PartitionLog openLog() {
        return log;
    }

    /** The leader's answer was taken over. */
    void onFollowed(PartitionLog current, int bytes, boolean committedMore) {
        if (bytes > 0) {
            appendedBytes += bytes;
            current.requestFlush();
            onAdvanced(current);
        }
        if (committedMore) {
            waiters.onGrown(appendedBytes);
        }
    }

    void onCut(PartitionLog current) {
        onAdvanced(current);
        around.feed().onProgress(this);
    }

    private void run(ReplicationEvent event) {
        if (!closed) { // else an answer that was on its way
            replication.step(event).forEach(this::perform);
            place.ask();
        }
    }

    private void perform(ReplicationEffect effect) {
        switch (effect) {
            case ReplicationEffect.BeginEpoch(int leaderEpoch) -> beginEpoch(leaderEpoch);
            case ReplicationEffect.Lead(int leaderEpoch) -> {
                LOG.debug("Leading {} in epoch {}", id, leaderEpoch);
                log().requestFlush();
                firstSettled.complete(null);
            }
            case ReplicationEffect.MoveHighWatermark(long highWatermark) ->
                    onHighWatermark(highWatermark);
            case ReplicationEffect.StopLeading(int leaderEpoch) -> {
                LOG.info("No longer leading {} (epoch {})", id, leaderEpoch);
                waiters.fail(Errors.NOT_LEADER_OR_FOLLOWER);
                verifications.clear();
                handOver.end();
            }
            case ReplicationEffect.Follow(int leaderId, int leaderEpoch) ->
                    follow(leaderId, leaderEpoch);
            case ReplicationEffect.ProposeIsr proposal ->
                    around.proposals().propose(this, proposal);
        }
    }

    private void follow(int leaderId, int leaderEpoch) {
        around.feed().unfollow(this);
        follower.begin(leaderId < 0 ? -1 : leaderEpoch);
        if (leaderId >= 0) {
            log().requestFlush();
            around.feed().follow(this, leaderId);
        }
    }

    private void beginEpoch(int leaderEpoch) {
        around.feed().unfollow(this);
        follower.begin(-1);
        shardFence = new ShardFence(loop, around.io());
        follower.whenWhole(() -> startEpoch(log(), leaderEpoch)); // it may have moved until then
    }

    private void startEpoch(PartitionLog current, int leaderEpoch) {
        if (follower.isSetBack(current, leaderEpoch)) {
            firstSettled.complete(null);
            return;
        }
        current.startLeaderEpoch(leaderEpoch)
                .whenComplete(
                        (done, failure) ->
                                loop.run(() -> onEpochDurable(current, leaderEpoch, failure)));
    }

    private void onEpochDurable(
            PartitionLog current, int leaderEpoch, @Nullable Throwable failure) {
        if (current != log) {
            return;
        }
        if (failure != null) {
            onLogFailed("Epoch " + leaderEpoch + " cannot begin: " + failure.getMessage());
            return;
        }
        run(
                new EpochStarted(
                        leaderEpoch,
                        current.flushedOffset(),
                        current.logEndOffset(),
                        current.highWatermark(),
                        clockMs.getAsLong()));
    }

    private void onHighWatermark(long highWatermark) {
        PartitionLog current = log();
        current.updateHighWatermark(highWatermark);
        waiters.onCommitted(highWatermark);
        waiters.onGrown(appendedBytes);
    }
}
