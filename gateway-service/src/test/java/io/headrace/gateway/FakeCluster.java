package io.headrace.gateway;

import io.headrace.client.HeadraceClient;
import io.headrace.client.admin.Admin;
import io.headrace.client.admin.Outcome;
import io.headrace.client.consume.Assignment;
import io.headrace.client.consume.CommittedOffset;
import io.headrace.client.consume.ConsumedRecord;
import io.headrace.client.consume.Consumer;
import io.headrace.client.consume.FetchOptions;
import io.headrace.client.consume.FetchedBatches;
import io.headrace.client.consume.FoundOffset;
import io.headrace.client.consume.IsolationLevel;
import io.headrace.client.consume.Position;
import io.headrace.client.consume.ReadOptions;
import io.headrace.client.error.ConnectionFailedException;
import io.headrace.client.error.HeadraceException;
import io.headrace.client.error.ServerErrorException;
import io.headrace.client.group.GroupConsumer;
import io.headrace.client.group.GroupOptions;
import io.headrace.client.produce.CorrelatedRecord;
import io.headrace.client.produce.Producer;
import io.headrace.client.produce.ProducerMetrics;
import io.headrace.client.produce.ProducerOptions;
import io.headrace.client.produce.ProducerRecord;
import io.headrace.client.produce.RecordMetadata;
import io.headrace.client.produce.SendCallback;
import io.headrace.client.produce.SendResult;
import io.headrace.client.produce.TransactionOptions;
import io.headrace.client.produce.TransactionalProducer;
import io.headrace.protocol.batch.BatchBuilder;

import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;

import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

/** A cluster in memory, behind the interfaces of the client. Safe for use by any threads. */
public final class FakeCluster implements HeadraceClient {
    /** Records above this size are refused, as a broker does. */
    public static final int MAX_RECORD_BYTES = 1 << 20;

    final Map<String, FakeTopic> topics = new TreeMap<>();
    final Map<String, Map<TopicPartition, CommittedOffset>> groups = new TreeMap<>();
    private final List<ProducerOptions> producers = new ArrayList<>();
    public final AtomicInteger fetches = new AtomicInteger();
    private boolean unreachable;

    static final class FakeTopic {
        final Uuid id = Uuid.randomUuid();
        final List<FakeLog> partitions = new ArrayList<>();
        final Map<String, String> configs = new TreeMap<>();
    }

    static final class FakeLog {
        private final List<StoredRecord> records = new ArrayList<>();
        long start;
        private Sinks.One<Boolean> more = Sinks.one();

        long end() {
            return records.size();
        }
    }

    private record StoredRecord(ProducerRecord record, long timestampMs) {}

    /** Makes every call fail as if no node could be reached, or work again. */
    public synchronized void setUnreachable(boolean unreachable) {
        this.unreachable = unreachable;
    }

    /** Creates a topic. */
    public synchronized void topic(String name, int partitions) {
        FakeTopic topic = new FakeTopic();
        for (int i = 0; i < partitions; i++) {
            topic.partitions.add(new FakeLog());
        }
        topics.put(name, topic);
    }

    /** Takes a topic out of sight, as metadata that is behind may. */
    synchronized FakeTopic hide(String name) {
        return Objects.requireNonNull(topics.remove(name));
    }

    /** Brings the same topic back. */
    synchronized void show(String name, FakeTopic topic) {
        topics.put(name, topic);
    }

    /** Stores a record and returns its offset. */
    public long store(String topic, int partition, byte @Nullable [] value) {
        return store(ProducerRecord.of(topic, value).withPartition(partition)).offset();
    }

    /** How many producers were made, with their options. */
    public synchronized List<ProducerOptions> producers() {
        return List.copyOf(producers);
    }

    private RecordMetadata store(ProducerRecord record) {
        Sinks.One<Boolean> woken;
        RecordMetadata stored;
        synchronized (this) {
            checkReachable();
            FakeTopic topic = existing(record.topic());
            int partition = record.partition();
            if (partition == ProducerRecord.ANY_PARTITION) {
                byte[] key = record.key();
                partition =
                        key == null
                                ? 0
                                : Math.floorMod(
                                        java.util.Arrays.hashCode(key), topic.partitions.size());
            }
            if (partition >= topic.partitions.size()) {
                throw error(Errors.UNKNOWN_TOPIC_OR_PARTITION);
            }
            byte[] value = record.value();
            if (value != null && value.length > MAX_RECORD_BYTES) {
                throw error(Errors.MESSAGE_TOO_LARGE);
            }
            FakeLog log = topic.partitions.get(partition);
            long timestampMs =
                    record.timestampMs() == ProducerRecord.NOW
                            ? System.currentTimeMillis()
                            : record.timestampMs();
            log.records.add(new StoredRecord(record, timestampMs));
            stored = new RecordMetadata(record.topic(), partition, log.end() - 1, timestampMs);
            woken = log.more;
            log.more = Sinks.one();
        }
        woken.tryEmitValue(true);
        return stored;
    }

    static <T> T some(@Nullable T value) {
        return java.util.Objects.requireNonNull(value);
    }

    FakeTopic existing(String name) {
        FakeTopic topic = topics.get(name);
        if (topic == null) {
            throw error(Errors.UNKNOWN_TOPIC_OR_PARTITION);
        }
        return topic;
    }

    FakeLog log(TopicPartition partition) {
        FakeTopic topic = existing(partition.topic());
        if (partition.partition() >= topic.partitions.size()) {
            throw error(Errors.UNKNOWN_TOPIC_OR_PARTITION);
        }
        return topic.partitions.get(partition.partition());
    }

    void checkReachable() {
        if (unreachable) {
            throw new ConnectionFailedException("No node answers.", "Is the cluster running?");
        }
    }

    static HeadraceException error(Errors error) {
        return ServerErrorException.of(error, "The operation", null);
    }

    @Override
    public Producer producer(ProducerOptions options) {
        synchronized (this) {
            producers.add(options);
        }
        return new FakeProducer();
    }

    @Override
    public TransactionalProducer transactionalProducer(TransactionOptions options) {
        throw new UnsupportedOperationException("The gateway sends no transactions");
    }

    @Override
    public Consumer consumer() {
        return new FakeConsumer();
    }

    @Override
    public GroupConsumer groupConsumer(GroupOptions options) {
        throw new UnsupportedOperationException("The gateway does not use this");
    }

    @Override
    public Admin admin() {
        return new FakeAdmin(this);
    }

    @Override
    public Mono<Void> close() {
        return Mono.empty();
    }

    private final class FakeProducer implements Producer {
        @Override
        public Mono<RecordMetadata> send(ProducerRecord record) {
            return Mono.fromCallable(() -> store(record));
        }

        @Override
        public <T> Flux<SendResult<T>> send(Publisher<CorrelatedRecord<T>> records) {
            throw new UnsupportedOperationException("The gateway does not use this");
        }

        @Override
        public void send(ProducerRecord record, SendCallback callback) {
            RecordMetadata stored;
            try {
                stored = store(record);
            } catch (HeadraceException e) {
                callback.onFailed(e);
                return;
            }
            callback.onSent(stored);
        }

        @Override
        public boolean trySend(ProducerRecord record, SendCallback callback) {
            send(record, callback);
            return true;
        }

        @Override
        public Mono<Void> flush() {
            return Mono.empty();
        }

        @Override
        public ProducerMetrics metrics() {
            throw new UnsupportedOperationException("The gateway does not use this");
        }

        @Override
        public Mono<Void> close() {
            return Mono.empty();
        }
    }

    private final class FakeConsumer implements Consumer {
        @Override
        public Flux<ConsumedRecord> read(Assignment assignment, ReadOptions options) {
            throw new UnsupportedOperationException("The gateway does not use this");
        }

        @Override
        public Flux<FetchedBatches> readBatches(Assignment assignment, ReadOptions options) {
            throw new UnsupportedOperationException("The gateway does not use this");
        }

        @Override
        public Mono<FetchedBatches> fetch(
                TopicPartition partition, long offset, FetchOptions options) {
            return Mono.defer(
                    () -> {
                        fetches.incrementAndGet();
                        Mono<Boolean> more;
                        synchronized (FakeCluster.this) {
                            checkReachable();
                            FakeLog log = log(partition);
                            if (offset < log.start || offset > log.end()) {
                                return Mono.error(error(Errors.OFFSET_OUT_OF_RANGE));
                            }
                            if (offset < log.end() || options.maxWait().isZero()) {
                                return Mono.just(read(partition, log, offset, options));
                            }
                            more = log.more.asMono();
                        }
                        return more.timeout(options.maxWait(), Mono.just(false))
                                .map(
                                        woken -> {
                                            synchronized (FakeCluster.this) {
                                                return read(
                                                        partition, log(partition), offset, options);
                                            }
                                        });
                    });
        }

        private FetchedBatches read(
                TopicPartition partition, FakeLog log, long offset, FetchOptions options) {
            BatchBuilder batch = BatchBuilder.growing().baseOffset(offset);
            int bytes = 0;
            for (long at = offset; at < log.end() && bytes < options.maxBytes(); at++) {
                StoredRecord stored = log.records.get((int) at);
                ProducerRecord record = stored.record();
                batch.append(stored.timestampMs(), record.key(), record.value(), record.headers());
                byte[] value = record.value();
                bytes += 20 + (value == null ? 0 : value.length);
            }
            return new FetchedBatches(
                    partition,
                    offset,
                    log.start,
                    log.end(),
                    log.end(),
                    batch.isEmpty() ? ByteBuffer.allocate(0) : batch.build(),
                    IsolationLevel.READ_COMMITTED,
                    List.of());
        }

        @Override
        public Mono<Map<TopicPartition, FoundOffset>> offsets(
                Map<TopicPartition, Position> positions) {
            return Mono.fromCallable(
                    () -> {
                        synchronized (FakeCluster.this) {
                            checkReachable();
                            Map<TopicPartition, FoundOffset> found = new LinkedHashMap<>();
                            positions.forEach((p, at) -> found.put(p, find(log(p), at)));
                            return found;
                        }
                    });
        }
    }

    static FoundOffset find(FakeLog log, Position position) {
        long offset =
                switch (position) {
                    case Position.AtOffset(long at) -> at;
                    case Position.Earliest() -> log.start;
                    case Position.Latest() -> log.end();
                    case Position.BeforeEnd(long count) -> Math.max(log.start, log.end() - count);
                    case Position.AtTimestamp(long ms) -> {
                        long at = log.start;
                        while (at < log.end() && log.records.get((int) at).timestampMs() < ms) {
                            at++;
                        }
                        yield at;
                    }
                };
        return new FoundOffset(offset, -1, -1);
    }

    <K, T> Mono<Map<K, Outcome<T>>> each(Collection<K> keys, Function<K, T> task) {
        return Mono.fromCallable(
                () -> {
                    synchronized (this) {
                        checkReachable();
                        Map<K, Outcome<T>> outcomes = new LinkedHashMap<>();
                        for (K key : keys) {
                            Outcome<T> outcome;
                            try {
                                outcome = new Outcome.Done<>(task.apply(key));
                            } catch (HeadraceException e) {
                                outcome = new Outcome.Refused<>(e);
                            }
                            outcomes.put(key, outcome);
                        }
                        return outcomes;
                    }
                });
    }
}
