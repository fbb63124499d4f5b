package io.headrace.gateway.record;

import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;

import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A reader's place in topics: for each partition the offset that it reads next. It holds all that a
 * gateway needs to go on, so that any replica can.
 */
public record Cursor(SortedMap<String, TopicPlace> topics) {

    /**
     * A reader's place in one topic.
     *
     * @param topicId the topic's id, by which a deleted and re-created topic is noticed; {@link
     *     Uuid#ZERO_UUID} when unknown
     * @param offsets the offset to read next, by partition
     */
    public record TopicPlace(Uuid topicId, SortedMap<Integer, Long> offsets) {}

    /** Collects the places of partitions. */
    public static final class Builder {
        private final SortedMap<String, TopicPlace> topics = new TreeMap<>();

        /** Names a topic, with or without partitions to come. */
        public Builder topic(String topic, Uuid topicId) {
            topics.putIfAbsent(topic, new TopicPlace(topicId, new TreeMap<>()));
            return this;
        }

        /** Places a partition of a topic named before. */
        public Builder place(TopicPartition partition, long offset) {
            TopicPlace place = topics.get(partition.topic());
            if (place == null) {
                throw new IllegalStateException("Topic of " + partition + " was not named");
            }
            place.offsets().put(partition.partition(), offset);
            return this;
        }

        public Cursor build() {
            return new Cursor(new TreeMap<>(topics));
        }
    }
}
