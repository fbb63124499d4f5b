package io.headrace.client.produce;

import org.reactivestreams.Publisher;

import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Sends records, in batches. Safe for use by any threads; one producer serves a whole process.
 *
 * <pre>{@code
 * Producer producer = client.producer(ProducerOptions.defaults());
 * RecordMetadata stored = producer.send(ProducerRecord.ofText("orders", "7", "...")).block();
 *
 * producer.send(lines.map(line -> new CorrelatedRecord<>(line.number(), line.toRecord())))
 *         .subscribe(result -> {
 *             switch (result) {
 *                 case SendResult.Sent<Long> sent -> confirm(sent.correlation());
 *                 case SendResult.Failed<Long> failed -> report(failed.correlation(), failed.error());
 *             }
 *         });
 * }</pre>
 *
 * <p>Records of one partition are stored in the order in which they were handed over. Failures are
 * {@link io.headrace.client.error.HeadraceException}s.
 */
public interface Producer {
    /**
     * Sends a record when subscribed to, and answers where it was stored. While the buffer is full
     * it waits up to {@link ProducerOptions#maxBlock}, then fails with {@link
     * io.headrace.client.error.BufferFullException}. Cancelling does not take the record back.
     */
    Mono<RecordMetadata> send(ProducerRecord record);

    /**
     * Sends a stream of records. Each gets one result, in the order of outcomes; a failed record
     * does not end the stream, an error of the source does. The source is asked for as many records
     * as {@link ProducerOptions#flowConcurrency} and the subscriber's demand allow.
     */
    <T> Flux<SendResult<T>> send(Publisher<CorrelatedRecord<T>> records);

    /**
     * Sends a record and calls back with its outcome: the cheapest form, for high rates. It never
     * blocks; while the buffer is full the record waits as with {@link #send(ProducerRecord)}. Hand
     * over no more than is acknowledged in time, or use {@link #trySend}.
     */
    void send(ProducerRecord record, SendCallback callback);

    /**
     * As {@link #send(ProducerRecord, SendCallback)} if the record fits into the buffer now.
     *
     * @return false when there is no room: nothing was taken and the callback is never called
     */
    boolean trySend(ProducerRecord record, SendCallback callback);

    /** Sends what waits without lingering; completes when all records handed over have ended. */
    Mono<Void> flush();

    /** What the producer did so far. */
    ProducerMetrics metrics();

    /** Flushes, then closes; later records fail. Bounded by the delivery timeout. */
    Mono<Void> close();
}
