package io.headrace.gateway.record;

import io.headrace.client.consume.ConsumedRecord;

import org.apache.kafka.common.TopicPartition;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Queue;

/** Puts records of several partitions into one order. */
final class PartitionMerge {
    private static final Comparator<Queue<ConsumedRecord>> BY_HEAD =
            Comparator.<Queue<ConsumedRecord>>comparingLong(queue -> queue.element().timestampMs())
                    .thenComparingInt(queue -> queue.element().partition());

    private PartitionMerge() {}

    /** By timestamp as far as that keeps the order of offsets within each partition. */
    static List<ConsumedRecord> byTimestamp(List<ConsumedRecord> records) {
        Map<TopicPartition, Queue<ConsumedRecord>> byPartition = new LinkedHashMap<>();
        for (ConsumedRecord record : records) {
            byPartition
                    .computeIfAbsent(record.topicPartition(), p -> new ArrayDeque<>())
                    .add(record);
        }
        if (byPartition.size() < 2) {
            return records;
        }
        PriorityQueue<Queue<ConsumedRecord>> heads = new PriorityQueue<>(BY_HEAD);
        heads.addAll(byPartition.values());
        List<ConsumedRecord> merged = new ArrayList<>(records.size());
        while (!heads.isEmpty()) {
            Queue<ConsumedRecord> next = heads.remove();
            merged.add(next.remove());
            if (!next.isEmpty()) {
                heads.add(next);
            }
        }
        return merged;
    }
}
