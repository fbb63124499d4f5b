package io.headrace.storage.cluster;

import io.headrace.protocol.metadata.ConfigResourceKey;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.TopicImage;
import io.headrace.protocol.metadata.record.ConfigRecord;
import io.headrace.protocol.metadata.record.PartitionRecord;
import io.headrace.protocol.metadata.record.RemoveTopicRecord;
import io.headrace.protocol.metadata.record.TopicRecord;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.ApiMessage;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A step from one image to the next.
 *
 * @param topicIds the topics that changed, with their configs
 */
public record MetadataChange(MetadataImage before, MetadataImage after, Set<Uuid> topicIds) {

    /** The step that some records make. */
    static MetadataChange of(
            MetadataImage before, List<? extends ApiMessage> records, long nextOffset) {
        MetadataImage after = before.applyAll(records, nextOffset);
        Set<Uuid> topicIds = new HashSet<>();
        for (ApiMessage record : records) {
            switch (record) {
                case TopicRecord topic -> topicIds.add(topic.topicId());
                case RemoveTopicRecord removed -> topicIds.add(removed.topicId());
                case PartitionRecord partition -> topicIds.add(partition.topicId());
                case ConfigRecord config -> addConfigured(after, config, topicIds);
                default -> {
                    // no topic
                }
            }
        }
        return new MetadataChange(before, after, topicIds);
    }

    /** The step to an image that came as a whole. */
    static MetadataChange replaced(MetadataImage before, MetadataImage after) {
        Set<Uuid> topicIds = new HashSet<>(before.topicsById().keySet());
        topicIds.addAll(after.topicsById().keySet());
        return new MetadataChange(before, after, topicIds);
    }

    private static void addConfigured(
            MetadataImage after, ConfigRecord config, Set<Uuid> topicIds) {
        if (config.resourceType() == ConfigResourceKey.BROKER) {
            topicIds.addAll(after.topicsById().keySet()); // a default of them all
            return;
        }
        if (config.resourceType() != ConfigResourceKey.TOPIC) {
            return;
        }
        TopicImage topic = after.topic(config.resourceName());
        if (topic != null) {
            topicIds.add(topic.topicId());
        }
    }
}
