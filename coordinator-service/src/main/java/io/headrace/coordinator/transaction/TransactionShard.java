package io.headrace.coordinator.transaction;

import io.headrace.coordinator.shard.Effects;
import io.headrace.coordinator.shard.ShardCore;
import io.headrace.coordinator.shard.ShardEvent;
import io.headrace.coordinator.shard.ShardRecord;
import io.headrace.coordinator.shard.ShardRequest;
import io.headrace.coordinator.transaction.Deadlines.Kind;
import io.headrace.protocol.codec.MalformedFrameException;
import io.headrace.protocol.metadata.MetadataImage;

import org.apache.kafka.common.message.AddOffsetsToTxnRequestData;
import org.apache.kafka.common.message.AddPartitionsToTxnRequestData;
import org.apache.kafka.common.message.DescribeTransactionsRequestData;
import org.apache.kafka.common.message.EndTxnRequestData;
import org.apache.kafka.common.message.InitProducerIdRequestData;
import org.apache.kafka.common.message.ListTransactionsRequestData;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The transactional ids of one partition of {@code __transaction_state}: the replicated state
 * machine that decides every transaction API.
 *
 * <p>Every state that a decision leads to is in the log. A new owner goes on where the log says:
 * transactions that are open keep their deadline, decided ones get their markers written again,
 * which changes nothing in partitions that have them.
 */
public final class TransactionShard implements ShardCore {
    private final TransactionSpace space;
    private final Markers markers;
    private final InitProducerIdDecision inits;
    private final AddPartitionsDecision adds;
    private final EndTransactionDecision ends;
    private final TransactionReads reads;

    public TransactionShard(TransactionProperties properties) {
        this.space = new TransactionSpace(properties);
        this.markers = new Markers(space, this::decideHeld);
        this.ends = new EndTransactionDecision(space, markers);
        this.inits = new InitProducerIdDecision(space, ends);
        this.adds = new AddPartitionsDecision(space);
        this.reads = new TransactionReads(space, markers);
    }

    @Override
    public void replay(ShardRecord record) {
        if (record.key().getShort(record.key().position()) != TransactionRecords.TYPE) {
            return; // of a later version, which will find it here
        }
        try {
            String id = TransactionRecords.readKey(record.key());
            space.restore(
                    id,
                    record.value() == null ? null : TransactionRecords.readValue(record.value()));
        } catch (MalformedFrameException e) {
            throw new IllegalArgumentException("Not a transactional id", e);
        }
    }

    @Override
    public void onLoaded(MetadataImage image, long nowMs, Effects effects) {
        space.begin(nowMs, effects);
        space.setImage(image);
        for (Map.Entry<String, TransactionState> each : List.copyOf(space.states().entrySet())) {
            if (each.getValue().status().isPrepared()) {
                markers.begin(each.getKey(), each.getValue());
            } else {
                space.watch(each.getKey(), each.getValue());
            }
        }
        scheduleExpiry();
    }

    @Override
    public void onRequest(ShardRequest request, long nowMs, Effects effects) {
        space.begin(nowMs, effects);
        decide(request, true);
    }

    private void decide(ShardRequest request, boolean mayHold) {
        switch (request.body()) {
            case InitProducerIdRequestData body -> inits.decide(request, body);
            case AddPartitionsToTxnRequestData body -> adds.decide(request, body, mayHold);
            case AddOffsetsToTxnRequestData body -> adds.decide(request, body, mayHold);
            case EndTxnRequestData body -> ends.decide(request, body);
            case DescribeTransactionsRequestData body -> reads.decide(request, body);
            case ListTransactionsRequestData body -> reads.decide(request, body);
            default ->
                    throw new IllegalArgumentException(
                            "No transaction API: " + request.body().getClass());
        }
    }

    /** The transaction before is complete: what waited for that is decided, in order. */
    private void decideHeld(String transactionalId) {
        for (ShardRequest request : space.takeHeld(transactionalId)) {
            decide(request, true);
        }
    }

    @Override
    public boolean isLight(ShardRequest request) {
        return false;
    }

    @Override
    public void onAbandoned(long requestId, long nowMs, Effects effects) {
        space.begin(nowMs, effects);
        space.abandon(requestId);
    }

    @Override
    public void onMetadata(MetadataImage image, long nowMs, Effects effects) {
        space.begin(nowMs, effects);
        space.setImage(image);
    }

    @Override
    public void onEvent(ShardEvent event, long nowMs, Effects effects) {
        space.begin(nowMs, effects);
        if (!(event instanceof TransactionEvent known)) {
            throw new IllegalArgumentException("No event of transactions: " + event);
        }
        switch (known) {
            case TransactionEvent.MarkersAnswered answered -> markers.onAnswered(answered);
            case TransactionEvent.ProducerIdAllocated(long producerId) ->
                    decideIfAny(space.onProducerId(producerId));
            case TransactionEvent.ProducerIdRefused refused -> refuseIfAny(space.onNoProducerId());
        }
    }

    private void decideIfAny(@Nullable ShardRequest request) {
        if (request != null) {
            decide(request, true);
        }
    }

    private void refuseIfAny(@Nullable ShardRequest request) {
        if (request != null) {
            space.replyNow(
                    request,
                    TransactionErrors.reply(
                            request.body(),
                            request.version(),
                            Errors.COORDINATOR_LOAD_IN_PROGRESS));
        }
    }

    @Override
    public void onTime(long nowMs, Effects effects) {
        space.begin(nowMs, effects);
        Deadlines.Key due = space.deadlines().poll(nowMs);
        while (due != null) {
            onDeadline(due);
            due = space.deadlines().poll(nowMs);
        }
    }

    private void onDeadline(Deadlines.Key due) {
        String id = due.transactionalId();
        switch (due.kind()) {
            case TIMEOUT -> {
                TransactionState state = space.state(id);
                if (state != null && state.status() == TransactionStatus.ONGOING) {
                    ends.fenceAndAbort(id, state);
                }
            }
            case MARKERS -> markers.onRetry(id);
            case HELD -> {
                for (ShardRequest request : space.takeOverdue(id)) {
                    space.replyNow(
                            request,
                            TransactionErrors.reply(
                                    request.body(),
                                    request.version(),
                                    Errors.CONCURRENT_TRANSACTIONS));
                }
            }
            case EXPIRY -> {
                expire();
                scheduleExpiry();
            }
        }
    }

    private void expire() {
        long silentSinceMs = space.nowMs() - space.properties().expirationMs();
        for (Map.Entry<String, TransactionState> each : List.copyOf(space.states().entrySet())) {
            TransactionState state = each.getValue();
            boolean isOpen =
                    state.status() == TransactionStatus.ONGOING || state.status().isPrepared();
            if (!isOpen && state.updateMs() < silentSinceMs) {
                space.forget(each.getKey());
            }
        }
    }

    private void scheduleExpiry() {
        space.deadlines()
                .schedule(Kind.EXPIRY, "", space.nowMs() + space.properties().expirationCheckMs());
    }

    @Override
    public long nextDeadlineMs() {
        return space.deadlines().nextMs();
    }

    /** How many transactional ids are in each state, for metrics; by the states' names. */
    public Map<String, Integer> counts() {
        Map<TransactionStatus, Integer> counts = new EnumMap<>(TransactionStatus.class);
        for (TransactionState state : space.states().values()) {
            counts.merge(state.status(), 1, Integer::sum);
        }
        Map<String, Integer> named = new TreeMap<>();
        counts.forEach((status, count) -> named.put(status.label(), count));
        return named;
    }

    @Nullable TransactionState state(String transactionalId) {
        return space.state(transactionalId);
    }
}
