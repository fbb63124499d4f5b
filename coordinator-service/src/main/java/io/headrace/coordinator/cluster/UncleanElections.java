package io.headrace.coordinator.cluster;

import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.protocol.metadata.TopicImage;
import io.headrace.protocol.metadata.record.PartitionRecord;

import org.apache.kafka.common.protocol.ApiMessage;

import java.util.ArrayList;
import java.util.List;

/**
 * Finds elections that may have lost acknowledged records: the new leader was neither in sync nor
 * eligible. An operator asked for them, or none but unclean replicas were left.
 */
public final class UncleanElections {
    private UncleanElections() {}

    /** The partitions among the changes whose leader was elected so, each with what is known. */
    public static List<String> among(List<ApiMessage> changes, MetadataImage before) {
        List<String> found = new ArrayList<>();
        for (ApiMessage change : changes) {
            if (change instanceof PartitionRecord after) {
                TopicImage topic = before.topic(after.topicId());
                PartitionImage partition =
                        topic == null ? null : topic.partition(after.partitionId());
                if (topic != null && partition != null && isUnclean(partition, after)) {
                    found.add(
                            topic.name()
                                    + "-"
                                    + after.partitionId()
                                    + " led by "
                                    + after.leader()
                                    + ", in sync were "
                                    + partition.isr()
                                    + ", came back unclean "
                                    + partition.lastKnownEnds());
                }
            }
        }
        return found;
    }

    /** Whether that change makes a replica the leader that may lack acknowledged records. */
    static boolean isUnclean(PartitionImage before, PartitionRecord after) {
        return before.leaderId() < 0
                && after.leader() >= 0
                && before.isrMember(after.leader()) == null
                && !before.eligibleLeaderReplicas().contains(after.leader());
    }
}
