package io.headrace.coordinator.share;

import org.apache.kafka.common.Uuid;

/** A partition of a topic as one share group consumes it. */
public record SharePartition(String groupId, Uuid topicId, int partition) {

    /**
     * The text by which its shard is found, as Kafka writes it: {@code group:topicId:partition}.
     */
    public String key() {
        return groupId + ":" + topicId + ":" + partition;
    }
}
