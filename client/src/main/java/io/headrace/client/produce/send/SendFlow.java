package io.headrace.client.produce.send;

import io.headrace.client.error.HeadraceException;
import io.headrace.client.produce.CorrelatedRecord;
import io.headrace.client.produce.RecordMetadata;
import io.headrace.client.produce.SendCallback;
import io.headrace.client.produce.SendResult;

import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;

import reactor.core.CoreSubscriber;
import reactor.core.publisher.FluxSink;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * A stream of records through a producer. Records that are asked of the source, in the buffer, or
 * ended but not yet taken by the subscriber never exceed {@code concurrency}. All methods that
 * change it hold its lock.
 */
final class SendFlow<T> implements CoreSubscriber<CorrelatedRecord<T>> {
    private static final int REQUEST_MAX = 256;

    private final BatchingProducer producer;
    private final FluxSink<SendResult<T>> sink;
    private final int concurrency;
    private final Deque<CorrelatedRecord<T>> backlog = new ArrayDeque<>();

    private @Nullable Subscription source;
    private long askedOfSource;
    private long received;
    private long ended;
    private long wanted;
    private boolean sourceDone;
    private boolean listening;
    private boolean cancelled;

    SendFlow(BatchingProducer producer, FluxSink<SendResult<T>> sink, int concurrency) {
        this.producer = producer;
        this.sink = sink;
        this.concurrency = concurrency;
        sink.onRequest(this::onDemand);
        sink.onDispose(this::onCancel);
    }

    private final class Callback implements SendCallback {
        private final T correlation;

        Callback(T correlation) {
            this.correlation = correlation;
        }

        @Override
        public void onSent(RecordMetadata metadata) {
            onEnded(new SendResult.Sent<>(correlation, metadata));
        }

        @Override
        public void onFailed(HeadraceException error) {
            onEnded(new SendResult.Failed<>(correlation, error));
        }
    }

    @Override
    public void onSubscribe(Subscription subscription) {
        long ask;
        synchronized (this) {
            source = subscription;
            if (cancelled) {
                subscription.cancel();
                return;
            }
            ask = nextRequest();
        }
        request(subscription, ask);
    }

    @Override
    public void onNext(CorrelatedRecord<T> record) {
        synchronized (this) {
            received++;
            backlog.add(record);
        }
        handOver();
    }

    private void onDemand(long demand) {
        synchronized (this) {
            wanted = wanted + demand < 0 ? Long.MAX_VALUE : wanted + demand;
        }
        askForMore();
    }

    private void onEnded(SendResult<T> result) {
        sink.next(result);
        boolean complete;
        synchronized (this) {
            ended++;
            complete = sourceDone && ended == received;
        }
        if (complete) {
            sink.complete();
        } else {
            askForMore();
        }
    }

    /** Hands over what the producer takes; the lock keeps the order. */
    private void handOver() {
        synchronized (this) {
            while (!backlog.isEmpty() && !cancelled) {
                CorrelatedRecord<T> first = backlog.peek();
                if (!producer.trySend(first.record(), new Callback(first.correlation()))) {
                    if (listening) {
                        return;
                    }
                    // Once more after asking to be told: room may have come in between.
                    listening = true;
                    producer.onceRoom(this::onRoom);
                    continue;
                }
                backlog.remove();
            }
        }
        askForMore();
    }

    private void onRoom() {
        synchronized (this) {
            listening = false;
        }
        handOver();
    }

    private void askForMore() {
        Subscription from;
        long ask;
        synchronized (this) {
            from = source;
            ask = from == null ? 0 : nextRequest();
        }
        if (from != null) {
            request(from, ask);
        }
    }

    private static void request(Subscription from, long ask) {
        if (ask > 0) {
            from.request(ask);
        }
    }

    private long nextRequest() {
        long taken = Math.min(ended, wanted);
        long room = concurrency - (askedOfSource - taken);
        boolean behind = !backlog.isEmpty() || askedOfSource - received > REQUEST_MAX / 2;
        if (cancelled || sourceDone || behind || room <= 0) {
            return 0;
        }
        long ask = Math.min(room, REQUEST_MAX);
        askedOfSource += ask;
        return ask;
    }

    @Override
    public void onError(Throwable failure) {
        sink.error(failure);
    }

    @Override
    public void onComplete() {
        boolean complete;
        synchronized (this) {
            sourceDone = true;
            complete = ended == received;
        }
        if (complete) {
            sink.complete();
        }
    }

    private void onCancel() {
        Subscription from;
        synchronized (this) {
            cancelled = true;
            backlog.clear();
            from = source;
        }
        if (from != null) {
            from.cancel();
        }
    }
}
