package io.headrace.client.produce.send;

import io.headrace.client.connection.Connections;
import io.headrace.client.connection.Failures;
import io.headrace.client.connection.Retrier;
import io.headrace.client.error.HeadraceException;
import io.headrace.client.metadata.Coordinators;
import io.headrace.client.metadata.Metadata;
import io.headrace.client.produce.ProducerRecord;
import io.headrace.client.produce.RecordMetadata;
import io.headrace.client.produce.TransactionOptions;
import io.headrace.client.produce.TransactionalProducer;
import io.headrace.transport.loop.Loop;

import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import reactor.core.publisher.Mono;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/**
 * The transactional producer over a batching one.
 *
 * <pre>
 *   NEW --init--&gt; READY --begin--&gt; OPEN --commit, abort--&gt; ENDING --answered--&gt; READY
 *                                   | a send failed          | unknown outcome
 *                                   v                        v
 *                                 FAILED --abort--&gt; ENDING  FAILED;  fenced: FENCED, for good
 * </pre>
 *
 * <p>Thread-safe: the state is guarded by this; calls are made outside of the lock.
 */
public final class BatchingTransactions implements TransactionalProducer {
    private final BatchingProducer producer;
    private final TransactionCalls calls;
    private State state = State.NEW;
    private ProducerIdentity identity = ProducerIdentity.NONE;
    private @Nullable HeadraceException failure;

    /** Whether anything was sent in the open transaction: the cluster knows nothing of another. */
    private boolean touched;

    /** Where a producer is. */
    private enum State {
        NEW,
        READY,
        OPEN,
        FAILED,
        ENDING,
        FENCED
    }

    private BatchingTransactions(BatchingProducer producer, TransactionCalls calls) {
        this.producer = producer;
        this.calls = calls;
    }

    /** A producer of transactions. */
    public static TransactionalProducer start(
            TransactionOptions options,
            Connections connections,
            Metadata metadata,
            Retrier retrier,
            Loop loop,
            String lane,
            Runnable onClosed) {
        BatchingProducer producer =
                new BatchingProducer(
                        options.producer(),
                        connections,
                        metadata,
                        loop,
                        lane,
                        onClosed,
                        options.transactionalId());
        return new BatchingTransactions(
                producer,
                new TransactionCalls(options, connections, new Coordinators(metadata), retrier));
    }

    @Override
    public Mono<Void> init() {
        return Mono.defer(
                () -> {
                    enter(State.ENDING, State.NEW, State.READY);
                    return settled(calls::init, State.NEW);
                });
    }

    @Override
    public Mono<Void> begin() {
        return Mono.fromRunnable(
                () -> {
                    synchronized (this) {
                        enter(State.OPEN, State.READY);
                        touched = false;
                    }
                });
    }

    @Override
    public Mono<RecordMetadata> send(ProducerRecord record) {
        return Mono.defer(
                () -> {
                    touch();
                    return producer.send(record).doOnError(this::onFailed);
                });
    }

    @Override
    public Mono<Void> sendOffsets(GroupOffsets offsets) {
        return Mono.defer(
                () -> {
                    ProducerIdentity mine = touch();
                    return Mono.fromFuture(() -> calls.commitOffsets(mine, offsets), true)
                            .doOnError(this::onFailed);
                });
    }

    @Override
    public Mono<Void> commit() {
        return producer.flush()
                .then(
                        Mono.defer(
                                () -> {
                                    ProducerIdentity mine = enter(State.ENDING, State.OPEN);
                                    return isTouched()
                                            ? settled(() -> calls.end(mine, true), State.FAILED)
                                            : Mono.<Void>fromRunnable(() -> onSettled(mine));
                                }));
    }

    @Override
    public Mono<Void> abort() {
        return Mono.defer(
                () -> {
                    ProducerIdentity mine = enter(State.ENDING, State.OPEN, State.FAILED);
                    if (!isTouched()) {
                        return Mono.<Void>fromRunnable(() -> onSettled(mine));
                    }
                    // What is still on its way ends first; the new epoch fences what does not.
                    return producer.flush()
                            .then(settled(() -> calls.end(mine, false), State.FAILED));
                });
    }

    @Override
    public Mono<Void> close() {
        return Mono.defer(
                () -> {
                    boolean isOpen;
                    synchronized (this) {
                        isOpen = state == State.OPEN || state == State.FAILED;
                    }
                    Mono<Void> end =
                            isOpen ? abort().onErrorResume(ignored -> Mono.empty()) : Mono.empty();
                    return end.then(producer.close());
                });
    }

    /** Takes on the identity that a call answers; its failure leads to another state. */
    private Mono<Void> settled(
            Supplier<CompletableFuture<ProducerIdentity>> call, State onFailure) {
        return Mono.fromFuture(call, true)
                .doOnError(error -> onEndFailed(error, onFailure))
                .flatMap(
                        next ->
                                Mono.fromFuture(() -> producer.adopt(next), true)
                                        .then(Mono.<Void>fromRunnable(() -> onSettled(next))));
    }

    private synchronized ProducerIdentity touch() {
        ProducerIdentity mine = enter(State.OPEN, State.OPEN);
        touched = true;
        return mine;
    }

    private synchronized boolean isTouched() {
        return touched;
    }

    private synchronized void onSettled(ProducerIdentity next) {
        identity = next;
        failure = null;
        state = State.READY;
    }

    private synchronized void onEndFailed(Throwable error, State next) {
        failure = Failures.of(error, "Ending a transaction");
        state = isFenced(failure) ? State.FENCED : next;
    }

    private synchronized void onFailed(Throwable error) {
        HeadraceException known = Failures.of(error, "Sending in a transaction");
        if (state == State.OPEN || isFenced(known)) {
            failure = known;
            state = isFenced(known) ? State.FENCED : State.FAILED;
        }
    }

    private static boolean isFenced(HeadraceException error) {
        return error.error() == Errors.PRODUCER_FENCED
                || error.error() == Errors.INVALID_PRODUCER_ID_MAPPING
                || error.error() == Errors.TRANSACTIONAL_ID_AUTHORIZATION_FAILED;
    }

    /**
     * Goes to a state from one of some others.
     *
     * @return who the producer is in this transaction
     */
    private synchronized ProducerIdentity enter(State next, State... from) {
        for (State each : from) {
            if (state == each) {
                state = next;
                return identity;
            }
        }
        HeadraceException cause = failure;
        if (cause != null && (state == State.FENCED || state == State.FAILED)) {
            throw new HeadraceException(
                    cause.error(),
                    false,
                    state == State.FENCED
                            ? "The producer was replaced by another one."
                            : "The transaction has failed: " + cause.getMessage(),
                    state == State.FENCED ? "Close it." : "Abort it.",
                    cause);
        }
        throw new HeadraceException(
                Errors.INVALID_TXN_STATE,
                false,
                "The producer is " + state + ", not one of " + List.of(from) + ".",
                "Call init once, then begin, sends, and commit or abort.",
                null);
    }
}
