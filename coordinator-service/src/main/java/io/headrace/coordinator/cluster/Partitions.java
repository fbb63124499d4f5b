package io.headrace.coordinator.cluster;

import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.TopicImage;

/** Counts over all partitions. */
final class Partitions {
    private Partitions() {}

    static int count(MetadataImage image) {
        int count = 0;
        for (TopicImage topic : image.topicsById().values()) {
            count += topic.partitionCount();
        }
        return count;
    }
}
