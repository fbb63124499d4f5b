package io.headrace.storage.share;

import org.apache.kafka.common.Uuid;

/** Names a share partition: a group's view of a partition. */
public record SharePartitionKey(String groupId, Uuid topicId, int partition) {

    /** What places it in a shard, as in Kafka. */
    public String coordinatorKey() {
        return groupId + ":" + topicId + ":" + partition;
    }
}
