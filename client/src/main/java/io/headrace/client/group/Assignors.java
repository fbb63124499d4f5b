package io.headrace.client.group;

import io.headrace.client.group.ConsumerProtocol.MemberSubscription;

import org.apache.kafka.common.TopicPartition;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** Divides partitions among members, as the leader of a classic group does; pure. */
final class Assignors {
    private Assignors() {}

    /**
     * The partitions of each member.
     *
     * @param members what each member id subscribed to
     * @param partitionCounts the topics that exist
     */
    static Map<String, List<TopicPartition>> assign(
            Assignor assignor,
            Map<String, MemberSubscription> members,
            Map<String, Integer> partitionCounts) {
        return switch (assignor) {
            case RANGE -> range(members, partitionCounts);
            case ROUND_ROBIN -> roundRobin(members, partitionCounts);
            case COOPERATIVE_STICKY -> cooperative(members, partitionCounts);
        };
    }

    private static Map<String, List<TopicPartition>> empty(
            Map<String, MemberSubscription> members) {
        Map<String, List<TopicPartition>> assignment = new TreeMap<>();
        members.keySet().forEach(member -> assignment.put(member, new ArrayList<>()));
        return assignment;
    }

    private static List<String> subscribers(Map<String, MemberSubscription> members, String topic) {
        List<String> subscribers = new ArrayList<>();
        new TreeMap<>(members)
                .forEach(
                        (member, subscription) -> {
                            if (subscription.topics().contains(topic)) {
                                subscribers.add(member);
                            }
                        });
        return subscribers;
    }

    private static List<TopicPartition> partitions(
            Map<String, MemberSubscription> members, Map<String, Integer> counts) {
        Set<String> topics = new TreeSet<>();
        members.values().forEach(subscription -> topics.addAll(subscription.topics()));
        List<TopicPartition> partitions = new ArrayList<>();
        for (String topic : topics) {
            for (int i = 0; i < counts.getOrDefault(topic, 0); i++) {
                partitions.add(new TopicPartition(topic, i));
            }
        }
        return partitions;
    }

    private static Map<String, List<TopicPartition>> range(
            Map<String, MemberSubscription> members, Map<String, Integer> counts) {
        Map<String, List<TopicPartition>> assignment = empty(members);
        new TreeMap<>(counts)
                .forEach(
                        (topic, count) -> {
                            List<String> subscribers = subscribers(members, topic);
                            int next = 0;
                            for (int i = 0; i < subscribers.size(); i++) {
                                int share = count / subscribers.size();
                                share += i < count % subscribers.size() ? 1 : 0;
                                List<TopicPartition> mine =
                                        assignment.getOrDefault(
                                                subscribers.get(i), new ArrayList<>());
                                for (int j = 0; j < share; j++) {
                                    mine.add(new TopicPartition(topic, next++));
                                }
                            }
                        });
        return assignment;
    }

    private static Map<String, List<TopicPartition>> roundRobin(
            Map<String, MemberSubscription> members, Map<String, Integer> counts) {
        Map<String, List<TopicPartition>> assignment = empty(members);
        List<String> order = new ArrayList<>(assignment.keySet());
        int next = 0;
        for (TopicPartition partition : partitions(members, counts)) {
            Set<String> able = new HashSet<>(subscribers(members, partition.topic()));
            if (able.isEmpty()) {
                continue;
            }
            while (!able.contains(order.get(next % order.size()))) {
                next++;
            }
            assignment
                    .getOrDefault(order.get(next % order.size()), new ArrayList<>())
                    .add(partition);
            next++;
        }
        return assignment;
    }

    /**
     * Keeps what members own, evens out, and leaves a partition that moves unassigned until its
     * owner has given it up in the next round (KIP-429).
     */
    private static Map<String, List<TopicPartition>> cooperative(
            Map<String, MemberSubscription> members, Map<String, Integer> counts) {
        Map<TopicPartition, String> owners = owners(members);
        Map<String, List<TopicPartition>> target = sticky(members, counts, owners);
        target.forEach(
                (member, partitions) ->
                        partitions.removeIf(
                                partition ->
                                        !owners.getOrDefault(partition, member).equals(member)));
        return target;
    }

    /** Who owns what; a claim of an older generation loses. */
    private static Map<TopicPartition, String> owners(Map<String, MemberSubscription> members) {
        Map<TopicPartition, String> owners = new HashMap<>();
        Map<TopicPartition, Integer> generations = new HashMap<>();
        new TreeMap<>(members)
                .forEach(
                        (member, subscription) ->
                                subscription
                                        .owned()
                                        .forEach(
                                                partition -> {
                                                    int known =
                                                            generations.getOrDefault(
                                                                    partition, Integer.MIN_VALUE);
                                                    if (subscription.generation() > known) {
                                                        generations.put(
                                                                partition,
                                                                subscription.generation());
                                                        owners.put(partition, member);
                                                    }
                                                }));
        return owners;
    }

    private static Map<String, List<TopicPartition>> sticky(
            Map<String, MemberSubscription> members,
            Map<String, Integer> counts,
            Map<TopicPartition, String> owners) {
        Map<String, List<TopicPartition>> assignment = empty(members);
        List<TopicPartition> all = partitions(members, counts);
        List<TopicPartition> free = new ArrayList<>();
        for (TopicPartition partition : all) {
            String owner = owners.get(partition);
            List<TopicPartition> kept = owner == null ? null : assignment.get(owner);
            MemberSubscription subscription = owner == null ? null : members.get(owner);
            if (kept != null
                    && subscription != null
                    && subscription.topics().contains(partition.topic())) {
                kept.add(partition);
            } else {
                free.add(partition);
            }
        }
        for (TopicPartition partition : free) {
            give(assignment, members, partition);
        }
        even(assignment, members);
        return assignment;
    }

    private static void give(
            Map<String, List<TopicPartition>> assignment,
            Map<String, MemberSubscription> members,
            TopicPartition partition) {
        subscribers(members, partition.topic()).stream()
                .min(Comparator.comparingInt(member -> size(assignment, member)))
                .ifPresent(
                        member ->
                                assignment.getOrDefault(member, new ArrayList<>()).add(partition));
    }

    private static int size(Map<String, List<TopicPartition>> assignment, String member) {
        return assignment.getOrDefault(member, List.of()).size();
    }

    /** Moves partitions from members that have two more than another that could take them. */
    private static void even(
            Map<String, List<TopicPartition>> assignment, Map<String, MemberSubscription> members) {
        boolean moved = true;
        while (moved) {
            moved = false;
            for (Map.Entry<String, List<TopicPartition>> giver : assignment.entrySet()) {
                moved |= moveOne(assignment, members, giver.getValue());
            }
        }
    }

    private static boolean moveOne(
            Map<String, List<TopicPartition>> assignment,
            Map<String, MemberSubscription> members,
            List<TopicPartition> mine) {
        for (int i = mine.size() - 1; i >= 0; i--) {
            TopicPartition partition = mine.get(i);
            for (String other : subscribers(members, partition.topic())) {
                if (size(assignment, other) < mine.size() - 1) {
                    mine.remove(i);
                    assignment.getOrDefault(other, new ArrayList<>()).add(partition);
                    return true;
                }
            }
        }
        return false;
    }
}
