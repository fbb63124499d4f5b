package io.headrace.coordinator.group.assignor;

import io.headrace.coordinator.group.assignor.AssignmentInput.Subscriber;

import org.apache.kafka.common.Uuid;
import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * An assignment in the making, for {@link UniformAssignor}. A topic's subscribers are level when no
 * partition of it could go to a subscriber that has at least two partitions fewer than its owner.
 */
final class Balance {
    private final Map<String, Load> loads = new LinkedHashMap<>();
    private final Map<Uuid, Topic> topics = new TreeMap<>();

    /** A member and what it has so far. */
    private static final class Load {
        private final int order;
        private final Map<Uuid, TreeSet<Integer>> partitions = new HashMap<>();
        private int count;

        Load(int order) {
            this.order = order;
        }

        void give(Uuid topicId, int partition) {
            partitions.computeIfAbsent(topicId, id -> new TreeSet<>()).add(partition);
            count++;
        }

        void take(Uuid topicId, int partition) {
            TreeSet<Integer> ofTopic = partitions.get(topicId);
            if (ofTopic != null && ofTopic.remove(partition)) {
                count--;
                if (ofTopic.isEmpty()) {
                    partitions.remove(topicId);
                }
            }
        }

        /** The partition of a topic that is given up first, or null when it has none. */
        @Nullable Integer last(Uuid topicId) {
            TreeSet<Integer> ofTopic = partitions.get(topicId);
            return ofTopic == null ? null : ofTopic.last();
        }
    }

    /** A topic, who subscribes to it, and who owns its partitions; null for nobody. */
    private static final class Topic {
        private final List<Load> subscribers = new ArrayList<>();
        private final @Nullable Load[] owners;

        Topic(int partitions) {
            this.owners = new Load[partitions];
        }
    }

    private static final Comparator<Load> LIGHTEST =
            Comparator.comparingInt((Load load) -> load.count).thenComparingInt(load -> load.order);

    Balance(AssignmentInput input) {
        input.partitionCounts().forEach((id, count) -> topics.put(id, new Topic(count)));
        int order = 0;
        for (Subscriber member : input.ordered()) {
            Load load = new Load(order);
            order++;
            loads.put(member.memberId(), load);
            for (Uuid topicId : member.topics()) {
                Topic topic = topics.get(topicId);
                if (topic != null) {
                    topic.subscribers.add(load);
                }
            }
        }
    }

    /** Lets a member keep what it had, where it still may and nobody else does. */
    void keepCurrent(Subscriber member) {
        Load load = loads.get(member.memberId());
        if (load == null) {
            return;
        }
        member.current()
                .forEach(
                        (topicId, partitions) -> {
                            Topic topic = topics.get(topicId);
                            if (topic == null || !member.topics().contains(topicId)) {
                                return;
                            }
                            for (int partition : partitions) {
                                if (partition < topic.owners.length
                                        && topic.owners[partition] == null) {
                                    topic.owners[partition] = load;
                                    load.give(topicId, partition);
                                }
                            }
                        });
    }

    /**
     * Takes from members what is more than their share; for members that all subscribe to the same
     * topics. Some may have one more than the others, first those that have it already.
     */
    void releaseOverQuota() {
        if (loads.isEmpty()) {
            return;
        }
        int total = topics.values().stream().mapToInt(topic -> topic.owners.length).sum();
        int quota = total / loads.size();
        int withOneMore = total % loads.size();
        for (Load load : loads.values()) {
            int allowed = quota;
            if (load.count > quota && withOneMore > 0) {
                allowed++;
                withOneMore--;
            }
            while (load.count > allowed) {
                Uuid topicId = load.partitions.keySet().iterator().next();
                Integer partition = load.last(topicId);
                Topic topic = topics.get(topicId);
                if (partition == null || topic == null) {
                    throw new IllegalStateException("A member has a topic without partitions");
                }
                load.take(topicId, partition);
                topic.owners[partition] = null;
            }
        }
    }

    /** Gives each free partition to the subscriber that has least; topics of few members first. */
    void placeFree() {
        List<Map.Entry<Uuid, Topic>> ordered = new ArrayList<>(topics.entrySet());
        ordered.sort(Comparator.comparingInt(entry -> entry.getValue().subscribers.size()));
        for (Map.Entry<Uuid, Topic> entry : ordered) {
            Topic topic = entry.getValue();
            if (topic.subscribers.isEmpty()) {
                continue;
            }
            PriorityQueue<Load> lightest = new PriorityQueue<>(LIGHTEST);
            lightest.addAll(topic.subscribers);
            for (int partition = 0; partition < topic.owners.length; partition++) {
                if (topic.owners[partition] == null) {
                    Load load = lightest.remove();
                    load.give(entry.getKey(), partition);
                    topic.owners[partition] = load;
                    lightest.add(load);
                }
            }
        }
    }

    /** Moves partitions from the heavy to the light until every topic's subscribers are level. */
    void level() {
        boolean moved = true;
        while (moved) {
            moved = false;
            for (Map.Entry<Uuid, Topic> entry : topics.entrySet()) {
                while (moveOne(entry.getKey(), entry.getValue())) {
                    moved = true;
                }
            }
        }
    }

    /** Every move makes the sum of the squares of the loads smaller, so this comes to an end. */
    private static boolean moveOne(Uuid topicId, Topic topic) {
        Load heaviest = null;
        Load lightest = null;
        for (Load load : topic.subscribers) {
            if (lightest == null || load.count < lightest.count) {
                lightest = load;
            }
            boolean hasAny = load.partitions.containsKey(topicId);
            if (hasAny && (heaviest == null || load.count > heaviest.count)) {
                heaviest = load;
            }
        }
        if (heaviest == null || lightest == null || heaviest.count - lightest.count < 2) {
            return false;
        }
        Integer partition = heaviest.last(topicId);
        if (partition == null) {
            return false;
        }
        heaviest.take(topicId, partition);
        lightest.give(topicId, partition);
        topic.owners[partition] = lightest;
        return true;
    }

    Map<String, Map<Uuid, Set<Integer>>> assignment() {
        Map<String, Map<Uuid, Set<Integer>>> assignment = new LinkedHashMap<>();
        loads.forEach((memberId, load) -> assignment.put(memberId, new HashMap<>(load.partitions)));
        return assignment;
    }
}
