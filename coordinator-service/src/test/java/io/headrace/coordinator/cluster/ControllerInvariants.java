package io.headrace.coordinator.cluster;

import io.headrace.coordinator.cluster.SimulatedReplica.Entry;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.NodeImage;
import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.protocol.metadata.PartitionImage.IsrMember;
import io.headrace.protocol.metadata.TopicImage;

import org.apache.kafka.common.Uuid;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;

/**
 * What must hold whatever the controller decides: epochs only rise, a leader is an in-sync
 * incarnation that lives when it is elected, and holds every committed record unless no clean
 * replica was left.
 */
final class ControllerInvariants {
    private final Map<Integer, List<Entry>> committed = new HashMap<>();
    int lastResorts;
    int records;

    /** Leaders tell what they committed. */
    void onCommitted(int partition, List<Entry> log) {
        List<Entry> known = committed.computeIfAbsent(partition, p -> new ArrayList<>());
        for (int offset = 0; offset < log.size(); offset++) {
            if (offset == known.size()) {
                known.add(log.get(offset));
                records++;
            }
            check(
                    known.get(offset).equals(log.get(offset)),
                    "Offset " + offset + " of " + partition + " was committed with other content");
        }
    }

    /**
     * Compares two states; answers how many leaders were elected.
     *
     * @param logOf the log of a node's replica
     */
    int onChange(
            MetadataImage before,
            MetadataImage after,
            BiFunction<Integer, Integer, List<Entry>> logOf) {
        int elections = 0;
        for (TopicImage topic : after.topicsById().values()) {
            for (PartitionImage now : topic.partitions().values()) {
                PartitionImage then = before.partition(topic.topicId(), now.partition());
                if (now.equals(then)) {
                    continue;
                }
                checkShape(now);
                if (then != null) {
                    checkEpochs(then, now);
                }
                if (then != null && now.leaderEpoch() > then.leaderEpoch() && now.leaderId() >= 0) {
                    elections++;
                    checkElected(after, topic.topicId(), then, now, logOf);
                }
            }
        }
        return elections;
    }

    private void checkShape(PartitionImage partition) {
        IsrMember leader = partition.isrMember(partition.leaderId());
        check(
                partition.leaderId() < 0
                        || (leader != null && leader.nodeEpoch() == partition.leaderNodeEpoch()),
                "The leader is not in sync: " + partition);
        for (IsrMember member : partition.isr()) {
            check(
                    partition.assignedReplicas().contains(member.nodeId())
                            && !partition.eligibleLeaderReplicas().contains(member.nodeId()),
                    "In sync but not assigned, or eligible too: " + partition);
        }
        check(
                partition.eligibleLeaderReplicas().isEmpty()
                        || partition.isr().size() < partition.requiredInSync(),
                "Eligible though enough are in sync: " + partition);
        check(
                !partition.isr().isEmpty()
                        || !partition.eligibleLeaderReplicas().isEmpty()
                        || !partition.lastKnownElr().isEmpty(),
                "Nobody may ever lead: " + partition);
    }

    private static void checkEpochs(PartitionImage then, PartitionImage now) {
        check(
                now.partitionEpoch() > then.partitionEpoch(),
                "The partition epoch did not rise: " + then + " to " + now);
        boolean sameLeader =
                now.leaderId() == then.leaderId()
                        && now.leaderNodeEpoch() == then.leaderNodeEpoch();
        check(
                sameLeader
                        ? now.leaderEpoch() >= then.leaderEpoch()
                        : now.leaderEpoch() > then.leaderEpoch(),
                "Another leader in the same epoch: " + then + " to " + now);
    }

    private void checkElected(
            MetadataImage image,
            Uuid topicId,
            PartitionImage then,
            PartitionImage now,
            BiFunction<Integer, Integer, List<Entry>> logOf) {
        check(
                image.isActive(now.leaderId(), now.leaderNodeEpoch()),
                "A fenced or stale incarnation was elected: " + now);
        List<Entry> log = logOf.apply(now.leaderId(), now.partition());
        List<Entry> known = committed.computeIfAbsent(now.partition(), p -> new ArrayList<>());
        if (UncleanElections.isUnclean(then, now.toRecord(topicId))) {
            lastResorts++;
            checkLongest(image, now, logOf);
            int common = 0;
            while (common < Math.min(log.size(), known.size())
                    && log.get(common).equals(known.get(common))) {
                common++;
            }
            known.subList(common, known.size()).clear();
            return;
        }
        check(
                log.size() >= known.size() && log.subList(0, known.size()).equals(known),
                "The new leader lacks committed records: " + then + " to " + now);
    }

    /** No replica that lives has more than who was elected as a last resort. */
    private static void checkLongest(
            MetadataImage image,
            PartitionImage now,
            BiFunction<Integer, Integer, List<Entry>> logOf) {
        List<Entry> elected = logOf.apply(now.leaderId(), now.partition());
        for (int nodeId : now.assignedReplicas()) {
            NodeImage node = image.nodes().get(nodeId);
            List<Entry> other = logOf.apply(nodeId, now.partition());
            boolean longer =
                    lastEpoch(other) != lastEpoch(elected)
                            ? lastEpoch(other) > lastEpoch(elected)
                            : other.size() > elected.size();
            check(
                    node == null || node.fenced() || !longer,
                    "Node " + nodeId + " lives and has more than the elected: " + now);
        }
    }

    private static int lastEpoch(List<Entry> log) {
        return log.isEmpty() ? -1 : log.getLast().leaderEpoch();
    }

    /** Once time has been given its due, who leads lives, or has registered again to do so. */
    void afterTick(MetadataImage image) {
        for (TopicImage topic : image.topicsById().values()) {
            for (PartitionImage partition : topic.partitions().values()) {
                int leaderId = partition.leaderId();
                NodeImage node = image.nodes().get(leaderId);
                boolean returns =
                        node != null
                                && node.nodeEpoch() > partition.leaderNodeEpoch()
                                && partition.isrMember(leaderId) != null;
                check(
                        leaderId < 0
                                || returns
                                || image.isActive(leaderId, partition.leaderNodeEpoch()),
                        "A dead leader is still named: " + partition);
            }
        }
    }

    private static void check(boolean holds, String violation) {
        if (!holds) {
            throw new AssertionError(violation);
        }
    }
}
