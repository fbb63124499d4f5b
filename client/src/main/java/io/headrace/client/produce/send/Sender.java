package io.headrace.client.produce.send;

import io.headrace.client.connection.Backoff;
import io.headrace.client.connection.ConnectionOptions;
import io.headrace.client.connection.Connections;
import io.headrace.client.connection.Failures;
import io.headrace.client.connection.NodeConnection;
import io.headrace.client.error.HeadraceException;
import io.headrace.client.error.ServerErrorException;
import io.headrace.client.metadata.ClusterView;
import io.headrace.client.metadata.ClusterView.NodeView;
import io.headrace.client.metadata.Metadata;
import io.headrace.client.produce.Acks;
import io.headrace.client.produce.ProducerOptions;
import io.headrace.transport.channel.ChannelClosedException;
import io.headrace.transport.loop.Loop;

import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.message.ProduceRequestData;
import org.apache.kafka.common.message.ProduceResponseData;
import org.apache.kafka.common.message.ProduceResponseData.PartitionProduceResponse;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;

/**
 * Sends batches to the leaders of their partitions and hands out their outcomes. Confined to its
 * loop, but for {@link #wake} and the counters.
 */
final class Sender {
    private final ProducerOptions options;
    private final ConnectionOptions connectionOptions;
    private final Connections connections;
    private final Metadata metadata;
    private final Loop loop;
    private final String lane;
    private final ProducerCounters counters;
    private final Backoff backoff;
    private final IdentitySource identities;
    private final @Nullable String transactionalId;
    private final Queue<PartitionQueue> woken = new ConcurrentLinkedQueue<>();
    private final Set<PartitionQueue> awake = ConcurrentHashMap.newKeySet();
    private final AtomicBoolean scheduled = new AtomicBoolean();
    private volatile boolean urgent;

    // Confined to the loop.
    private final Map<PartitionQueue, SequenceTracker> active = new LinkedHashMap<>();
    private final Map<TopicPartition, SequenceTracker> trackers = new HashMap<>();
    private final NodeLinks links;
    private @Nullable Accumulator accumulator;
    private long timerAtMs = Long.MAX_VALUE;
    private Loop.@Nullable ScheduledTask timer;
    private boolean refreshing;

    Sender(
            ProducerOptions options,
            Connections connections,
            Metadata metadata,
            Loop loop,
            String lane,
            ProducerCounters counters,
            @Nullable String transactionalId) {
        this.options = options;
        this.connectionOptions = connections.options();
        this.connections = connections;
        this.metadata = metadata;
        this.loop = loop;
        this.lane = lane;
        this.counters = counters;
        this.transactionalId = transactionalId;
        this.backoff =
                new Backoff(connectionOptions.retryBackoff(), connectionOptions.retryBackoffMax());
        this.links =
                new NodeLinks(connections, loop, lane, options.maxInFlight(), this::onLinkChanged);
        this.identities =
                new IdentitySource(metadata, loop, backoff, this::wake, transactionalId != null);
    }

    void start(Accumulator source) {
        accumulator = source;
    }

    /** A queue has something to send. */
    void wake(PartitionQueue queue) {
        if (awake.add(queue)) {
            woken.add(queue);
        }
        wake();
    }

    /** Looks soon whether there is something to do. */
    void wake() {
        if (scheduled.compareAndSet(false, true)) {
            loop.execute(this::run);
        }
    }

    /** Whether batches are sent without lingering. */
    void urgent(boolean urgent) {
        this.urgent = urgent;
        wake();
    }

    /** Goes on as somebody else; on the loop, with nothing on its way. */
    void adopt(ProducerIdentity identity) {
        identities.adopt(identity);
    }

    ProducerIdentity identity() {
        return identities.current();
    }

    /** Every batch that has not ended; on the loop. */
    List<ProduceBatch> openBatches() {
        activateWoken();
        List<ProduceBatch> open = new ArrayList<>();
        active.forEach(
                (queue, tracker) -> {
                    open.addAll(tracker.snapshot());
                    open.addAll(queue.snapshot());
                });
        return open;
    }

    /** Fails everything; on the loop. */
    void abort(HeadraceException reason) {
        activateWoken();
        active.forEach(
                (queue, tracker) -> {
                    for (ProduceBatch batch : tracker.snapshot()) {
                        giveUp(batch, tracker, reason);
                    }
                    queue.pollCreatedBefore(Long.MAX_VALUE).forEach(batch -> fail(batch, reason));
                });
        if (accumulator != null) {
            accumulator.expire(now(), reason);
        }
        connections.closeLane(lane);
    }

    private static long now() {
        return System.currentTimeMillis();
    }

    private void run() {
        scheduled.set(false);
        activateWoken();
        long nowMs = now();
        expire(nowMs);
        boolean idempotenceReady = !options.idempotent() || identities.isReady();
        if (idempotenceReady) {
            renumber();
            sendReady(nowMs);
        }
        retire();
        schedule(nowMs);
    }

    private void activateWoken() {
        PartitionQueue queue = woken.poll();
        while (queue != null) {
            active.computeIfAbsent(
                    queue,
                    q ->
                            trackers.computeIfAbsent(
                                    q.partition(),
                                    p ->
                                            new SequenceTracker(
                                                    options.idempotent(),
                                                    transactionalId != null)));
            queue = woken.poll();
        }
    }

    /** Forgets queues that have nothing left. */
    private void retire() {
        Iterator<Map.Entry<PartitionQueue, SequenceTracker>> entries = active.entrySet().iterator();
        while (entries.hasNext()) {
            Map.Entry<PartitionQueue, SequenceTracker> entry = entries.next();
            PartitionQueue queue = entry.getKey();
            if (entry.getValue().isEmpty() && queue.isEmpty()) {
                entries.remove();
                awake.remove(queue);
                if (!queue.isEmpty()) {
                    wake(queue); // It was filled in between.
                }
            }
        }
    }

    private void expire(long nowMs) {
        long createdBefore = nowMs - options.deliveryTimeout().toMillis();
        active.forEach(
                (queue, tracker) -> {
                    for (ProduceBatch late : tracker.waitingSince(createdBefore)) {
                        giveUp(late, tracker, late.tooLate(options.deliveryTimeout()));
                    }
                    queue.pollCreatedBefore(createdBefore)
                            .forEach(late -> fail(late, late.tooLate(options.deliveryTimeout())));
                });
    }

    private void renumber() {
        for (SequenceTracker tracker : active.values()) {
            if (tracker.isReadyToRenumber()) {
                identities.requireNewerThan(tracker.identity());
                if (!identities.isReady()) {
                    return;
                }
                tracker.renumber(identities.current());
            }
        }
    }

    private void sendReady(long nowMs) {
        ClusterView view = metadata.view();
        boolean sent = true;
        while (sent) {
            sent = false;
            for (Map.Entry<NodeView, List<ProduceBatch>> request : gather(view, nowMs).entrySet()) {
                send(request.getKey(), request.getValue(), view);
                sent = true;
            }
        }
    }

    private Map<NodeView, List<ProduceBatch>> gather(ClusterView view, long nowMs) {
        Map<NodeView, List<ProduceBatch>> requests = new HashMap<>();
        Map<NodeView, Integer> sizes = new HashMap<>();
        boolean hasUnknownLeader = false;
        for (Map.Entry<PartitionQueue, SequenceTracker> entry : active.entrySet()) {
            NodeView leader = view.leader(entry.getKey().partition());
            if (leader == null) {
                hasUnknownLeader = true;
            } else if (links.hasCapacity(leader)) {
                int size = sizes.getOrDefault(leader, 0);
                boolean idle = options.sendsWhenIdle() && links.isIdle(leader);
                ProduceBatch batch = take(entry.getKey(), entry.getValue(), nowMs, idle, size);
                if (batch != null) {
                    requests.computeIfAbsent(leader, l -> new ArrayList<>()).add(batch);
                    sizes.put(leader, size + batch.encoded().remaining());
                }
            }
        }
        if (hasUnknownLeader) {
            refreshMetadata();
        }
        return requests;
    }

    private @Nullable ProduceBatch take(
            PartitionQueue queue,
            SequenceTracker tracker,
            long nowMs,
            boolean idle,
            int takenBytes) {
        int room = options.maxRequestBytes() - takenBytes;
        ProduceBatch retry = tracker.nextRetry(nowMs);
        if (retry != null) {
            boolean fits = takenBytes == 0 || retry.encoded().remaining() <= room;
            if (fits) {
                counters.onRetry();
                retry.onSent();
                return retry;
            }
            return null;
        }
        if (!tracker.maySendNew(options.maxInFlight())) {
            return null;
        }
        boolean now = urgent || idle || (accumulator != null && accumulator.waitingCount() > 0);
        ProduceBatch batch = queue.poll(nowMs, now, takenBytes == 0 ? Integer.MAX_VALUE : room);
        if (batch != null) {
            if (transactionalId != null) {
                batch.makeTransactional();
            }
            tracker.add(batch, identities.current());
            batch.onSent();
        }
        return batch;
    }

    private void onLinkChanged(boolean open) {
        if (open) {
            wake();
        } else {
            refreshMetadata();
            loop.schedule(this::wake, backoff.delayMs(1));
        }
    }

    private void send(NodeView node, List<ProduceBatch> batches, ClusterView view) {
        NodeLinks.Link link = links.to(node);
        NodeConnection connection = link.connection();
        Duration timeout = connectionOptions.requestTimeout();
        ProduceRequestData request;
        short version;
        try {
            version = ProduceRequests.version(connection.ranges(), batches, view);
            request =
                    ProduceRequests.encode(
                            batches, view, version, options.acks(), (int) timeout.toMillis());
            request.setTransactionalId(transactionalId);
        } catch (HeadraceException e) {
            batches.forEach(batch -> onFailure(batch, e));
            return;
        }
        counters.onRequest();
        if (options.acks() == Acks.NONE) {
            connection.sendOneWay(ApiKeys.PRODUCE, version, request);
            batches.forEach(batch -> acknowledge(batch, -1, -1));
            return;
        }
        link.onSent();
        connection
                .call(ApiKeys.PRODUCE, version, request, ProduceResponseData.class, timeout)
                .whenComplete(
                        (answer, failure) ->
                                loop.run(
                                        () -> {
                                            link.onAnswered();
                                            onAnswer(request, batches, view, answer, failure);
                                        }));
    }

    private void onAnswer(
            ProduceRequestData request,
            List<ProduceBatch> batches,
            ClusterView view,
            @Nullable ProduceResponseData answer,
            @Nullable Throwable failure) {
        if (answer == null) {
            HeadraceException known =
                    Failures.of(failure == null ? new Error() : failure, "Produce");
            batches.forEach(batch -> onFailure(batch, known));
            refreshMetadata();
        } else {
            Map<TopicPartition, PartitionProduceResponse> answers =
                    ProduceRequests.decode(request, batches, view, answer);
            for (ProduceBatch batch : batches) {
                PartitionProduceResponse part = answers.get(batch.partition());
                if (part == null) {
                    onFailure(batch, batch.unanswered());
                } else {
                    onPartitionAnswer(batch, part);
                }
            }
        }
        wake();
    }

    private void onPartitionAnswer(ProduceBatch batch, PartitionProduceResponse part) {
        Errors error = Errors.forCode(part.errorCode());
        if (ServerErrors.isStaleMetadata(error)) {
            refreshMetadata();
        }
        batch.onReturned(ServerErrors.leavesOutcomeOpen(error));
        settle(
                batch,
                error,
                () ->
                        ServerErrorException.of(
                                error, "Writing to " + batch.partition(), part.errorMessage()),
                part);
    }

    private void onFailure(ProduceBatch batch, HeadraceException failure) {
        boolean sent =
                !(failure.getCause() instanceof ChannelClosedException closed) || closed.sent();
        batch.onReturned(sent);
        Errors error = failure.retriable() ? Errors.NETWORK_EXCEPTION : failure.error();
        settle(batch, error, () -> failure, null);
    }

    private void settle(
            ProduceBatch batch,
            Errors error,
            Supplier<HeadraceException> failure,
            @Nullable PartitionProduceResponse part) {
        SequenceTracker tracker = trackers.get(batch.partition());
        if (tracker == null || !tracker.snapshot().contains(batch)) {
            return; // It was aborted meanwhile.
        }
        switch (tracker.decide(batch, error, part == null ? -1 : part.logStartOffset())) {
            case ACKNOWLEDGE ->
                    acknowledge(
                            batch,
                            part == null ? -1 : part.baseOffset(),
                            part == null ? -1 : part.logAppendTimeMs());
            case RETRY -> retry(batch, tracker);
            case RENUMBER -> {
                tracker.requireRenumbering();
                batch.retryAt(now());
            }
            case SPLIT -> tracker.replace(batch, batch.split());
            case FAIL -> giveUp(batch, tracker, failure.get());
            case FAIL_AND_RENUMBER -> {
                giveUp(batch, tracker, failure.get());
                tracker.requireRenumbering();
            }
        }
    }

    private void retry(ProduceBatch batch, SequenceTracker tracker) {
        long nowMs = now();
        if (batch.createdMs() + options.deliveryTimeout().toMillis() <= nowMs) {
            giveUp(batch, tracker, batch.tooLate(options.deliveryTimeout()));
        } else {
            batch.retryAt(nowMs + backoff.delayMs(batch.attempts()));
        }
    }

    private void acknowledge(ProduceBatch batch, long baseOffset, long logAppendTimeMs) {
        SequenceTracker tracker = trackers.get(batch.partition());
        if (tracker != null) {
            tracker.onAcknowledged(batch, baseOffset);
        }
        counters.onAcknowledged(batch.recordCount(), batch.encoded().remaining());
        batch.succeed(baseOffset, logAppendTimeMs);
        release(batch);
    }

    private void giveUp(ProduceBatch batch, SequenceTracker tracker, HeadraceException reason) {
        tracker.onFailed(batch);
        fail(batch, reason);
    }

    private void fail(ProduceBatch batch, HeadraceException reason) {
        counters.onFailed(batch.recordCount());
        batch.fail(reason);
        release(batch);
    }

    private void release(ProduceBatch batch) {
        if (accumulator != null) {
            accumulator.release(batch.reservedBytes(), now());
        }
    }

    private void refreshMetadata() {
        if (refreshing) {
            return;
        }
        refreshing = true;
        metadata.refresh()
                .whenCompleteAsync(
                        (view, failure) -> {
                            refreshing = false;
                            if (accumulator != null) {
                                accumulator.refreshTopics();
                            }
                            loop.schedule(this::wake, failure == null ? 0 : backoff.delayMs(1));
                        },
                        loop);
    }

    private void schedule(long nowMs) {
        long next = accumulator == null ? Long.MAX_VALUE : accumulator.expire(nowMs, null);
        long deliveryMs = options.deliveryTimeout().toMillis();
        for (Map.Entry<PartitionQueue, SequenceTracker> entry : active.entrySet()) {
            PartitionQueue queue = entry.getKey();
            SequenceTracker tracker = entry.getValue();
            long ready = queue.readyAtMs();
            // A batch that is due but cannot go waits for an answer, which wakes the sender.
            next = ready > nowMs ? Math.min(next, ready) : next;
            long retry = tracker.retryAtMs();
            next = retry > nowMs ? Math.min(next, retry) : next;
            long oldest = queue.oldestMs();
            next = oldest == Long.MAX_VALUE ? next : Math.min(next, oldest + deliveryMs + 1);
        }
        if (next == Long.MAX_VALUE || (timer != null && timerAtMs <= next && timerAtMs > nowMs)) {
            return;
        }
        if (timer != null) {
            timer.cancel();
        }
        timerAtMs = next;
        timer = loop.schedule(this::onTimer, Math.max(1, next - nowMs));
    }

    private void onTimer() {
        timer = null;
        timerAtMs = Long.MAX_VALUE;
        wake();
    }
}
