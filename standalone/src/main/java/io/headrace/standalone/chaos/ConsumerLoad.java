package io.headrace.standalone.chaos;

import io.headrace.testkit.history.PartitionReading;

import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A consumer that journals everything it is given: a member of a group that commits after each
 * poll, or a reader of all partitions by itself.
 */
final class ConsumerLoad {
    private static final Duration POLL = Duration.ofMillis(200);
    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(5);

    private final String name;
    private final Activity activity;
    private final Map<String, Object> configs = new HashMap<>();
    private final String topic;
    private final List<TopicPartition> assigned;
    private final List<PartitionReading> readings = new ArrayList<>();
    private final Map<TopicPartition, PartitionReading> open = new HashMap<>();
    private final Map<TopicPartition, Long> next = new HashMap<>();
    private final AtomicLong errors = new AtomicLong();
    private final Thread thread;
    private volatile boolean stopping;

    /**
     * Starts reading.
     *
     * @param group the group to join; empty to read the assigned partitions alone
     */
    ConsumerLoad(
            String bootstrap,
            String name,
            String group,
            String topic,
            List<TopicPartition> assigned,
            Activity activity) {
        this.name = name;
        this.topic = topic;
        this.assigned = List.copyOf(assigned);
        this.activity = activity;
        configs.put("bootstrap.servers", bootstrap);
        configs.put("client.id", name);
        configs.put("auto.offset.reset", "earliest");
        configs.put("enable.auto.commit", false);
        configs.put("allow.auto.create.topics", false);
        configs.put("retry.backoff.ms", 50);
        configs.put("request.timeout.ms", 10_000);
        configs.put("default.api.timeout.ms", 15_000);
        if (!group.isEmpty()) {
            configs.put("group.id", group);
            configs.put("session.timeout.ms", 10_000);
        }
        this.thread = Thread.ofPlatform().daemon().name(name).start(this::run);
    }

    private void run() {
        while (!stopping) {
            try (KafkaConsumer<byte[], byte[]> consumer =
                    new KafkaConsumer<>(
                            configs, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
                begin(consumer);
                while (!stopping) {
                    poll(consumer);
                }
                consumer.close(org.apache.kafka.clients.consumer.CloseOptions.timeout(CLOSE_LIMIT));
            } catch (WakeupException end) {
                return;
            } catch (KafkaException | IllegalStateException failure) {
                errors.incrementAndGet(); // it starts anew, as an application would
            }
            open.clear();
        }
    }

    private void begin(KafkaConsumer<byte[], byte[]> consumer) {
        if (configs.containsKey("group.id")) {
            consumer.subscribe(List.of(topic), new Forget());
        } else {
            consumer.assign(assigned);
            for (TopicPartition partition : assigned) {
                consumer.seek(partition, next.getOrDefault(partition, 0L));
            }
        }
    }

    /** A partition that comes anew is read from the committed offset: another reading. */
    private final class Forget implements ConsumerRebalanceListener {
        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
            open.keySet().removeAll(partitions);
        }

        @Override
        public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
            open.keySet().removeAll(partitions);
        }
    }

    private void poll(KafkaConsumer<byte[], byte[]> consumer) {
        ConsumerRecords<byte[], byte[]> records = consumer.poll(POLL);
        if (records.isEmpty()) {
            return;
        }
        for (ConsumerRecord<byte[], byte[]> record : records) {
            TopicPartition partition = new TopicPartition(record.topic(), record.partition());
            open.computeIfAbsent(partition, this::openReading)
                    .read(record.offset(), ByteBuffer.wrap(record.value()).getLong());
            next.put(partition, record.offset() + 1);
        }
        activity.done(records.count());
        if (configs.containsKey("group.id")) {
            try {
                consumer.commitSync();
            } catch (KafkaException failure) {
                errors.incrementAndGet(); // what is not committed is given again
            }
        }
    }

    private PartitionReading openReading(TopicPartition partition) {
        PartitionReading reading =
                new PartitionReading(name, partition.topic(), partition.partition());
        readings.add(reading);
        return reading;
    }

    long errors() {
        return errors.get();
    }

    /** Ends it and answers all that it was given. */
    List<PartitionReading> finish() throws InterruptedException {
        stopping = true;
        thread.join();
        return List.copyOf(readings);
    }
}
