package io.headrace.simulation;

import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.protocol.metadata.PartitionImage.IsrMember;
import io.headrace.protocol.metadata.TopicImage;
import io.headrace.simulation.Cluster.Machine;
import io.headrace.storage.SimulatedStorageNode;

import java.util.List;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/** How the cluster fares, by what is committed about it. */
final class Health {
    private final Cluster cluster;
    private final Supplier<MetadataImage> truth;

    /**
     * @param truth all committed metadata
     */
    Health(Cluster cluster, Supplier<MetadataImage> truth) {
        this.cluster = cluster;
        this.truth = truth;
    }

    /** Whether a node serves, is unfenced, and has applied all metadata. */
    private boolean isUp(Machine machine) {
        SimulatedStorageNode node = machine.node();
        return node != null
                && node.isServing()
                && truth.get().isActive(node.nodeId(), node.view().nodeEpoch())
                && node.view().image().nextOffset() == truth.get().nextOffset();
    }

    /** Whether the process that runs there takes part. */
    boolean isUnfenced(Machine machine) {
        SimulatedStorageNode node = machine.node();
        return node != null && truth.get().isActive(node.nodeId(), node.view().nodeEpoch());
    }

    /** Whether every replica lives, in sync. */
    boolean isWhole() {
        if (!cluster.machines().stream().allMatch(this::isUp)) {
            return false;
        }
        for (TopicImage topic : truth.get().topicsById().values()) {
            for (PartitionImage partition : topic.partitions().values()) {
                boolean whole =
                        partition.isr().size() == partition.assignedReplicas().size()
                                && truth.get()
                                        .isActive(partition.leaderId(), partition.leaderNodeEpoch())
                                && partition.isr().stream()
                                        .allMatch(
                                                member ->
                                                        truth.get()
                                                                .isActive(
                                                                        member.nodeId(),
                                                                        member.nodeEpoch()));
                if (!whole) {
                    return false;
                }
            }
        }
        return true;
    }

    /** Whether every node takes part, and every partition has a leader. */
    boolean isLed() {
        return cluster.machines().stream().allMatch(this::isUp)
                && truth.get().topicsById().values().stream()
                        .flatMap(topic -> topic.partitions().values().stream())
                        .allMatch(
                                each ->
                                        truth.get()
                                                .isActive(each.leaderId(), each.leaderNodeEpoch()));
    }

    /** Whether all other replicas of every partition that lives in page caches live, in sync. */
    boolean isSpare(SimulatedStorageNode node) {
        TopicImage cached = truth.get().topic("cached");
        return cached == null
                || cached.partitions().values().stream()
                        .allMatch(partition -> haveOthersAll(partition, node.nodeId()));
    }

    private boolean haveOthersAll(PartitionImage partition, int nodeId) {
        return partition.assignedReplicas().stream()
                .filter(other -> other != nodeId)
                .allMatch(
                        other -> {
                            SimulatedStorageNode node = cluster.machines().get(other - 1).node();
                            IsrMember member = partition.isrMember(other);
                            return node != null
                                    && member != null
                                    && node.view().nodeEpoch() == member.nodeEpoch();
                        });
    }

    /**
     * Whether every partition has a replica elsewhere that has all committed records: with the
     * disks of these machines nothing that was promised is lost. A topic that is made while nodes
     * are down begins with fewer replicas, and commits while one of them is in sync.
     */
    boolean survives(List<Machine> lost) {
        return truth.get().topicsById().values().stream()
                .flatMap(topic -> topic.partitions().values().stream())
                .allMatch(
                        partition ->
                                whoHaveAll(partition)
                                        .anyMatch(id -> lost.stream().noneMatch(it -> it.is(id))));
    }

    private static IntStream whoHaveAll(PartitionImage partition) {
        return IntStream.concat(
                partition.isr().stream().mapToInt(IsrMember::nodeId),
                partition.eligibleLeaderReplicas().stream().mapToInt(id -> id));
    }
}
