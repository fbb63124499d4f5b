package io.headrace.standalone.failover;

import io.headrace.testkit.history.Acknowledgement;
import io.headrace.testkit.history.History;
import io.headrace.testkit.history.HistoryChecker;
import io.headrace.testkit.history.ReadRecord;
import io.headrace.testkit.history.SentRecord;
import io.headrace.testkit.history.Violation;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;

/**
 * A producer that sends a record every 2 ms with acks=all and a consumer that reads them as they
 * come, both Kafka's own with default timeouts but for the back-off between retries.
 */
final class Probe implements AutoCloseable {
    private static final String NAME = "probe";
    private static final long EVERY_NANOS = 2_000_000;
    private static final int VALUE_BYTES = 100;
    private static final int RETRY_BACKOFF_MS = 20;
    private static final Duration POLL = Duration.ofMillis(100);
    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(60);
    private static final long READ_LIMIT_NANOS = Duration.ofSeconds(60).toNanos();

    private final String bootstrap;
    private final TopicPartition target;
    private final KafkaProducer<byte[], byte[]> producer;
    private final GapMeter acknowledgements = new GapMeter();
    private final GapMeter arrivals = new GapMeter();
    private final List<SentRecord> sent = Collections.synchronizedList(new ArrayList<>());
    private final List<Acknowledgement> acknowledged =
            Collections.synchronizedList(new ArrayList<>());
    private final List<String> errors = Collections.synchronizedList(new ArrayList<>());
    private final Thread sender;
    private final Thread reader;
    private volatile boolean stopSending;
    private volatile boolean stopReading;

    Probe(String bootstrap, TopicPartition target) {
        this.bootstrap = bootstrap;
        this.target = target;
        this.producer =
                new KafkaProducer<>(
                        Map.of(
                                "bootstrap.servers", bootstrap,
                                "acks", "all",
                                "linger.ms", 0,
                                "retry.backoff.ms", RETRY_BACKOFF_MS,
                                "retry.backoff.max.ms", RETRY_BACKOFF_MS),
                        new ByteArraySerializer(),
                        new ByteArraySerializer());
        this.sender = Thread.ofPlatform().daemon().name("probe-send").start(this::send);
        this.reader = Thread.ofPlatform().daemon().name("probe-read").start(this::read);
    }

    GapMeter acknowledgements() {
        return acknowledgements;
    }

    GapMeter arrivals() {
        return arrivals;
    }

    /** What clients were told went wrong so far. */
    List<String> errors() {
        synchronized (errors) {
            return List.copyOf(errors);
        }
    }

    private void send() {
        long dueNanos = System.nanoTime();
        long sequence = 0;
        while (!stopSending) {
            SentRecord record =
                    new SentRecord(NAME, sequence++, target.topic(), target.partition());
            sent.add(record);
            byte[] value = ByteBuffer.allocate(VALUE_BYTES).putLong(record.sequence()).array();
            try {
                producer.send(
                        new ProducerRecord<>(target.topic(), target.partition(), null, value),
                        (metadata, failure) -> {
                            if (failure == null) {
                                acknowledgements.tick(System.nanoTime());
                                acknowledged.add(new Acknowledgement(record, metadata.offset()));
                            } else {
                                errors.add("produce: " + failure);
                            }
                        });
            } catch (KafkaException | IllegalStateException refused) {
                if (stopSending) {
                    return; // closed meanwhile
                }
                errors.add("produce: " + refused);
            }
            dueNanos += EVERY_NANOS;
            LockSupport.parkNanos(dueNanos - System.nanoTime());
        }
    }

    private void read() {
        try (KafkaConsumer<byte[], byte[]> consumer = consumer()) {
            consumer.assign(List.of(target));
            consumer.seekToBeginning(List.of(target));
            while (!stopReading) {
                if (!consumer.poll(POLL).isEmpty()) {
                    arrivals.tick(System.nanoTime());
                }
            }
        } catch (KafkaException failure) {
            errors.add("consume: " + failure);
        }
    }

    private KafkaConsumer<byte[], byte[]> consumer() {
        Map<String, Object> configs = new HashMap<>();
        configs.put("bootstrap.servers", bootstrap);
        configs.put("retry.backoff.ms", RETRY_BACKOFF_MS);
        configs.put("retry.backoff.max.ms", RETRY_BACKOFF_MS);
        configs.put("allow.auto.create.topics", false);
        return new KafkaConsumer<>(
                configs, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    /** Stops sending, waits for the last answers, reads everything again and checks it. */
    List<Violation> finish() throws InterruptedException {
        stopSending = true;
        sender.join();
        producer.close(CLOSE_LIMIT);
        stopReading = true;
        reader.join();
        List<ReadRecord> read = readAll();
        return HistoryChecker.check(
                new History(new HashSet<>(sent), List.copyOf(acknowledged), read));
    }

    private List<ReadRecord> readAll() {
        List<ReadRecord> read = new ArrayList<>();
        try (KafkaConsumer<byte[], byte[]> consumer = consumer()) {
            consumer.assign(List.of(target));
            consumer.seekToBeginning(List.of(target));
            long end = consumer.endOffsets(List.of(target)).getOrDefault(target, 0L);
            long deadlineNanos = System.nanoTime() + READ_LIMIT_NANOS;
            while (consumer.position(target) < end && System.nanoTime() < deadlineNanos) {
                for (ConsumerRecord<byte[], byte[]> one : consumer.poll(POLL)) {
                    long sequence = ByteBuffer.wrap(one.value()).getLong();
                    read.add(
                            new ReadRecord(
                                    "final",
                                    one.topic(),
                                    one.partition(),
                                    one.offset(),
                                    new SentRecord(
                                            NAME, sequence, target.topic(), target.partition())));
                }
            }
        }
        return read;
    }

    @Override
    public void close() {
        stopSending = true;
        stopReading = true;
        producer.close(Duration.ZERO);
    }
}
