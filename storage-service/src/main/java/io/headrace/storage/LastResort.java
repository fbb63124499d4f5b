package io.headrace.storage;

import io.headrace.protocol.message.ReportLogEndsRequestData;
import io.headrace.protocol.message.ReportLogEndsRequestData.PartitionEnd;
import io.headrace.protocol.message.ReportLogEndsRequestData.TopicEnds;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.protocol.metadata.TopicImage;
import io.headrace.storage.cluster.NodeReports;
import io.headrace.storage.partition.Partition;
import io.headrace.storage.partition.Partitions;
import io.headrace.storage.partition.RestingLog;

import org.apache.kafka.common.Uuid;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Tells the controller where logs end on this node, of partitions for which only an election of
 * last resort is left: again and again, until somebody leads. Thread-safe.
 */
final class LastResort {
    private static final int MAX_TOLD = 2_000;

    private final int nodeId;
    private final Partitions partitions;
    private final NodeReports reports;
    private final Set<Partition> waiting = new LinkedHashSet<>();

    LastResort(int nodeId, Partitions partitions, NodeReports reports) {
        this.nodeId = nodeId;
        this.partitions = partitions;
        this.reports = reports;
    }

    /** Looks at topics that changed; of what is found it is told at once. */
    synchronized void look(MetadataImage image, Collection<Uuid> topicIds) {
        boolean found = false;
        for (Uuid topicId : topicIds) {
            TopicImage topic = image.topic(topicId);
            if (topic == null) {
                continue;
            }
            for (PartitionImage each : topic.partitions().values()) {
                if (each.awaitsLastResort() && each.assignedReplicas().contains(nodeId)) {
                    Partition own = partitions.find(topicId, each.partition());
                    found |= own != null && waiting.add(own);
                }
            }
        }
        if (found) {
            tell(image);
        }
    }

    /** Tells of all that still wait. */
    synchronized void tell(MetadataImage image) {
        waiting.removeIf(partition -> !isWaiting(image, partition));
        List<Partition> all = List.copyOf(waiting);
        for (int from = 0; from < all.size(); from += MAX_TOLD) {
            Partitions.restingLogs(all.subList(from, Math.min(all.size(), from + MAX_TOLD)))
                    .thenAccept(
                            logs -> {
                                if (!logs.isEmpty()) {
                                    reports.tellLogEnds(request(logs));
                                }
                            });
        }
    }

    private static boolean isWaiting(MetadataImage image, Partition partition) {
        PartitionImage known =
                image.partition(partition.id().topicId(), partition.id().partition());
        return known != null && known.awaitsLastResort();
    }

    private static ReportLogEndsRequestData request(List<RestingLog> logs) {
        Map<Uuid, TopicEnds> topics = new LinkedHashMap<>();
        for (RestingLog log : logs) {
            topics.computeIfAbsent(log.id().topicId(), id -> new TopicEnds().setTopicId(id))
                    .partitions()
                    .add(
                            new PartitionEnd()
                                    .setPartitionId(log.id().partition())
                                    .setLeaderlessEpoch(log.leaderlessEpoch())
                                    .setLeaderEpoch(log.leaderEpoch())
                                    .setEndOffset(log.endOffset()));
        }
        return new ReportLogEndsRequestData().setTopics(new ArrayList<>(topics.values()));
    }
}
