package io.headrace.protocol.metadata;

import org.apache.kafka.common.Uuid;
import org.jspecify.annotations.Nullable;
import org.pcollections.PMap;

/**
 * A topic and its partitions.
 *
 * @param partitions by partition number, which run from 0 without a gap
 */
public record TopicImage(
        String name, Uuid topicId, boolean internal, PMap<Integer, PartitionImage> partitions) {

    public @Nullable PartitionImage partition(int partition) {
        return partitions.get(partition);
    }

    public int partitionCount() {
        return partitions.size();
    }
}
