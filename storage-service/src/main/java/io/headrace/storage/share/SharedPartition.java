package io.headrace.storage.share;

import org.apache.kafka.common.Uuid;

/** A partition as share requests name it. */
public record SharedPartition(Uuid topicId, int partition) {

    /** As that group sees it. */
    public SharePartitionKey of(String groupId) {
        return new SharePartitionKey(groupId, topicId, partition);
    }
}
