package io.headrace.client.admin;

import org.apache.kafka.common.Uuid;

import java.util.List;

/**
 * A topic and its partitions, in order of their number.
 *
 * @param internal whether it is the cluster's own
 */
public record TopicDescription(
        String name, Uuid topicId, boolean internal, List<PartitionDescription> partitions) {

    /**
     * A partition.
     *
     * @param leaderId the node that leads; -1 when none does
     * @param leaderEpoch grows with each change of leader; -1 when unknown
     * @param replicas the nodes that should have it, preferred leader first
     * @param isr the replicas in sync
     * @param offline the replicas on nodes or disks that are down
     */
    public record PartitionDescription(
            int partition,
            int leaderId,
            int leaderEpoch,
            List<Integer> replicas,
            List<Integer> isr,
            List<Integer> offline) {}
}
