package io.headrace.coordinator.group.assignor;

import io.headrace.coordinator.group.assignor.AssignmentInput.Subscriber;

import org.apache.kafka.common.Uuid;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Gives each member a range of each topic, the same range of topics of the same size: so partitions
 * of one number meet at one member (co-partitioning).
 */
final class RangeAssignor implements Assignor {
    @Override
    public String name() {
        return "range";
    }

    @Override
    public Map<String, Map<Uuid, Set<Integer>>> assign(AssignmentInput input) {
        Map<String, Map<Uuid, Set<Integer>>> assignment = new LinkedHashMap<>();
        List<Subscriber> members = input.ordered();
        members.forEach(member -> assignment.put(member.memberId(), new HashMap<>()));
        input.partitionCounts()
                .forEach(
                        (topicId, partitions) -> {
                            List<Subscriber> subscribers =
                                    members.stream()
                                            .filter(member -> member.topics().contains(topicId))
                                            .toList();
                            assignTopic(topicId, partitions, subscribers, assignment);
                        });
        return assignment;
    }

    private static void assignTopic(
            Uuid topicId,
            int partitions,
            List<Subscriber> subscribers,
            Map<String, Map<Uuid, Set<Integer>>> assignment) {
        if (subscribers.isEmpty()) {
            return;
        }
        int each = partitions / subscribers.size();
        int withOneMore = partitions % subscribers.size();
        int next = 0;
        for (int i = 0; i < subscribers.size() && next < partitions; i++) {
            Set<Integer> range = new TreeSet<>();
            int end = next + each + (i < withOneMore ? 1 : 0);
            while (next < end) {
                range.add(next);
                next++;
            }
            Map<Uuid, Set<Integer>> topics = assignment.get(subscribers.get(i).memberId());
            if (topics != null && !range.isEmpty()) {
                topics.put(topicId, range);
            }
        }
    }
}
