package io.headrace.gateway.record;

import io.headrace.client.HeadraceClient;
import io.headrace.client.error.HeadraceException;
import io.headrace.client.produce.Acks;
import io.headrace.client.produce.Producer;
import io.headrace.client.produce.ProducerOptions;
import io.headrace.client.produce.ProducerRecord;
import io.headrace.client.produce.RecordMetadata;
import io.headrace.client.produce.SendCallback;

import org.jspecify.annotations.Nullable;

import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * The producers of the gateway: one for each principal and kind of acknowledgement, shared by all
 * requests, so that small requests share batches. Producers with acks=all are idempotent: what they
 * retry is stored once.
 */
public final class ProducerPool {
    /** Who the callers are while there is no security. */
    public static final String ANONYMOUS = "ANONYMOUS";

    private final HeadraceClient client;
    private final Duration timeout;
    private final int maxRequestBytes;
    private final ConcurrentMap<Slot, Producer> producers = new ConcurrentHashMap<>();

    private record Slot(String principal, Acks acks) {}

    public ProducerPool(HeadraceClient client, Duration timeout, int maxRecordBytes) {
        this.client = client;
        this.timeout = timeout;
        this.maxRequestBytes = maxRecordBytes;
    }

    private Producer producer(String principal, Acks acks) {
        return producers.computeIfAbsent(
                new Slot(principal, acks),
                slot ->
                        client.producer(
                                ProducerOptions.builder()
                                        .acks(slot.acks())
                                        .idempotent(slot.acks() == Acks.ALL)
                                        .maxRequestBytes(maxRequestBytes)
                                        .maxBlock(timeout)
                                        .deliveryTimeout(timeout)
                                        .build()));
    }

    /** Sends records; one outcome for each, in their order. Cancelling takes nothing back. */
    public Mono<List<SentRecord>> send(String principal, Acks acks, List<ProducerRecord> records) {
        return Mono.create(
                sink -> {
                    Producer producer = producer(principal, acks);
                    Outcomes outcomes = new Outcomes(records.size(), sink);
                    for (int i = 0; i < records.size(); i++) {
                        producer.send(records.get(i), outcomes.at(i));
                    }
                });
    }

    /** Flushes and closes all producers. */
    public Mono<Void> close() {
        return Flux.fromIterable(producers.values()).flatMap(Producer::close).then();
    }

    /**
     * What became of a record.
     *
     * @param stored where it is; null when it failed
     * @param error why it failed; null when it is stored
     */
    public record SentRecord(@Nullable RecordMetadata stored, @Nullable HeadraceException error) {}

    private static final class Outcomes {
        private final AtomicReferenceArray<SentRecord> outcomes;
        private final AtomicInteger left;
        private final MonoSink<List<SentRecord>> sink;

        Outcomes(int count, MonoSink<List<SentRecord>> sink) {
            this.outcomes = new AtomicReferenceArray<>(count);
            this.left = new AtomicInteger(count);
            this.sink = sink;
        }

        SendCallback at(int index) {
            return new SendCallback() {
                @Override
                public void onSent(RecordMetadata metadata) {
                    set(index, new SentRecord(metadata, null));
                }

                @Override
                public void onFailed(HeadraceException error) {
                    set(index, new SentRecord(null, error));
                }
            };
        }

        private void set(int index, SentRecord outcome) {
            outcomes.set(index, outcome);
            if (left.decrementAndGet() == 0) {
                SentRecord[] all = new SentRecord[outcomes.length()];
                for (int i = 0; i < all.length; i++) {
                    all[i] = outcomes.get(i);
                }
                sink.success(List.of(all));
            }
        }
    }
}
