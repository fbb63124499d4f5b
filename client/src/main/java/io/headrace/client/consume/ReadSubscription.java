package io.headrace.client.consume;

import io.headrace.client.connection.Failures;
import io.headrace.client.consume.ReadBuffer.Buffered;
import io.headrace.client.error.HeadraceException;

import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;

import reactor.core.publisher.Operators;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLongFieldUpdater;

/**
 * Hands what an engine has fetched to a subscriber, as it asks. Signals come on the engine's loop,
 * one at a time.
 *
 * @param <T> what is handed out
 */
public abstract class ReadSubscription<T> implements Subscription, ReadEngine.Listener {
    @SuppressWarnings("rawtypes") // An updater knows no type parameters.
    private static final AtomicLongFieldUpdater<ReadSubscription> REQUESTED =
            AtomicLongFieldUpdater.newUpdater(ReadSubscription.class, "requested");

    private final Subscriber<? super T> subscriber;
    private final boolean completes;
    private final AtomicBoolean scheduled = new AtomicBoolean();
    private volatile long requested;
    private volatile boolean ended;
    private @Nullable ReadEngine engine;
    private boolean started;
    private boolean draining;
    private boolean over;

    protected ReadSubscription(Subscriber<? super T> subscriber, boolean completes) {
        this.subscriber = subscriber;
        this.completes = completes;
    }

    /** Begins to hand out; on the engine's loop. */
    public void start(ReadEngine source) {
        engine = source;
    }

    /** The engine has been given its partitions: having none left ends the stream. */
    public void onStarted() {
        started = true;
        drain();
    }

    /** The next element, or null when nothing is there; on the loop. */
    protected abstract @Nullable T next(ReadEngine source);

    /** Called once when the subscriber cancels or the stream ends, before the engine closes. */
    protected abstract void onEnd();

    private ReadEngine engine() {
        ReadEngine known = engine;
        if (known == null) {
            throw new IllegalStateException("Not started");
        }
        return known;
    }

    @Override
    public void request(long count) {
        if (count <= 0) {
            engine().loop()
                    .run(
                            () ->
                                    fail(
                                            new IllegalArgumentException(
                                                    "Demand of " + count + " is not positive")));
            return;
        }
        Operators.addCap(REQUESTED, this, count);
        if (engine().loop().inLoop()) {
            drain();
        } else if (scheduled.compareAndSet(false, true)) {
            engine().loop()
                    .execute(
                            () -> {
                                scheduled.set(false);
                                drain();
                            });
        }
    }

    @Override
    public void cancel() {
        ended = true;
        engine().loop().run(this::end);
    }

    @Override
    public void onAvailable() {
        drain();
    }

    @Override
    public void onFailure(HeadraceException failure) {
        fail(failure);
    }

    /** Ends the stream with a failure; on the loop. */
    public void fail(Throwable failure) {
        if (!ended) {
            ended = true;
            subscriber.onError(failure);
            end();
        }
    }

    /** Ends the stream; on the loop. */
    public void complete() {
        if (!ended) {
            ended = true;
            subscriber.onComplete();
            end();
        }
    }

    private void end() {
        if (!over) {
            over = true;
            onEnd();
            engine().close();
        }
    }

    private void drain() {
        if (draining || ended) {
            return;
        }
        draining = true;
        try {
            boolean more = true;
            while (more && !ended && requested > 0) {
                more = emit();
            }
            if (!ended && completes && started && engine().readings().isEmpty()) {
                complete();
            }
        } catch (RuntimeException e) {
            fail(Failures.of(e, "Reading"));
        } finally {
            draining = false;
        }
    }

    private boolean emit() {
        T element = next(engine());
        if (element == null) {
            return false;
        }
        subscriber.onNext(element);
        Operators.produced(REQUESTED, this, 1);
        return true;
    }

    /** Hands out records one by one. */
    public abstract static class OfRecords extends ReadSubscription<ConsumedRecord> {
        private final ReadOptions options;
        private @Nullable Buffered current;
        private @Nullable RecordCursor cursor;

        protected OfRecords(
                Subscriber<? super ConsumedRecord> subscriber,
                ReadOptions options,
                boolean completes) {
            super(subscriber, completes);
            this.options = options;
        }

        @Override
        protected @Nullable ConsumedRecord next(ReadEngine source) {
            while (true) {
                Buffered answer = current;
                RecordCursor records = cursor;
                if (answer == null || records == null) {
                    answer = source.poll();
                    if (answer == null) {
                        return null;
                    }
                    records =
                            new RecordCursor(
                                    answer.answer(),
                                    options.maxDecompressedBytes(),
                                    options.checkCrcs());
                    current = answer;
                    cursor = records;
                }
                Reading reading = answer.reading();
                if (answer.isCurrent() && records.hasNext()) {
                    ConsumedRecord record = records.next();
                    if (record.offset() < reading.endOffset()) {
                        reading.delivered(record.offset() + 1, record.leaderEpoch());
                        return record;
                    }
                } else {
                    if (answer.isCurrent()) {
                        reading.delivered(records.nextFetchOffset(), records.leaderEpoch());
                    }
                    closeCursor();
                    source.consumed(answer);
                }
            }
        }

        private void closeCursor() {
            RecordCursor open = cursor;
            current = null;
            cursor = null;
            if (open != null) {
                open.close();
            }
        }

        @Override
        protected void onEnd() {
            closeCursor();
        }
    }

    /** Hands out whole answers. */
    public abstract static class OfBatches extends ReadSubscription<FetchedBatches> {
        protected OfBatches(Subscriber<? super FetchedBatches> subscriber, boolean completes) {
            super(subscriber, completes);
        }

        @Override
        protected @Nullable FetchedBatches next(ReadEngine source) {
            Buffered answer = source.poll();
            if (answer == null) {
                return null;
            }
            answer.reading().delivered(FetchAnswers.extent(answer.answer()).nextOffset(), -1);
            source.consumed(answer);
            return answer.answer();
        }

        @Override
        protected void onEnd() {}
    }
}
