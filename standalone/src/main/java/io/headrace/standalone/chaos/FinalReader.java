package io.headrace.standalone.chaos;

import io.headrace.testkit.history.PartitionReading;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Reads every partition from its start to its end, after all faults are over. */
final class FinalReader {
    private static final Duration POLL = Duration.ofMillis(500);
    private static final Duration LIMIT = Duration.ofMinutes(3);

    private FinalReader() {}

    static List<PartitionReading> read(
            String bootstrap, String name, List<TopicPartition> partitions) {
        Map<TopicPartition, PartitionReading> readings = new HashMap<>();
        for (TopicPartition partition : partitions) {
            readings.put(
                    partition,
                    new PartitionReading(name, partition.topic(), partition.partition()));
        }
        try (KafkaConsumer<byte[], byte[]> consumer =
                new KafkaConsumer<>(
                        Map.of("bootstrap.servers", bootstrap, "auto.offset.reset", "none"),
                        new ByteArrayDeserializer(),
                        new ByteArrayDeserializer())) {
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            long deadlineNanos = System.nanoTime() + LIMIT.toNanos();
            List<TopicPartition> left = new ArrayList<>(partitions);
            while (!left.isEmpty() && System.nanoTime() < deadlineNanos) {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
                    PartitionReading reading =
                            readings.get(new TopicPartition(record.topic(), record.partition()));
                    if (reading != null) {
                        reading.read(record.offset(), ByteBuffer.wrap(record.value()).getLong());
                    }
                }
                left.removeIf(
                        partition ->
                                consumer.position(partition) >= ends.getOrDefault(partition, 0L));
            }
        }
        return List.copyOf(readings.values());
    }
}
