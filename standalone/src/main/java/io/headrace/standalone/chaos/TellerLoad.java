package io.headrace.standalone.chaos;

import io.headrace.testkit.history.TransferJournal;

import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Reads orders in a group and carries them out: one transaction for what a poll gave, with two
 * records for each order, in different partitions as a rule, and the offsets of the orders. One
 * transaction in ten is aborted after all of it is written.
 */
final class TellerLoad {
    private static final Duration POLL = Duration.ofMillis(200);
    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(5);
    private static final int ACCOUNTS = 50;
    private static final int ABORTED_IN = 10;
    static final String GROUP = "tellers";

    private final String bootstrap;
    private final String name;
    private final String orders;
    private final String accounts;
    private final TransferJournal journal;
    private final Activity activity;
    private final SplittableRandom random;
    private final AtomicLong errors = new AtomicLong();
    private final Thread thread;
    private long attempts;
    private volatile boolean stopping;

    /** Starts it. */
    TellerLoad(
            String bootstrap,
            int number,
            String orders,
            String accounts,
            TransferJournal journal,
            Activity activity) {
        this.bootstrap = bootstrap;
        this.name = "teller-" + number;
        this.orders = orders;
        this.accounts = accounts;
        this.journal = journal;
        this.activity = activity;
        this.random = new SplittableRandom(number);
        this.thread = Thread.ofPlatform().daemon().name(name).start(this::run);
    }

    private KafkaProducer<byte[], byte[]> producer() {
        return new KafkaProducer<>(
                Map.of(
                        "bootstrap.servers", bootstrap,
                        "client.id", name,
                        "transactional.id", name,
                        "transaction.timeout.ms", 15_000,
                        "linger.ms", 2,
                        "retry.backoff.ms", 50,
                        "delivery.timeout.ms", 30_000,
                        "max.block.ms", 30_000,
                        "request.timeout.ms", 10_000),
                new ByteArraySerializer(),
                new ByteArraySerializer());
    }

    private KafkaConsumer<byte[], byte[]> consumer() {
        return new KafkaConsumer<>(
                Map.of(
                        "bootstrap.servers",
                        bootstrap,
                        "client.id",
                        name,
                        "group.id",
                        GROUP,
                        "isolation.level",
                        "read_committed",
                        "enable.auto.commit",
                        false,
                        "auto.offset.reset",
                        "earliest",
                        "max.poll.records",
                        50,
                        "session.timeout.ms",
                        10_000,
                        "request.timeout.ms",
                        10_000,
                        "default.api.timeout.ms",
                        15_000),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer());
    }

    /** Whatever fails, it starts anew, as an application would. */
    private void run() {
        while (!stopping) {
            KafkaProducer<byte[], byte[]> producer = producer();
            try (KafkaConsumer<byte[], byte[]> consumer = consumer()) {
                producer.initTransactions();
                consumer.subscribe(List.of(orders));
                while (!stopping) {
                    carryOut(producer, consumer);
                }
                consumer.close(CloseOptions.timeout(CLOSE_LIMIT));
            } catch (KafkaException | IllegalStateException failure) {
                errors.incrementAndGet();
            } finally {
                producer.close(Duration.ZERO);
            }
        }
    }

    private void carryOut(
            KafkaProducer<byte[], byte[]> producer, KafkaConsumer<byte[], byte[]> consumer) {
        ConsumerRecords<byte[], byte[]> polled = consumer.poll(POLL);
        if (polled.isEmpty()) {
            return;
        }
        String attempt = name + "-" + ++attempts;
        boolean aborts = random.nextInt(ABORTED_IN) == 0;
        journal.begun(attempt, 2 * polled.count());
        producer.beginTransaction();
        Map<TopicPartition, OffsetAndMetadata> next = new HashMap<>();
        for (ConsumerRecord<byte[], byte[]> record : polled) {
            transfer(producer, attempt, ByteBuffer.wrap(record.value()).getLong());
            next.put(
                    new TopicPartition(record.topic(), record.partition()),
                    new OffsetAndMetadata(record.offset() + 1));
        }
        producer.sendOffsetsToTransaction(next, consumer.groupMetadata());
        if (aborts) {
            producer.flush();
            producer.abortTransaction();
            goBack(consumer, next.keySet());
        } else {
            journal.committing(attempt);
            producer.commitTransaction();
            journal.committed(attempt);
            activity.done(polled.count());
        }
    }

    private void transfer(KafkaProducer<byte[], byte[]> producer, String attempt, long order) {
        long from = Math.floorMod(order * 31, ACCOUNTS);
        long to = Math.floorMod(order * 17 + 1, ACCOUNTS);
        long amount = 1L + Math.floorMod(order, 1_000);
        send(producer, from, new Transfer(attempt, order, 0, -amount));
        send(producer, to, new Transfer(attempt, order, 1, amount));
    }

    /** A record that fails has the commit fail: nobody needs to hear of it here. */
    private void send(KafkaProducer<byte[], byte[]> producer, long account, Transfer transfer) {
        byte[] key = ByteBuffer.allocate(Long.BYTES).putLong(account).array();
        var _ = producer.send(new ProducerRecord<>(accounts, key, transfer.toBytes()));
    }

    /** What was aborted is read again. */
    private static void goBack(
            KafkaConsumer<byte[], byte[]> consumer, Set<TopicPartition> partitions) {
        Map<TopicPartition, OffsetAndMetadata> committed = consumer.committed(partitions);
        for (TopicPartition partition : partitions) {
            OffsetAndMetadata offset = committed.get(partition);
            if (offset == null) {
                consumer.seekToBeginning(List.of(partition));
            } else {
                consumer.seek(partition, offset);
            }
        }
    }

    long errors() {
        return errors.get();
    }

    void finish() throws InterruptedException {
        stopping = true;
        thread.join();
    }
}
