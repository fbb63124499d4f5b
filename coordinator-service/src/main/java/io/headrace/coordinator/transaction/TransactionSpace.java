package io.headrace.coordinator.transaction;

import io.headrace.coordinator.shard.Effects;
import io.headrace.coordinator.shard.Effects.ReplyWhen;
import io.headrace.coordinator.shard.ShardRequest;
import io.headrace.coordinator.transaction.Deadlines.Kind;
import io.headrace.protocol.metadata.MetadataImage;

import org.apache.kafka.common.protocol.ApiMessage;
import org.jspecify.annotations.Nullable;

import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;

/**
 * The transactional ids of a shard and the step that is being taken: what all decisions share.
 * Confined to the shard's core.
 */
final class TransactionSpace {
    private final TransactionProperties properties;
    private final Map<String, TransactionState> states = new HashMap<>();
    private final Deadlines deadlines = new Deadlines();

    /** Requests that wait until a prepared transaction is complete, by transactional id. */
    private final Map<String, Deque<Held>> held = new HashMap<>();

    /** Requests that wait for a producer id, and ids that wait for a request. */
    private final Deque<ShardRequest> awaitingProducerId = new ArrayDeque<>();

    private final Deque<Long> spareProducerIds = new ArrayDeque<>();

    private MetadataImage image = MetadataImage.EMPTY;
    private Effects effects = new Effects();
    private long nowMs;

    private record Held(ShardRequest request, long untilMs) {}

    TransactionSpace(TransactionProperties properties) {
        this.properties = properties;
    }

    /** Begins a step. */
    void begin(long stepMs, Effects stepEffects) {
        nowMs = stepMs;
        effects = stepEffects;
    }

    long nowMs() {
        return nowMs;
    }

    TransactionProperties properties() {
        return properties;
    }

    Deadlines deadlines() {
        return deadlines;
    }

    MetadataImage image() {
        return image;
    }

    void setImage(MetadataImage newImage) {
        image = newImage;
    }

    // States.

    @Nullable TransactionState state(String transactionalId) {
        return states.get(transactionalId);
    }

    Map<String, TransactionState> states() {
        return Collections.unmodifiableMap(states);
    }

    boolean hasRoom() {
        return states.size() < properties.maxTransactionalIds();
    }

    /** Notes what the log says. */
    void restore(String transactionalId, @Nullable TransactionState state) {
        if (state == null) {
            states.remove(transactionalId);
        } else {
            states.put(transactionalId, state);
        }
    }

    /** Changes a state: hands out its record and keeps the deadline of an open transaction. */
    void store(String transactionalId, TransactionState state) {
        states.put(transactionalId, state);
        effects.append(TransactionRecords.of(transactionalId, state));
        watch(transactionalId, state);
    }

    /** Sets the deadline of a transaction that is open. */
    void watch(String transactionalId, TransactionState state) {
        if (state.status() == TransactionStatus.ONGOING) {
            // The clock of the owner that began it may have been ahead.
            long begunMs = Math.min(state.startMs(), nowMs);
            deadlines.schedule(Kind.TIMEOUT, transactionalId, begunMs + state.timeoutMs());
        } else {
            deadlines.cancel(Kind.TIMEOUT, transactionalId);
        }
    }

    void forget(String transactionalId) {
        states.remove(transactionalId);
        effects.append(TransactionRecords.deleted(transactionalId));
        deadlines.cancel(Kind.TIMEOUT, transactionalId);
    }

    void run(TransactionTask task) {
        effects.run(task);
    }

    // Answers.

    /**
     * Answers when all decided so far is committed; and when this step changes nothing, not before
     * the log confirmed that this owner is not fenced: what it says may not be so any more.
     */
    void reply(ShardRequest request, ApiMessage response) {
        effects.reply(
                request.id(),
                response,
                effects.records().isEmpty() ? ReplyWhen.CHECKED : ReplyWhen.COMMITTED);
    }

    /** Answers at once with what promises nothing: that the client is to try again. */
    void replyNow(ShardRequest request, ApiMessage response) {
        effects.reply(request.id(), response, ReplyWhen.NOW);
    }

    // Requests that wait.

    /** Keeps a request until the markers of the transaction before are written, or for a while. */
    void hold(String transactionalId, ShardRequest request) {
        long untilMs = nowMs + properties.holdMs();
        Deque<Held> waiting = held.computeIfAbsent(transactionalId, id -> new ArrayDeque<>());
        if (waiting.isEmpty()) {
            deadlines.schedule(Kind.HELD, transactionalId, untilMs);
        }
        waiting.add(new Held(request, untilMs));
    }

    /** Takes the requests that wait for that transactional id. */
    Deque<ShardRequest> takeHeld(String transactionalId) {
        deadlines.cancel(Kind.HELD, transactionalId);
        Deque<ShardRequest> requests = new ArrayDeque<>();
        Deque<Held> waiting = held.remove(transactionalId);
        if (waiting != null) {
            waiting.forEach(each -> requests.add(each.request()));
        }
        return requests;
    }

    /** Takes those whose time is up. */
    Deque<ShardRequest> takeOverdue(String transactionalId) {
        Deque<ShardRequest> requests = new ArrayDeque<>();
        Deque<Held> waiting = held.get(transactionalId);
        while (waiting != null && !waiting.isEmpty() && waiting.getFirst().untilMs() <= nowMs) {
            requests.add(waiting.removeFirst().request());
        }
        if (waiting != null && waiting.isEmpty()) {
            held.remove(transactionalId);
        } else if (waiting != null) {
            deadlines.schedule(Kind.HELD, transactionalId, waiting.getFirst().untilMs());
        }
        return requests;
    }

    /** A producer id that nobody has, or null: then the request is decided again with one. */
    @Nullable Long producerIdFor(ShardRequest request) {
        Long spare = spareProducerIds.poll();
        if (spare == null) {
            awaitingProducerId.add(request);
            run(new TransactionTask.AllocateProducerId());
        }
        return spare;
    }

    /** A producer id came; the request that is to be decided with it, or null. */
    @Nullable ShardRequest onProducerId(long producerId) {
        spareProducerIds.add(producerId);
        return awaitingProducerId.poll();
    }

    /** None came. The request that waited for it, or null. */
    @Nullable ShardRequest onNoProducerId() {
        return awaitingProducerId.poll();
    }

    /** Nobody waits for the answer any more. */
    void abandon(long requestId) {
        awaitingProducerId.removeIf(request -> request.id() == requestId);
        Iterator<Map.Entry<String, Deque<Held>>> each = held.entrySet().iterator();
        while (each.hasNext()) {
            Map.Entry<String, Deque<Held>> entry = each.next();
            entry.getValue().removeIf(waiting -> waiting.request().id() == requestId);
            if (entry.getValue().isEmpty()) {
                deadlines.cancel(Kind.HELD, entry.getKey());
                each.remove();
            }
        }
    }
}
