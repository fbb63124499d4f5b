package io.headrace.client.group;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.client.group.ConsumerProtocol.MemberSubscription;
import io.headrace.testkit.random.Seeded;

import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.consumer.RangeAssignor;
import org.apache.kafka.clients.consumer.RoundRobinAssignor;
import org.apache.kafka.clients.consumer.internals.AbstractPartitionAssignor;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.NullUnmarked;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.random.RandomGenerator;

/** Against Kafka's assignors, on random groups. */
@NullUnmarked // A missing answer fails the test as well as a check of it would.
class AssignorsTest {
    private static final int ROUNDS = 200;

    private record Group(
            Map<String, MemberSubscription> members, Map<String, Integer> partitionCounts) {
        Set<TopicPartition> assignable() {
            Set<TopicPartition> all = new HashSet<>();
            partitionCounts.forEach(
                    (topic, count) -> {
                        if (members.values().stream().anyMatch(m -> m.topics().contains(topic))) {
                            for (int i = 0; i < count; i++) {
                                all.add(new TopicPartition(topic, i));
                            }
                        }
                    });
            return all;
        }
    }

    /** Up to 8 members and 5 topics; the same subscription for all, or one for each. */
    private static Group random(RandomGenerator random, boolean alike) {
        Map<String, Integer> counts = new TreeMap<>();
        int topics = 1 + random.nextInt(5);
        for (int i = 0; i < topics; i++) {
            counts.put("topic-" + i, 1 + random.nextInt(9));
        }
        Map<String, MemberSubscription> members = new TreeMap<>();
        int size = 1 + random.nextInt(8);
        for (int i = 0; i < size; i++) {
            Set<String> wanted = new HashSet<>(counts.keySet());
            if (!alike) {
                wanted.removeIf(topic -> random.nextInt(3) == 0);
            }
            members.put("member-" + i, new MemberSubscription(wanted, Set.of(), -1));
        }
        return new Group(members, counts);
    }

    private static Map<String, List<TopicPartition>> kafkas(
            AbstractPartitionAssignor assignor, Group group) {
        Map<String, ConsumerPartitionAssignor.Subscription> members = new HashMap<>();
        group.members()
                .forEach(
                        (id, member) ->
                                members.put(
                                        id,
                                        new ConsumerPartitionAssignor.Subscription(
                                                new ArrayList<>(member.topics()),
                                                null,
                                                new ArrayList<>(member.owned()),
                                                member.generation(),
                                                Optional.empty())));
        Map<String, List<PartitionInfo>> topics = new HashMap<>();
        group.partitionCounts()
                .forEach(
                        (topic, count) -> {
                            List<PartitionInfo> infos = new ArrayList<>();
                            for (int i = 0; i < count; i++) {
                                infos.add(new PartitionInfo(topic, i, null, null, null));
                            }
                            topics.put(topic, infos);
                        });
        return new TreeMap<>(assignor.assignPartitions(topics, members));
    }

    private static Map<String, List<TopicPartition>> ours(Assignor assignor, Group group) {
        return Assignors.assign(assignor, group.members(), group.partitionCounts());
    }

    @Seeded
    void rangeAndRoundRobinAreKafkas(RandomGenerator random) {
        for (int i = 0; i < ROUNDS; i++) {
            Group group = random(random, random.nextBoolean());
            assertThat(sets(ours(Assignor.RANGE, group)))
                    .isEqualTo(sets(kafkas(new RangeAssignor(), group)));
            assertThat(sets(ours(Assignor.ROUND_ROBIN, group)))
                    .isEqualTo(sets(kafkas(new RoundRobinAssignor(), group)));
        }
    }

    private static Map<String, Set<TopicPartition>> sets(
            Map<String, List<TopicPartition>> assignment) {
        Map<String, Set<TopicPartition>> sets = new TreeMap<>();
        assignment.forEach((member, list) -> sets.put(member, new HashSet<>(list)));
        return sets;
    }

    @Seeded
    void stickyIsCompleteAndAsEvenAsKafkas(RandomGenerator random) {
        for (int i = 0; i < ROUNDS; i++) {
            Group group = random(random, true);
            Map<String, List<TopicPartition>> ours = ours(Assignor.COOPERATIVE_STICKY, group);
            assertComplete(ours, group);
            assertThat(sizes(ours))
                    .isEqualTo(sizes(kafkas(new CooperativeStickyAssignor(), group)));
            Group mixed = random(random, false);
            assertComplete(ours(Assignor.COOPERATIVE_STICKY, mixed), mixed);
        }
    }

    /** A member leaves or joins: partitions move in two steps and only as needed. */
    @Seeded
    void stickyMovesOnlyWhatItMust(RandomGenerator random) {
        for (int i = 0; i < ROUNDS; i++) {
            Group group = random(random, true);
            Group settled = owning(group, ours(Assignor.COOPERATIVE_STICKY, group), 1);
            Map<String, MemberSubscription> members = new TreeMap<>(settled.members());
            Set<String> topics = group.partitionCounts().keySet();
            if (random.nextBoolean() && members.size() > 1) {
                members.remove("member-0");
            } else {
                members.put("member-9", new MemberSubscription(topics, Set.of(), -1));
            }
            Group changed = new Group(members, group.partitionCounts());
            Map<String, List<TopicPartition>> first = ours(Assignor.COOPERATIVE_STICKY, changed);
            first.forEach(
                    (member, partitions) ->
                            partitions.forEach(
                                    partition ->
                                            members.forEach(
                                                    (other, subscription) ->
                                                            assertThat(
                                                                            subscription
                                                                                    .owned()
                                                                                    .contains(
                                                                                            partition))
                                                                    .as("moved without a pause")
                                                                    .isEqualTo(
                                                                            other.equals(member)
                                                                                    && subscription
                                                                                            .owned()
                                                                                            .contains(
                                                                                                    partition)))));
            Map<String, List<TopicPartition>> theirFirst =
                    kafkas(new CooperativeStickyAssignor(), changed);
            assertThat(kept(first, members)).isEqualTo(kept(theirFirst, members));

            Group again = owning(changed, first, 2);
            Map<String, List<TopicPartition>> second = ours(Assignor.COOPERATIVE_STICKY, again);
            assertComplete(second, again);
            List<Integer> sizes = sizes(second);
            assertThat(sizes.getLast() - sizes.getFirst()).isLessThanOrEqualTo(1);
        }
    }

    private static Group owning(
            Group group, Map<String, List<TopicPartition>> assignment, int generation) {
        Map<String, MemberSubscription> members = new TreeMap<>();
        group.members()
                .forEach(
                        (id, member) ->
                                members.put(
                                        id,
                                        new MemberSubscription(
                                                member.topics(),
                                                new HashSet<>(assignment.get(id)),
                                                generation)));
        return new Group(members, group.partitionCounts());
    }

    private static int kept(
            Map<String, List<TopicPartition>> assignment, Map<String, MemberSubscription> members) {
        int kept = 0;
        for (Map.Entry<String, MemberSubscription> member : members.entrySet()) {
            for (TopicPartition partition : assignment.get(member.getKey())) {
                kept += member.getValue().owned().contains(partition) ? 1 : 0;
            }
        }
        return kept;
    }

    private static void assertComplete(Map<String, List<TopicPartition>> assignment, Group group) {
        List<TopicPartition> given = new ArrayList<>();
        assignment.forEach(
                (member, partitions) -> {
                    given.addAll(partitions);
                    assertThat(group.members().get(member).topics())
                            .containsAll(partitions.stream().map(TopicPartition::topic).toList());
                });
        assertThat(given).doesNotHaveDuplicates();
        assertThat(new HashSet<>(given)).isEqualTo(group.assignable());
    }

    private static List<Integer> sizes(Map<String, List<TopicPartition>> assignment) {
        return assignment.values().stream().map(List::size).sorted().toList();
    }
}
