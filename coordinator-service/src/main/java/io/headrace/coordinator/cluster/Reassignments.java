package io.headrace.coordinator.cluster;

import io.headrace.protocol.metadata.ConfigResourceKey;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.protocol.metadata.PartitionImage.IsrMember;
import io.headrace.protocol.metadata.TopicImage;
import io.headrace.protocol.metadata.record.PartitionRecord;

import org.apache.kafka.common.errors.InvalidReplicaAssignmentException;
import org.apache.kafka.common.errors.NoReassignmentInProgressException;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;

/**
 * How the replicas of a partition move (KIP-455). While they do, the assigned replicas are the ones
 * wanted, then those that will go; it is done once every added replica is in sync and enough would
 * stay in sync without those that go.
 */
public final class Reassignments {
    private Reassignments() {}

    /**
     * The record that begins to move a partition to those replicas, instead of where it is moving
     * now; null when they are its replicas already.
     */
    public static @Nullable PartitionRecord begin(
            MetadataImage image, TopicImage topic, PartitionImage partition, List<Integer> target) {
        List<Integer> original = original(partition);
        if (!isMoving(partition) && target.equals(original)) {
            return null;
        }
        List<Integer> adding = without(target, original);
        List<Integer> removing = without(original, target);
        List<Integer> assigned = new ArrayList<>(target);
        assigned.addAll(removing);
        // Replicas that an earlier move was adding and this one does not are dropped.
        List<IsrMember> isr = membersIn(partition.isr(), assigned);
        requireNotEmpty(isr, topic, partition);
        Map<String, String> configs = configsOf(image, topic);
        PartitionChange change = PartitionChange.of(topic.topicId(), partition);
        if (completes(target, adding, removing, isr, configs)) {
            settle(image, change, partition, target, isr, configs);
            return change.toRecord();
        }
        change.replicas(assigned, adding, removing).isr(isr);
        handOver(image, change, partition, assigned, isr);
        return change.toRecord();
    }

    /**
     * The record that takes back the move under way.
     *
     * @throws NoReassignmentInProgressException when there is none
     */
    public static PartitionRecord cancel(
            MetadataImage image, TopicImage topic, PartitionImage partition) {
        if (!isMoving(partition)) {
            throw new NoReassignmentInProgressException(
                    Errors.NO_REASSIGNMENT_IN_PROGRESS.message());
        }
        List<Integer> original = original(partition);
        List<IsrMember> isr = membersIn(partition.isr(), original);
        requireNotEmpty(isr, topic, partition);
        PartitionChange change = PartitionChange.of(topic.topicId(), partition);
        settle(image, change, partition, original, isr, configsOf(image, topic));
        return change.toRecord();
    }

    private static void requireNotEmpty(
            List<IsrMember> isr, TopicImage topic, PartitionImage partition) {
        if (isr.isEmpty()) {
            throw new InvalidReplicaAssignmentException(
                    "Unable to change the replicas of "
                            + topic.name()
                            + "-"
                            + partition.partition()
                            + ": none of those that would stay is in sync");
        }
    }

    public static boolean isMoving(PartitionImage partition) {
        return !partition.addingReplicas().isEmpty() || !partition.removingReplicas().isEmpty();
    }

    private static List<Integer> without(List<Integer> nodes, List<Integer> others) {
        List<Integer> rest = new ArrayList<>(nodes);
        rest.removeAll(others);
        return rest;
    }

    private static List<IsrMember> membersIn(List<IsrMember> isr, List<Integer> replicas) {
        List<IsrMember> members = new ArrayList<>(isr);
        members.removeIf(member -> !replicas.contains(member.nodeId()));
        return members;
    }

    private static Map<String, String> configsOf(MetadataImage image, TopicImage topic) {
        return image.configsOf(ConfigResourceKey.topic(topic.name()));
    }

    /** The replicas before the reassignment under way, or the assigned ones if there is none. */
    public static List<Integer> original(PartitionImage partition) {
        return without(partition.assignedReplicas(), partition.addingReplicas());
    }

    /** The replicas once the reassignment under way is done. */
    static List<Integer> target(PartitionImage partition) {
        return without(partition.assignedReplicas(), partition.removingReplicas());
    }

    /** Whether a reassignment to those replicas is done with that ISR. */
    static boolean completes(
            List<Integer> target,
            List<Integer> adding,
            List<Integer> removing,
            List<IsrMember> isr,
            Map<String, String> configs) {
        List<IsrMember> staying = new ArrayList<>(isr);
        staying.removeIf(member -> removing.contains(member.nodeId()));
        HashSet<Integer> inSync = new HashSet<>();
        staying.forEach(member -> inSync.add(member.nodeId()));
        int required = NewPartitions.minInSyncReplicas(configs, target.size());
        return inSync.containsAll(adding) && staying.size() >= Math.max(1, required);
    }

    /** Whether the reassignment under way is done with that ISR. */
    public static boolean completes(
            PartitionImage partition, List<IsrMember> isr, Map<String, String> configs) {
        return completes(
                target(partition),
                partition.addingReplicas(),
                partition.removingReplicas(),
                isr,
                configs);
    }

    /** Makes the replicas wanted the assigned ones; a leader that goes hands over. */
    public static void complete(
            MetadataImage image,
            PartitionChange change,
            PartitionImage partition,
            List<IsrMember> isr,
            Map<String, String> configs) {
        settle(image, change, partition, target(partition), isr, configs);
    }

    /** Leaves a partition with those replicas, none of them moving. */
    private static void settle(
            MetadataImage image,
            PartitionChange change,
            PartitionImage partition,
            List<Integer> replicas,
            List<IsrMember> isr,
            Map<String, String> configs) {
        List<IsrMember> staying = new ArrayList<>();
        for (int nodeId : replicas) {
            for (IsrMember member : isr) {
                if (member.nodeId() == nodeId) {
                    staying.add(member);
                }
            }
        }
        change.replicas(replicas, List.of(), List.of())
                .isr(staying)
                .minInSyncReplicas(NewPartitions.minInSyncReplicas(configs, replicas.size()));
        handOver(image, change, partition, replicas, staying);
    }

    /**
     * A leader that is no replica any more is followed by the first in-sync incarnation that lives.
     * While there is none nobody leads: the one that comes back is elected then.
     */
    private static void handOver(
            MetadataImage image,
            PartitionChange change,
            PartitionImage partition,
            List<Integer> replicas,
            List<IsrMember> isr) {
        if (partition.leaderId() < 0 || replicas.contains(partition.leaderId())) {
            return;
        }
        for (IsrMember member : isr) {
            if (image.isActive(member.nodeId(), member.nodeEpoch())
                    && image.isOnline(partition, member.nodeId())) {
                change.lead(member);
                return;
            }
        }
        change.noLeader();
    }
}
