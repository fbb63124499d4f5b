package io.headrace.standalone.chaos;

import io.headrace.testkit.history.TransferJournal;
import io.headrace.testkit.history.TransferLeg;
import io.headrace.testkit.history.Violation;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Reads all transfers as they are committed, and takes a snapshot every few seconds: everything up
 * to the last stable offsets of that moment. The markers of one transaction are written to its
 * partitions one after the other, so a snapshot may end between them: it is complete once the rest
 * of its transactions is read, which may not take long, and then its money must add up.
 */
final class TransferAudit {
    private static final Duration POLL = Duration.ofMillis(200);
    private static final long EVERY_NANOS = Duration.ofSeconds(3).toNanos();

    private final String bootstrap;
    private final String name;
    private final List<TopicPartition> partitions;
    private final TransferJournal journal;
    private final Activity activity;
    private final List<TransferLeg> reading = new ArrayList<>();
    private final Map<TopicPartition, Long> next = new HashMap<>();
    private final Map<String, Integer> missing = new HashMap<>();
    private final List<Violation> violations = new ArrayList<>();
    private final AtomicLong errors = new AtomicLong();
    private final Thread thread;
    private Map<TopicPartition, Long> ends = Map.of();
    private long total;
    private long snapshots;
    private long nextSnapshotNanos;
    private volatile boolean stopping;

    /** Starts it. */
    TransferAudit(
            String bootstrap,
            String name,
            List<TopicPartition> partitions,
            TransferJournal journal,
            Activity activity) {
        this.bootstrap = bootstrap;
        this.name = name;
        this.partitions = List.copyOf(partitions);
        this.journal = journal;
        this.activity = activity;
        this.thread = Thread.ofPlatform().daemon().name(name).start(this::run);
    }

    static Map<String, Object> configs(String bootstrap, String name) {
        return Map.of(
                "bootstrap.servers",
                bootstrap,
                "client.id",
                name,
                "isolation.level",
                "read_committed",
                "auto.offset.reset",
                "none",
                "retry.backoff.ms",
                50,
                "request.timeout.ms",
                10_000,
                "default.api.timeout.ms",
                15_000);
    }

    private void run() {
        while (!stopping) {
            try (KafkaConsumer<byte[], byte[]> consumer =
                    new KafkaConsumer<>(
                            configs(bootstrap, name),
                            new ByteArrayDeserializer(),
                            new ByteArrayDeserializer())) {
                consumer.assign(partitions);
                for (TopicPartition partition : partitions) {
                    consumer.seek(partition, next.getOrDefault(partition, 0L));
                }
                while (!stopping) {
                    poll(consumer);
                    audit(consumer);
                }
            } catch (KafkaException failure) {
                errors.incrementAndGet(); // it goes on where it was
            }
        }
    }

    private void poll(KafkaConsumer<byte[], byte[]> consumer) {
        int count = 0;
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
            TransferLeg leg = Transfer.legOf(name, record);
            reading.add(leg);
            total += leg.amount();
            Integer left = missing.get(leg.attempt());
            int known = left == null ? journal.legsOf(leg.attempt()) : left;
            if (known == 1) {
                missing.remove(leg.attempt());
            } else {
                missing.put(leg.attempt(), known - 1);
            }
            count++;
        }
        for (TopicPartition partition : partitions) {
            next.put(partition, consumer.position(partition));
        }
        if (count > 0) {
            activity.done(count);
        }
    }

    private void audit(KafkaConsumer<byte[], byte[]> consumer) {
        long now = System.nanoTime();
        if (ends.isEmpty() && now > nextSnapshotNanos) {
            ends = consumer.endOffsets(partitions);
            nextSnapshotNanos = now + EVERY_NANOS;
        }
        boolean reached =
                !ends.isEmpty()
                        && ends.entrySet().stream()
                                .allMatch(
                                        end ->
                                                next.getOrDefault(end.getKey(), 0L)
                                                        >= end.getValue());
        if (reached && missing.isEmpty()) {
            ends = Map.of();
            snapshots++;
            if (total != 0) {
                violations.add(new Violation.WrongTotal(name, total));
                total = 0; // says it once
            }
        }
    }

    /** How many snapshots added up. */
    long snapshots() {
        return snapshots;
    }

    long errors() {
        return errors.get();
    }

    List<Violation> violations() {
        return List.copyOf(violations);
    }

    /** Ends it and answers all that it was given. */
    List<TransferLeg> finish() throws InterruptedException {
        stopping = true;
        thread.join();
        return List.copyOf(reading);
    }
}
