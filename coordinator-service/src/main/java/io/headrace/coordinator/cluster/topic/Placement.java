package io.headrace.coordinator.cluster.topic;

import io.headrace.protocol.metadata.NodeImage;

import org.apache.kafka.common.errors.InvalidReplicationFactorException;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.random.RandomGenerator;

/**
 * Where new replicas go: round robin over the nodes in an order that alternates racks, from a
 * random start, so that leaders spread evenly and a partition's replicas are in as many racks as
 * can be.
 */
final class Placement {
    private final List<NodeImage> order;
    private int next;
    private int shift;

    /**
     * @param nodes the nodes that may be used, in any order
     */
    Placement(List<NodeImage> nodes, RandomGenerator random) {
        this.order = alternatingRacks(nodes);
        this.next = order.isEmpty() ? 0 : random.nextInt(order.size());
        this.shift = order.isEmpty() ? 0 : random.nextInt(order.size());
    }

    /**
     * The nodes of one more partition, the preferred leader first.
     *
     * @throws InvalidReplicationFactorException when there are fewer nodes than replicas
     */
    List<Integer> place(int replicationFactor) {
        if (replicationFactor > order.size()) {
            throw new InvalidReplicationFactorException(
                    "Unable to replicate the partition "
                            + replicationFactor
                            + " time(s): The target replication factor of "
                            + replicationFactor
                            + " cannot be reached because only "
                            + order.size()
                            + " broker(s) are registered.");
        }
        int start = next;
        next = (next + 1) % order.size();
        if (next == 0) {
            shift++;
        }
        List<Integer> replicas = new ArrayList<>(replicationFactor);
        Set<String> racks = new HashSet<>();
        // Two rounds: first one node per rack, then whatever is left.
        take(start, replicationFactor, replicas, racks, true);
        take(start, replicationFactor, replicas, racks, false);
        return Collections.unmodifiableList(replicas);
    }

    private void take(
            int start, int count, List<Integer> replicas, Set<String> racks, boolean newRacksOnly) {
        for (int i = 0; i < order.size() && replicas.size() < count; i++) {
            NodeImage node = order.get(indexOf(start, i));
            boolean newRack = racks.add(rackOf(node));
            if ((newRack || !newRacksOnly) && !replicas.contains(node.nodeId())) {
                replicas.add(node.nodeId());
            }
        }
    }

    /** The leader's place, then the others, begun one further on in each round over the nodes. */
    private int indexOf(int start, int i) {
        if (i == 0 || order.size() == 1) {
            return start;
        }
        int others = order.size() - 1;
        return (start + 1 + (shift + i - 1) % others) % order.size();
    }

    private static List<NodeImage> alternatingRacks(List<NodeImage> nodes) {
        TreeMap<String, Deque<NodeImage>> byRack = new TreeMap<>();
        List<NodeImage> sorted = new ArrayList<>(nodes);
        sorted.sort((a, b) -> Integer.compare(a.nodeId(), b.nodeId()));
        for (NodeImage node : sorted) {
            byRack.computeIfAbsent(rackOf(node), rack -> new ArrayDeque<>()).add(node);
        }
        List<NodeImage> order = new ArrayList<>(nodes.size());
        while (order.size() < nodes.size()) {
            for (Deque<NodeImage> rack : byRack.values()) {
                NodeImage node = rack.poll();
                if (node != null) {
                    order.add(node);
                }
            }
        }
        return order;
    }

    /** The rack's name; a node without one is in none that another is in. */
    private static String rackOf(NodeImage node) {
        String rack = node.rack();
        return rack == null ? "\0" + node.nodeId() : rack;
    }
}
