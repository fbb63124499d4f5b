package io.headrace.standalone.chaos;

import io.headrace.testkit.history.ProducerJournal;
import io.headrace.testkit.history.RecordCode;

import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.ByteArraySerializer;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/** A keyed idempotent producer with acks=all that journals what it sends and what comes back. */
final class ProducerLoad {
    private static final int DELIVERY_MS = 120_000;
    private static final Duration CLOSE_LIMIT = Duration.ofMinutes(3);

    private final ProducerJournal journal;
    private final Activity activity;
    private final int partitions;
    private final int valueBytes;
    private final long everyNanos;
    private final KafkaProducer<byte[], byte[]> producer;
    private final AtomicLong failed = new AtomicLong();
    private final Thread thread;
    private volatile boolean stopping;

    ProducerLoad(
            String bootstrap,
            ProducerJournal journal,
            Activity activity,
            int partitions,
            int perSecond,
            int valueBytes) {
        this.journal = journal;
        this.activity = activity;
        this.partitions = partitions;
        this.valueBytes = valueBytes;
        this.everyNanos = 1_000_000_000L / perSecond;
        this.producer =
                new KafkaProducer<>(
                        Map.of(
                                "bootstrap.servers",
                                bootstrap,
                                "client.id",
                                journal.producer(),
                                "acks",
                                "all",
                                "linger.ms",
                                2,
                                "retry.backoff.ms",
                                50,
                                "delivery.timeout.ms",
                                DELIVERY_MS,
                                "max.block.ms",
                                DELIVERY_MS,
                                "request.timeout.ms",
                                10_000),
                        new ByteArraySerializer(),
                        new ByteArraySerializer());
        this.thread = Thread.ofPlatform().daemon().name(journal.producer()).start(this::run);
    }

    ProducerJournal journal() {
        return journal;
    }

    /** How many records were given up. */
    long failed() {
        return failed.get();
    }

    private void run() {
        long dueNanos = System.nanoTime();
        int turn = journal.id();
        while (!stopping) {
            send(Math.floorMod(turn++, partitions));
            dueNanos += everyNanos;
            long aheadNanos = dueNanos - System.nanoTime();
            if (aheadNanos > 0) {
                LockSupport.parkNanos(aheadNanos);
            } else {
                dueNanos -= aheadNanos; // after an outage: go on at the rate
            }
        }
    }

    private void send(int partition) {
        long sequence = journal.sent(partition);
        byte[] value =
                ByteBuffer.allocate(valueBytes)
                        .putLong(RecordCode.of(journal.id(), sequence))
                        .array();
        byte[] key = ByteBuffer.allocate(Long.BYTES).putLong(sequence % 97).array();
        try {
            producer.send(
                    new ProducerRecord<>(journal.topic(), partition, key, value),
                    (metadata, failure) -> {
                        if (failure == null) {
                            journal.acknowledged(sequence, metadata.offset());
                            activity.done(1);
                        } else {
                            failed.incrementAndGet();
                        }
                    });
        } catch (KafkaException | IllegalStateException refused) {
            failed.incrementAndGet();
        }
    }

    /** Sends nothing more and waits for the answers to what was sent. */
    void finish() throws InterruptedException {
        stopping = true;
        thread.join();
        producer.close(CLOSE_LIMIT);
    }
}
