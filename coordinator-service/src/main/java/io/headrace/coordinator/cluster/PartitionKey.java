package io.headrace.coordinator.cluster;

import org.apache.kafka.common.Uuid;

/** Names a partition by its topic's identity. */
public record PartitionKey(Uuid topicId, int partition) {}
