package io.headrace.coordinator.transaction;

import org.apache.kafka.common.Uuid;

/**
 * A partition of a transaction.
 *
 * @param topicId the topic that was written to, whatever has its name later; zero in records that
 *     do not say
 */
public record TransactionPartition(String topic, Uuid topicId, int partition)
        implements Comparable<TransactionPartition> {
    @Override
    public int compareTo(TransactionPartition other) {
        int byTopic = topic.compareTo(other.topic);
        if (byTopic != 0) {
            return byTopic;
        }
        int byPartition = Integer.compare(partition, other.partition);
        return byPartition != 0 ? byPartition : topicId.compareTo(other.topicId);
    }
}
