package io.headrace.coordinator.transaction;

import io.headrace.coordinator.shard.ShardRequest;

import org.apache.kafka.common.message.EndTxnRequestData;
import org.apache.kafka.common.message.EndTxnResponseData;
import org.apache.kafka.common.protocol.Errors;

/**
 * Decides how a transaction ends: by its producer, by its timeout, by a newer producer.
 *
 * <p>With transaction version 2 every end raises the epoch, so a request that was delayed names an
 * older epoch than any later transaction and decides nothing of it; it is known as a repetition
 * only while no later transaction has begun (KIP-890). Confined to the shard's core.
 */
final class EndTransactionDecision {
    private static final short BUMPS_EPOCH = 5;

    private final TransactionSpace space;
    private final Markers markers;

    EndTransactionDecision(TransactionSpace space, Markers markers) {
        this.space = space;
        this.markers = markers;
    }

    void decide(ShardRequest request, EndTxnRequestData body) {
        if (body.transactionalId().isEmpty()) {
            refuse(request, body, Errors.INVALID_REQUEST);
            return;
        }
        TransactionState state = space.state(body.transactionalId());
        if (state == null
                || (state.producerId() != body.producerId() && !repeatsOverflow(state, body))) {
            refuse(request, body, Errors.INVALID_PRODUCER_ID_MAPPING);
        } else if (request.version() >= BUMPS_EPOCH) {
            decideV2(request, body, state);
        } else {
            decideV1(request, body, state);
        }
    }

    private void decideV1(ShardRequest request, EndTxnRequestData body, TransactionState state) {
        if (body.producerId() != state.producerId()) {
            refuse(request, body, Errors.INVALID_PRODUCER_ID_MAPPING);
            return;
        }
        if (body.producerEpoch() != state.producerEpoch()) {
            refuse(request, body, Errors.PRODUCER_FENCED);
            return;
        }
        switch (state.status()) {
            case ONGOING -> {
                prepare(
                        body.transactionalId(),
                        state.prepared(
                                body.committed(),
                                state.producerEpoch(),
                                state.lastProducerEpoch(),
                                TransactionState.NO_PRODUCER_ID,
                                (short) 0,
                                space.nowMs()));
                succeed(request, body);
            }
            case PREPARE_COMMIT, PREPARE_ABORT, COMPLETE_COMMIT, COMPLETE_ABORT ->
                    repeat(request, body, state);
            case EMPTY -> refuse(request, body, Errors.INVALID_TXN_STATE);
        }
    }

    private void decideV2(ShardRequest request, EndTxnRequestData body, TransactionState state) {
        boolean isCurrent =
                body.producerId() == state.producerId()
                        && body.producerEpoch() == state.producerEpoch();
        boolean isRepeated = repeatsBump(state, body) || repeatsOverflow(state, body);
        switch (state.status()) {
            case ONGOING -> {
                if (isCurrent) {
                    end(request, body, state);
                } else {
                    refuse(request, body, Errors.PRODUCER_FENCED);
                }
            }
            case PREPARE_COMMIT, PREPARE_ABORT -> {
                if (isRepeated) {
                    repeat(request, body, state);
                } else {
                    refuse(request, body, Errors.PRODUCER_FENCED);
                }
            }
            case EMPTY, COMPLETE_COMMIT, COMPLETE_ABORT -> {
                if (isCurrent && body.committed()) {
                    refuse(request, body, Errors.INVALID_TXN_STATE);
                } else if (isCurrent) {
                    end(request, body, state); // aborts what never reached a partition
                } else if (isRepeated && state.status().isComplete()) {
                    repeat(request, body, state);
                } else {
                    refuse(request, body, Errors.PRODUCER_FENCED);
                }
            }
        }
    }

    private static boolean repeatsBump(TransactionState state, EndTxnRequestData body) {
        return state.isV2()
                && body.producerId() == state.producerId()
                && body.producerEpoch() + 1 == state.producerEpoch();
    }

    private static boolean repeatsOverflow(TransactionState state, EndTxnRequestData body) {
        return state.isV2()
                && state.status().isComplete()
                && body.producerId() == state.previousProducerId()
                && body.producerEpoch() == TransactionState.LAST_EPOCH
                && state.producerEpoch() == 0;
    }

    private void end(ShardRequest request, EndTxnRequestData body, TransactionState state) {
        long nextProducerId = TransactionState.NO_PRODUCER_ID;
        if (state.isEpochExhausted()) {
            Long fresh = space.producerIdFor(request);
            if (fresh == null) {
                return; // decided again when there is one
            }
            nextProducerId = fresh;
        }
        prepare(
                body.transactionalId(),
                state.prepared(
                        body.committed(),
                        (short) (state.producerEpoch() + 1),
                        state.producerEpoch(),
                        nextProducerId,
                        TransactionState.V2,
                        space.nowMs()));
        succeed(request, body);
    }

    /** The same end again, or the opposite of what was decided. */
    private void repeat(ShardRequest request, EndTxnRequestData body, TransactionState state) {
        boolean wasCommitted =
                state.status() == TransactionStatus.PREPARE_COMMIT
                        || state.status() == TransactionStatus.COMPLETE_COMMIT;
        if (wasCommitted == body.committed()) {
            succeed(request, body);
        } else {
            refuse(request, body, Errors.INVALID_TXN_STATE);
        }
    }

    /**
     * Raises the epoch, so that the producer can write no more, and aborts its transaction.
     *
     * @param state ongoing
     */
    void fenceAndAbort(String transactionalId, TransactionState state) {
        prepare(
                transactionalId,
                state.prepared(
                        false,
                        (short) (state.producerEpoch() + 1),
                        TransactionState.NO_EPOCH,
                        TransactionState.NO_PRODUCER_ID,
                        state.clientVersion(),
                        space.nowMs()));
    }

    private void prepare(String transactionalId, TransactionState prepared) {
        if (prepared.partitions().isEmpty()) {
            space.store(transactionalId, prepared.completed(space.nowMs()));
        } else {
            space.store(transactionalId, prepared);
            markers.begin(transactionalId, prepared);
        }
    }

    private void succeed(ShardRequest request, EndTxnRequestData body) {
        EndTxnResponseData response = new EndTxnResponseData();
        TransactionState state = space.state(body.transactionalId());
        if (request.version() >= BUMPS_EPOCH && state != null) {
            boolean rotates = state.nextProducerId() != TransactionState.NO_PRODUCER_ID;
            response.setProducerId(rotates ? state.nextProducerId() : state.producerId())
                    .setProducerEpoch(rotates ? 0 : state.producerEpoch());
        }
        space.reply(request, response);
    }

    private void refuse(ShardRequest request, EndTxnRequestData body, Errors error) {
        space.reply(request, TransactionErrors.reply(body, request.version(), error));
    }
}
