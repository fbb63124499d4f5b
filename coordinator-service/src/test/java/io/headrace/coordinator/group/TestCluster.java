package io.headrace.coordinator.group;

import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.record.PartitionRecord;
import io.headrace.protocol.metadata.record.RemoveTopicRecord;
import io.headrace.protocol.metadata.record.TopicRecord;

import org.apache.kafka.common.Uuid;

/** Metadata images with topics. */
final class TestCluster {
    private TestCluster() {}

    static MetadataImage withTopic(MetadataImage image, String name, Uuid id, int partitions) {
        MetadataImage next =
                image.apply(image.nextOffset(), new TopicRecord().setName(name).setTopicId(id));
        for (int partition = 0; partition < partitions; partition++) {
            next =
                    next.apply(
                            next.nextOffset(),
                            new PartitionRecord().setTopicId(id).setPartitionId(partition));
        }
        return next;
    }

    static MetadataImage withoutTopic(MetadataImage image, Uuid id) {
        return image.apply(image.nextOffset(), new RemoveTopicRecord().setTopicId(id));
    }
}
