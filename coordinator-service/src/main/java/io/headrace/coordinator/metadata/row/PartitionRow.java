package io.headrace.coordinator.metadata.row;

import io.headrace.protocol.metadata.record.PartitionRecord;

import org.apache.kafka.common.Uuid;
import org.springframework.data.annotation.Id;
import org.springframework.data.relational.core.mapping.Embedded;

import java.util.ArrayList;
import java.util.List;

/**
 * A row of {@code partitions}.
 *
 * @param lastKnownElr each as its node, or node:leader epoch:end offset where that is known
 */
public record PartitionRow(
        @Id @Embedded.Empty Key id,
        String replicas,
        String logDirs,
        String isr,
        int leaderId,
        long leaderNodeEpoch,
        int leaderEpoch,
        int partitionEpoch,
        int minInSyncReplicas,
        String eligibleLeaderReplicas,
        String lastKnownElr,
        String addingReplicas,
        String removingReplicas) {

    /** The primary key. */
    public record Key(String topicId, int partitionId) {}

    static PartitionRow of(PartitionRecord record) {
        List<String> isr = new ArrayList<>();
        for (var member : record.isr()) {
            isr.add(member.nodeId() + ":" + member.nodeEpoch());
        }
        return new PartitionRow(
                new Key(record.topicId().toString(), record.partitionId()),
                Lists.join(record.replicas()),
                Lists.join(record.logDirs()),
                Lists.join(isr),
                record.leader(),
                record.leaderNodeEpoch(),
                record.leaderEpoch(),
                record.partitionEpoch(),
                record.minInSyncReplicas(),
                Lists.join(record.eligibleLeaderReplicas()),
                Lists.join(lastKnown(record)),
                Lists.join(record.addingReplicas()),
                Lists.join(record.removingReplicas()));
    }

    private static List<String> lastKnown(PartitionRecord record) {
        List<String> texts = new ArrayList<>();
        for (int nodeId : record.lastKnownElr()) {
            String text = String.valueOf(nodeId);
            for (var end : record.lastKnownEnds()) {
                if (end.nodeId() == nodeId) {
                    text += ":" + end.leaderEpoch() + ":" + end.endOffset();
                }
            }
            texts.add(text);
        }
        return texts;
    }

    /** The record that made this row. */
    public PartitionRecord toRecord() {
        return new PartitionRecord()
                .setTopicId(Uuid.fromString(id.topicId()))
                .setPartitionId(id.partitionId())
                .setReplicas(Lists.integers(replicas))
                .setLogDirs(Lists.split(logDirs, Uuid::fromString))
                .setIsr(Lists.split(isr, PartitionRow::member))
                .setLeader(leaderId)
                .setLeaderNodeEpoch(leaderNodeEpoch)
                .setLeaderEpoch(leaderEpoch)
                .setPartitionEpoch(partitionEpoch)
                .setMinInSyncReplicas(minInSyncReplicas)
                .setEligibleLeaderReplicas(Lists.integers(eligibleLeaderReplicas))
                .setLastKnownElr(Lists.split(lastKnownElr, text -> lastKnownPart(text, 0)))
                .setLastKnownEnds(lastKnownEnds())
                .setAddingReplicas(Lists.integers(addingReplicas))
                .setRemovingReplicas(Lists.integers(removingReplicas));
    }

    private List<PartitionRecord.LogEnd> lastKnownEnds() {
        List<PartitionRecord.LogEnd> ends = new ArrayList<>();
        for (String text : Lists.split(lastKnownElr, part -> part)) {
            if (text.indexOf(':') > 0) {
                ends.add(
                        new PartitionRecord.LogEnd()
                                .setNodeId(lastKnownPart(text, 0))
                                .setLeaderEpoch(lastKnownPart(text, 1))
                                .setEndOffset(Long.parseLong(text.split(":", 3)[2])));
            }
        }
        return ends;
    }

    private static int lastKnownPart(String text, int index) {
        return Integer.parseInt(text.split(":", 3)[index]);
    }

    private static PartitionRecord.IsrMember member(String text) {
        int colon = text.indexOf(':');
        return new PartitionRecord.IsrMember()
                .setNodeId(Integer.parseInt(text.substring(0, colon)))
                .setNodeEpoch(Long.parseLong(text.substring(colon + 1)));
    }
}
