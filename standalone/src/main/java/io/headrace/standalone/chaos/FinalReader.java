package io.headrace.standalone.chaos;

import io.headrace.testkit.history.PartitionReading;
import io.headrace.testkit.history.TransferLeg;

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
import java.util.function.Consumer;

/** Reads every partition from its start to its end, after all faults are over. */
final class FinalReader {
    private static final Duration POLL = Duration.ofMillis(500);
    private static final Duration LIMIT = Duration.ofMinutes(3);

    private FinalReader() {}

    /** The records of producers. */
    static List<PartitionReading> read(
            String bootstrap, String name, List<TopicPartition> partitions) {
        Map<TopicPartition, PartitionReading> readings = new HashMap<>();
        for (TopicPartition partition : partitions) {
            readings.put(
                    partition,
                    new PartitionReading(name, partition.topic(), partition.partition()));
        }
        readAll(
                TransferAudit.configs(bootstrap, name),
                partitions,
                record -> {
                    PartitionReading reading =
                            readings.get(new TopicPartition(record.topic(), record.partition()));
                    if (reading != null) {
                        reading.read(record.offset(), ByteBuffer.wrap(record.value()).getLong());
                    }
                });
        return List.copyOf(readings.values());
    }

    /** The committed transfers. */
    static List<TransferLeg> readTransfers(
            String bootstrap, String name, List<TopicPartition> partitions) {
        List<TransferLeg> legs = new ArrayList<>();
        readAll(
                TransferAudit.configs(bootstrap, name),
                partitions,
                record -> legs.add(Transfer.legOf(name, record)));
        return legs;
    }

    static void readAll(
            Map<String, Object> configs,
            List<TopicPartition> partitions,
            Consumer<ConsumerRecord<byte[], byte[]>> reader) {
        try (KafkaConsumer<byte[], byte[]> consumer =
                new KafkaConsumer<>(
                        configs, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            long deadlineNanos = System.nanoTime() + LIMIT.toNanos();
            List<TopicPartition> left = new ArrayList<>(partitions);
            while (!left.isEmpty() && System.nanoTime() < deadlineNanos) {
                consumer.poll(POLL).forEach(reader);
                left.removeIf(
                        partition ->
                                consumer.position(partition) >= ends.getOrDefault(partition, 0L));
            }
        }
    }
}
