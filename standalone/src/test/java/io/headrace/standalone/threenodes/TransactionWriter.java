package io.headrace.standalone.threenodes;

import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.StringSerializer;
import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * A transactional producer on a thread of its own: each transaction writes its name into every
 * partition of a topic, every fourth is aborted. It keeps a journal of what was answered; after an
 * error it begins again with a new producer of the same transactional id.
 */
final class TransactionWriter implements AutoCloseable {
    private final String name;
    private final String bootstrap;
    private final String topic;
    private final int partitions;
    private final Duration pause;
    private final Thread thread;
    private final Set<String> committed = ConcurrentHashMap.newKeySet();
    private final Set<String> aborted = ConcurrentHashMap.newKeySet();
    private final AtomicInteger failures = new AtomicInteger();
    private volatile boolean ending;
    private volatile @Nullable RuntimeException failure;

    /**
     * Begins.
     *
     * @param pause between two transactions: the processors are also wanted by nodes that start
     */
    TransactionWriter(String name, String bootstrap, String topic, int partitions, Duration pause) {
        this.name = name;
        this.bootstrap = bootstrap;
        this.topic = topic;
        this.partitions = partitions;
        this.pause = pause;
        thread = Thread.ofPlatform().name(name).start(this::run);
    }

    private void run() {
        int number = 0;
        while (!ending) {
            try (KafkaProducer<String, String> producer = producer()) {
                producer.initTransactions();
                while (!ending) {
                    transaction(producer, number++);
                    LockSupport.parkNanos(pause.toNanos());
                }
            } catch (KafkaException e) {
                failures.incrementAndGet();
                failure = e;
            }
        }
    }

    private KafkaProducer<String, String> producer() {
        return new KafkaProducer<>(
                Map.of(
                        "bootstrap.servers",
                        bootstrap,
                        "transactional.id",
                        name,
                        "max.block.ms",
                        30_000),
                new StringSerializer(),
                new StringSerializer());
    }

    private void transaction(KafkaProducer<String, String> producer, int number) {
        String transaction = name + "-" + number;
        producer.beginTransaction();
        for (int partition = 0; partition < partitions; partition++) {
            producer.send(new ProducerRecord<>(topic, partition, "", transaction));
        }
        if (number % 4 == 3) {
            producer.flush();
            aborted.add(transaction); // whatever becomes of it, it is never committed
            producer.abortTransaction();
        } else {
            producer.commitTransaction();
            committed.add(transaction);
        }
    }

    /** Transactions whose commit was answered. */
    Set<String> committed() {
        return Set.copyOf(committed);
    }

    /** Transactions that were to be aborted. */
    Set<String> aborted() {
        return Set.copyOf(aborted);
    }

    /** How often it had to begin again. */
    int failures() {
        return failures.get();
    }

    /** Why it had to last, or null. */
    @Nullable RuntimeException failure() {
        return failure;
    }

    /** Ends it after the transaction that it is in. */
    @Override
    public void close() {
        ending = true;
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
