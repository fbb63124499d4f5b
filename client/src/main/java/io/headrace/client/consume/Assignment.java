package io.headrace.client.consume;

import org.apache.kafka.common.TopicPartition;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What to read and from where: single partitions, and whole topics with the partitions that they
 * have when reading begins.
 *
 * <pre>{@code
 * Assignment.topic("orders", Position.earliest());
 * Assignment.partition("orders", 3, Position.offset(42)).andPartition("orders", 4, Position.latest());
 * }</pre>
 */
public record Assignment(Map<TopicPartition, Position> partitions, Map<String, Position> topics) {
    public Assignment {
        partitions = Map.copyOf(partitions);
        topics = Map.copyOf(topics);
        if (partitions.isEmpty() && topics.isEmpty()) {
            throw new IllegalArgumentException("The assignment names nothing to read");
        }
    }

    /** These partitions. */
    public static Assignment of(Map<TopicPartition, Position> partitions) {
        return new Assignment(partitions, Map.of());
    }

    /** One partition. */
    public static Assignment partition(String topic, int partition, Position position) {
        return of(Map.of(new TopicPartition(topic, partition), position));
    }

    /** All partitions of a topic. */
    public static Assignment topic(String topic, Position position) {
        return new Assignment(Map.of(), Map.of(topic, position));
    }

    /** This and one more partition. */
    public Assignment andPartition(String topic, int partition, Position position) {
        Map<TopicPartition, Position> more = new LinkedHashMap<>(partitions);
        more.put(new TopicPartition(topic, partition), position);
        return new Assignment(more, topics);
    }

    /** This and all partitions of one more topic. */
    public Assignment andTopic(String topic, Position position) {
        Map<String, Position> more = new LinkedHashMap<>(topics);
        more.put(topic, position);
        return new Assignment(partitions, more);
    }
}
