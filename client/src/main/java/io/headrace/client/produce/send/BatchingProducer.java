package io.headrace.client.produce.send;

import io.headrace.client.connection.Connections;
import io.headrace.client.connection.Failures;
import io.headrace.client.error.DeadlineExceededException;
import io.headrace.client.error.HeadraceException;
import io.headrace.client.metadata.Metadata;
import io.headrace.client.produce.CorrelatedRecord;
import io.headrace.client.produce.Producer;
import io.headrace.client.produce.ProducerMetrics;
import io.headrace.client.produce.ProducerOptions;
import io.headrace.client.produce.ProducerRecord;
import io.headrace.client.produce.RecordMetadata;
import io.headrace.client.produce.SendCallback;
import io.headrace.client.produce.SendResult;
import io.headrace.transport.loop.Loop;

import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;

import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;

import java.util.concurrent.CompletableFuture;
import java.util.random.RandomGenerator;

/** The producer over accumulator and sender. */
public final class BatchingProducer implements Producer {
    private final ProducerOptions options;
    private final Loop loop;
    private final Runnable onClosed;
    private final BufferMemory memory;
    private final ProducerCounters counters = new ProducerCounters();
    private final Sender sender;
    private final Accumulator accumulator;
    private volatile boolean closed;

    public BatchingProducer(
            ProducerOptions options,
            Connections connections,
            Metadata metadata,
            Loop loop,
            String lane,
            Runnable onClosed) {
        this(options, connections, metadata, loop, lane, onClosed, null);
    }

    BatchingProducer(
            ProducerOptions options,
            Connections connections,
            Metadata metadata,
            Loop loop,
            String lane,
            Runnable onClosed,
            @Nullable String transactionalId) {
        this.options = options;
        this.loop = loop;
        this.onClosed = onClosed;
        this.memory = new BufferMemory(options.bufferBytes());
        this.sender =
                new Sender(options, connections, metadata, loop, lane, counters, transactionalId);
        this.accumulator =
                new Accumulator(
                        options,
                        memory,
                        metadata,
                        RandomGenerator.of("L64X128MixRandom"),
                        sender::wake);
        this.sender.start(accumulator);
    }

    private record MonoCallback(MonoSink<RecordMetadata> sink) implements SendCallback {
        @Override
        public void onSent(RecordMetadata metadata) {
            sink.success(metadata);
        }

        @Override
        public void onFailed(HeadraceException error) {
            sink.error(error);
        }
    }

    @Override
    public Mono<RecordMetadata> send(ProducerRecord record) {
        return Mono.create(sink -> send(record, new MonoCallback(sink)));
    }

    @Override
    public <T> Flux<SendResult<T>> send(Publisher<CorrelatedRecord<T>> records) {
        return Flux.create(
                sink -> records.subscribe(new SendFlow<>(this, sink, options.flowConcurrency())));
    }

    @Override
    public void send(ProducerRecord record, SendCallback callback) {
        if (closed) {
            callback.onFailed(Failures.closed("The producer"));
            return;
        }
        accumulator.add(record, callback, true, System.currentTimeMillis());
        if (accumulator.waitingCount() > 0) {
            sender.wake();
        }
    }

    @Override
    public boolean trySend(ProducerRecord record, SendCallback callback) {
        if (closed) {
            callback.onFailed(Failures.closed("The producer"));
            return true;
        }
        boolean taken = accumulator.add(record, callback, false, System.currentTimeMillis());
        if (!taken || accumulator.waitingCount() > 0) {
            sender.wake();
        }
        return taken;
    }

    /** Goes on as somebody else; nothing may be on its way. */
    CompletableFuture<Void> adopt(ProducerIdentity identity) {
        return CompletableFuture.runAsync(() -> sender.adopt(identity), loop);
    }

    void onceRoom(Runnable listener) {
        accumulator.onceRoom(listener);
    }

    @Override
    public Mono<Void> flush() {
        return Mono.defer(
                () -> {
                    CompletableFuture<Void> flushed = new CompletableFuture<>();
                    loop.execute(() -> flushOnLoop(flushed));
                    return Mono.fromFuture(flushed, true);
                });
    }

    private void flushOnLoop(CompletableFuture<Void> flushed) {
        sender.urgent(true);
        CompletableFuture<?>[] open =
                sender.openBatches().stream()
                        .map(ProduceBatch::done)
                        .toArray(CompletableFuture<?>[]::new);
        if (open.length == 0 && accumulator.waitingCount() == 0) {
            sender.urgent(false);
            flushed.complete(null);
        } else if (open.length == 0) {
            loop.schedule(() -> flushOnLoop(flushed), 1);
        } else {
            CompletableFuture.allOf(open)
                    .thenRunAsync(
                            () -> {
                                if (accumulator.waitingCount() > 0) {
                                    flushOnLoop(flushed);
                                } else {
                                    sender.urgent(false);
                                    flushed.complete(null);
                                }
                            },
                            loop);
        }
    }

    @Override
    public ProducerMetrics metrics() {
        return counters.snapshot(memory.usedBytes(), accumulator.waitingCount(), sender.identity());
    }

    @Override
    public Mono<Void> close() {
        return Mono.defer(
                () -> {
                    closed = true;
                    return flush().timeout(options.deliveryTimeout())
                            .onErrorResume(failure -> Mono.empty())
                            .then(Mono.fromFuture(this::abort))
                            .doOnTerminate(onClosed);
                });
    }

    private CompletableFuture<Void> abort() {
        return CompletableFuture.runAsync(
                () ->
                        sender.abort(
                                new DeadlineExceededException(
                                        "The producer was closed before the record was stored.",
                                        "It may be stored.")),
                loop);
    }
}
