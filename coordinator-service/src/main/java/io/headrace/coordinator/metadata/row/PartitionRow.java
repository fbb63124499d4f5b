package io.headrace.coordinator.metadata.row;

import io.headrace.protocol.metadata.record.PartitionRecord;

import org.apache.kafka.common.Uuid;
import org.springframework.data.annotation.Id;
import org.springframework.data.relational.core.mapping.Embedded;

import java.util.ArrayList;
import java.util.List;

/** A row of {@code partitions}. */
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
                Lists.join(record.lastKnownElr()),
                Lists.join(record.addingReplicas()),
                Lists.join(record.removingReplicas()));
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
                .setLastKnownElr(Lists.integers(lastKnownElr))
                .setAddingReplicas(Lists.integers(addingReplicas))
                .setRemovingReplicas(Lists.integers(removingReplicas));
    }

    private static PartitionRecord.IsrMember member(String text) {
        int colon = text.indexOf(':');
        return new PartitionRecord.IsrMember()
                .setNodeId(Integer.parseInt(text.substring(0, colon)))
                .setNodeEpoch(Long.parseLong(text.substring(colon + 1)));
    }
}
