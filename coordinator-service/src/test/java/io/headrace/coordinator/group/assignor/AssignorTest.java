package io.headrace.coordinator.group.assignor;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.coordinator.group.assignor.AssignmentInput.Subscriber;
import io.headrace.testkit.random.Seeded;

import org.apache.kafka.common.Uuid;
import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.random.RandomGenerator;

/** What every assignor promises, and what each promises beside. */
class AssignorTest {
    private static final Uuid ORDERS = new Uuid(0, 1);
    private static final Uuid INVOICES = new Uuid(0, 2);

    private static Subscriber member(String id, Uuid... topics) {
        return new Subscriber(id, null, Set.of(topics), Map.of());
    }

    private static Map<Uuid, Set<Integer>> of(
            Map<String, Map<Uuid, Set<Integer>>> assignment, String memberId) {
        return Objects.requireNonNull(assignment.get(memberId));
    }

    private static int count(Map<Uuid, Set<Integer>> partitions) {
        return partitions.values().stream().mapToInt(Set::size).sum();
    }

    @Test
    void rangesOfTopicsOfOneSizeAreTheSame() {
        Map<String, Map<Uuid, Set<Integer>>> assignment =
                Assignor.named("range")
                        .assign(
                                new AssignmentInput(
                                        List.of(
                                                member("b", ORDERS, INVOICES),
                                                member("a", ORDERS, INVOICES)),
                                        Map.of(ORDERS, 3, INVOICES, 3)));
        assertThat(assignment.get("a"))
                .isEqualTo(Map.of(ORDERS, Set.of(0, 1), INVOICES, Set.of(0, 1)));
        assertThat(assignment.get("b")).isEqualTo(Map.of(ORDERS, Set.of(2), INVOICES, Set.of(2)));
    }

    @Test
    void staticMembersKeepTheirPlaceUnderAnotherId() {
        Subscriber before = new Subscriber("z", "one", Set.of(ORDERS), Map.of());
        Subscriber after = new Subscriber("0", "one", Set.of(ORDERS), Map.of());
        Subscriber other = new Subscriber("y", "two", Set.of(ORDERS), Map.of());
        Assignor range = Assignor.named("range");
        assertThat(
                        range.assign(new AssignmentInput(List.of(before, other), Map.of(ORDERS, 4)))
                                .get("z"))
                .isEqualTo(
                        range.assign(new AssignmentInput(List.of(other, after), Map.of(ORDERS, 4)))
                                .get("0"));
    }

    @Test
    void uniformTakesFromNoOneMoreThanItMust() {
        Assignor uniform = Assignor.named("uniform");
        Map<Uuid, Set<Integer>> all = Map.of(ORDERS, Set.of(0, 1, 2, 3, 4, 5));
        Map<String, Map<Uuid, Set<Integer>>> assignment =
                uniform.assign(
                        new AssignmentInput(
                                List.of(
                                        new Subscriber("a", null, Set.of(ORDERS), all),
                                        member("b", ORDERS),
                                        member("c", ORDERS)),
                                Map.of(ORDERS, 6)));
        assertThat(assignment.values()).allSatisfy(each -> assertThat(count(each)).isEqualTo(2));
        assertThat(all.get(ORDERS))
                .containsAll(Objects.requireNonNull(of(assignment, "a").get(ORDERS)));
    }

    @Test
    void anUnknownNameIsTheDefault() {
        assertThat(Assignor.named("of a later version").name()).isEqualTo("uniform");
        assertThat(Assignor.isKnown("of a later version")).isFalse();
    }

    /** Members, topics and former assignments as chance has them. */
    private static AssignmentInput input(RandomGenerator random, boolean homogeneous) {
        Map<Uuid, Integer> counts = new HashMap<>();
        List<Uuid> topics = new ArrayList<>();
        for (int i = 0; i < 1 + random.nextInt(6); i++) {
            Uuid topic = new Uuid(1, i);
            topics.add(topic);
            counts.put(topic, random.nextInt(12));
        }
        List<Subscriber> members = new ArrayList<>();
        for (int i = 0; i < 1 + random.nextInt(9); i++) {
            Set<Uuid> subscribed = new HashSet<>(topics);
            subscribed.removeIf(topic -> !homogeneous && random.nextInt(3) == 0);
            Map<Uuid, Set<Integer>> current = new HashMap<>();
            for (Uuid topic : topics) {
                Set<Integer> had = new HashSet<>();
                for (int partition = 0; partition < 14; partition++) {
                    if (random.nextInt(4) == 0) {
                        had.add(partition); // also of others, or of no topic any more
                    }
                }
                current.put(topic, had);
            }
            String instance = random.nextInt(3) == 0 ? "i" + i : null;
            members.add(new Subscriber("m" + i, instance, subscribed, current));
        }
        return new AssignmentInput(members, counts);
    }

    private static void assertWhole(
            AssignmentInput input, Map<String, Map<Uuid, Set<Integer>>> assignment) {
        assertThat(assignment.keySet())
                .hasSize(input.members().size())
                .containsAll(input.members().stream().map(Subscriber::memberId).toList());
        input.partitionCounts()
                .forEach(
                        (topic, partitions) -> {
                            List<Integer> given = new ArrayList<>();
                            boolean subscribed = false;
                            for (Subscriber member : input.members()) {
                                Set<Integer> ofTopic = of(assignment, member.memberId()).get(topic);
                                if (ofTopic != null) {
                                    assertThat(member.topics()).contains(topic);
                                    given.addAll(ofTopic);
                                }
                                subscribed |= member.topics().contains(topic);
                            }
                            given.sort(null);
                            List<Integer> wanted = new ArrayList<>();
                            for (int i = 0; subscribed && i < partitions; i++) {
                                wanted.add(i);
                            }
                            assertThat(given).isEqualTo(wanted);
                        });
    }

    @Seeded(runs = 300)
    void everyPartitionHasExactlyOneSubscriber(RandomGenerator random) {
        AssignmentInput input = input(random, random.nextBoolean());
        for (Assignor assignor : Assignor.ALL) {
            assertWhole(input, assignor.assign(input));
        }
    }

    @Seeded(runs = 200)
    void uniformIsLevelAndStays(RandomGenerator random) {
        AssignmentInput input = input(random, true);
        Assignor uniform = Assignor.named("uniform");
        Map<String, Map<Uuid, Set<Integer>>> assignment = uniform.assign(input);
        List<Integer> counts = assignment.values().stream().map(AssignorTest::count).toList();
        assertThat(counts.stream().max(Integer::compare).orElseThrow())
                .isLessThanOrEqualTo(counts.stream().min(Integer::compare).orElseThrow() + 1);
        assertThat(uniform.assign(after(input, assignment))).isEqualTo(assignment);
    }

    @Seeded(runs = 200)
    void uniformOfDifferentSubscriptionsStaysToo(RandomGenerator random) {
        AssignmentInput input = input(random, false);
        Assignor uniform = Assignor.named("uniform");
        Map<String, Map<Uuid, Set<Integer>>> assignment = uniform.assign(input);
        for (Subscriber heavy : input.members()) {
            for (Subscriber light : input.members()) {
                int difference =
                        count(of(assignment, heavy.memberId()))
                                - count(of(assignment, light.memberId()));
                boolean couldGive =
                        of(assignment, heavy.memberId()).keySet().stream()
                                .anyMatch(light.topics()::contains);
                assertThat(couldGive && difference > 1).isFalse();
            }
        }
        assertThat(uniform.assign(after(input, assignment))).isEqualTo(assignment);
    }

    private static AssignmentInput after(
            AssignmentInput input, Map<String, Map<Uuid, Set<Integer>>> assignment) {
        return new AssignmentInput(
                input.members().stream()
                        .map(
                                member ->
                                        new Subscriber(
                                                member.memberId(),
                                                member.instanceId(),
                                                member.topics(),
                                                of(assignment, member.memberId())))
                        .toList(),
                input.partitionCounts());
    }
}
