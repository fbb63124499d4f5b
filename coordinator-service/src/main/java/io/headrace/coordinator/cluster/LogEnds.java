package io.headrace.coordinator.cluster;

import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.NodeImage;
import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.protocol.metadata.PartitionImage.IsrMember;
import io.headrace.protocol.metadata.PartitionImage.LogEnd;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Where living replicas say that their logs end, of partitions that wait for an election of last
 * resort. A log rests while nobody leads, so what was said in that leader epoch holds. Nothing is
 * kept of other partitions. Lost with the controller: the next one is told anew. Confined to the
 * controller's thread.
 */
final class LogEnds {
    private final Map<PartitionKey, Map<Integer, Said>> byPartition = new HashMap<>();

    private record Said(long nodeEpoch, int leaderlessEpoch, LogEnd end) {}

    /**
     * Notes what a registered incarnation says.
     *
     * @return the partitions of which it says something that counts
     */
    List<PartitionKey> note(LogEndReport report, MetadataImage image) {
        byPartition.keySet().removeIf(key -> !isWaiting(image, key));
        NodeImage node = image.nodes().get(report.nodeId());
        if (node == null || node.nodeEpoch() != report.nodeEpoch()) {
            return List.of();
        }
        List<PartitionKey> noted = new ArrayList<>();
        report.ends()
                .forEach(
                        (key, resting) -> {
                            PartitionImage partition =
                                    image.partition(key.topicId(), key.partition());
                            if (partition != null
                                    && partition.awaitsLastResort()
                                    && partition.leaderEpoch() == resting.leaderlessEpoch()
                                    && partition.assignedReplicas().contains(report.nodeId())) {
                                byPartition
                                        .computeIfAbsent(key, waiting -> new HashMap<>())
                                        .put(
                                                report.nodeId(),
                                                new Said(
                                                        report.nodeEpoch(),
                                                        resting.leaderlessEpoch(),
                                                        resting.end()));
                                noted.add(key);
                            }
                        });
        return noted;
    }

    private static boolean isWaiting(MetadataImage image, PartitionKey key) {
        PartitionImage partition = image.partition(key.topicId(), key.partition());
        return partition != null && partition.awaitsLastResort();
    }

    /** Where the log of that very incarnation ends while nobody leads, or null: not heard yet. */
    @Nullable LogEnd of(PartitionKey key, PartitionImage partition, IsrMember member) {
        Said said = byPartition.getOrDefault(key, Map.of()).get(member.nodeId());
        return said != null
                        && said.nodeEpoch() == member.nodeEpoch()
                        && said.leaderlessEpoch() == partition.leaderEpoch()
                ? said.end()
                : null;
    }
}
