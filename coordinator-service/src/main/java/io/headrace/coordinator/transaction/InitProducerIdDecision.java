package io.headrace.coordinator.transaction;

import io.headrace.coordinator.shard.ShardRequest;

import org.apache.kafka.common.message.InitProducerIdRequestData;
import org.apache.kafka.common.message.InitProducerIdResponseData;
import org.apache.kafka.common.protocol.Errors;

/**
 * Decides InitProducerId with a transactional id: fences the producer before, has its open
 * transaction aborted, and answers with the epoch of the new one (KIP-98, KIP-360). Confined to the
 * shard's core.
 */
final class InitProducerIdDecision {
    private final TransactionSpace space;
    private final EndTransactionDecision ends;

    InitProducerIdDecision(TransactionSpace space, EndTransactionDecision ends) {
        this.space = space;
        this.ends = ends;
    }

    void decide(ShardRequest request, InitProducerIdRequestData body) {
        String transactionalId = body.transactionalId();
        Errors problem = problem(body);
        if (transactionalId == null || problem != Errors.NONE) {
            refuse(request, body, problem);
            return;
        }
        TransactionState state = space.state(transactionalId);
        if (state == null) {
            begin(request, body, transactionalId);
            return;
        }
        if (isOther(state, body)) {
            refuse(request, body, Errors.PRODUCER_FENCED);
            return;
        }
        switch (state.status()) {
            case PREPARE_COMMIT, PREPARE_ABORT -> space.hold(transactionalId, request);
            case ONGOING -> {
                if (hasOtherEpoch(state, body)) {
                    refuse(request, body, Errors.PRODUCER_FENCED);
                } else {
                    ends.fenceAndAbort(transactionalId, state);
                    space.hold(transactionalId, request);
                }
            }
            case EMPTY, COMPLETE_COMMIT, COMPLETE_ABORT ->
                    renew(request, body, transactionalId, state);
        }
    }

    private Errors problem(InitProducerIdRequestData body) {
        if (body.transactionalId() == null || body.transactionalId().isEmpty()) {
            return Errors.INVALID_REQUEST;
        }
        if (body.enable2Pc()) {
            return Errors.TRANSACTIONAL_ID_AUTHORIZATION_FAILED; // as where KIP-939 is not enabled
        }
        if (body.keepPreparedTxn()) {
            return Errors.UNSUPPORTED_VERSION;
        }
        boolean isHalf = (body.producerId() < 0) != (body.producerEpoch() < 0);
        if (isHalf) {
            return Errors.INVALID_REQUEST;
        }
        int timeoutMs = body.transactionTimeoutMs();
        return timeoutMs <= 0 || timeoutMs > space.properties().maxTimeoutMs()
                ? Errors.INVALID_TRANSACTION_TIMEOUT
                : Errors.NONE;
    }

    private void begin(
            ShardRequest request, InitProducerIdRequestData body, String transactionalId) {
        if (!space.hasRoom()) {
            refuse(request, body, Errors.POLICY_VIOLATION);
            return;
        }
        Long producerId = space.producerIdFor(request);
        if (producerId != null) {
            answer(
                    request,
                    transactionalId,
                    TransactionState.begin(producerId, body.transactionTimeoutMs(), space.nowMs()));
        }
    }

    /** A producer that names an id which is neither this one nor the exhausted one before it. */
    private static boolean isOther(TransactionState state, InitProducerIdRequestData body) {
        long expected = body.producerId();
        boolean isPrevious =
                expected == state.previousProducerId()
                        && body.producerEpoch() >= TransactionState.LAST_EPOCH;
        return expected >= 0
                && expected != state.producerId()
                && !isPrevious
                && !state.isNext(expected, body.producerEpoch());
    }

    /** An older session may not abort the transaction of a newer one. */
    private static boolean hasOtherEpoch(TransactionState state, InitProducerIdRequestData body) {
        return body.producerId() >= 0
                && (body.producerId() != state.producerId()
                        || body.producerEpoch() != state.producerEpoch());
    }

    private void renew(
            ShardRequest request,
            InitProducerIdRequestData body,
            String transactionalId,
            TransactionState state) {
        boolean namesItself = body.producerId() >= 0;
        short expected = body.producerEpoch();
        int timeoutMs = body.transactionTimeoutMs();
        boolean isCurrent =
                body.producerId() == state.producerId() && expected == state.producerEpoch();
        if (namesItself && !isCurrent) {
            if (isRepeated(state, body)) {
                reply(request, state);
            } else {
                refuse(request, body, Errors.PRODUCER_FENCED);
            }
            return;
        }
        short lastEpoch = namesItself ? state.producerEpoch() : TransactionState.NO_EPOCH;
        if (!state.isEpochExhausted()) {
            answer(request, transactionalId, state.bumped(lastEpoch, timeoutMs, space.nowMs()));
            return;
        }
        Long producerId = space.producerIdFor(request);
        if (producerId != null) {
            answer(
                    request,
                    transactionalId,
                    state.rotated(producerId, lastEpoch, timeoutMs, space.nowMs()));
        }
    }

    /** The same question again: its answer was lost. */
    private static boolean isRepeated(TransactionState state, InitProducerIdRequestData body) {
        return body.producerEpoch() == state.lastProducerEpoch()
                && (body.producerId() == state.producerId()
                        || body.producerId() == state.previousProducerId());
    }

    private void answer(ShardRequest request, String transactionalId, TransactionState state) {
        space.store(transactionalId, state);
        reply(request, state);
    }

    private void reply(ShardRequest request, TransactionState state) {
        space.reply(
                request,
                new InitProducerIdResponseData()
                        .setProducerId(state.producerId())
                        .setProducerEpoch(state.producerEpoch()));
    }

    private void refuse(ShardRequest request, InitProducerIdRequestData body, Errors error) {
        space.reply(request, TransactionErrors.reply(body, request.version(), error));
    }
}
