package io.headrace.coordinator.group.space;

import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.TopicImage;

import java.util.Set;

/** A hash of subscribed topics: another one means another assignment. */
public final class TopicsHash {
    private TopicsHash() {}

    /** Of those topics that exist, with their ids and numbers of partitions. */
    public static long of(Set<String> names, MetadataImage image) {
        long hash = 0;
        for (String name : names) {
            TopicImage topic = image.topic(name);
            if (topic != null) {
                long mixed =
                        topic.topicId().getMostSignificantBits()
                                ^ Long.rotateLeft(topic.topicId().getLeastSignificantBits(), 17)
                                ^ (topic.partitionCount() * 0x9E3779B97F4A7C15L);
                mixed = (mixed ^ (mixed >>> 31)) * 0xBF58476D1CE4E5B9L;
                hash += mixed ^ (mixed >>> 29);
            }
        }
        return hash;
    }
}
