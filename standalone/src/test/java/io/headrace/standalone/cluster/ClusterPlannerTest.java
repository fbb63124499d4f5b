package io.headrace.standalone.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.Map;

/** What a cluster is made of. */
class ClusterPlannerTest {
    private static ClusterPlanner.Wish wish(int storage, Map<String, String> settings) {
        return ClusterPlanner.Wish.onAnyPorts(storage, 2, settings, Map.of());
    }

    @Test
    void nodesHaveTheIdsAndRacksThatClientsSee() {
        ClusterPlan plan = ClusterPlanner.plan(null, wish(3, Map.of()));
        assertThat(plan.nodes().stream().map(NodePlan::name))
                .containsExactly(
                        "postgres",
                        "coordinator-1",
                        "coordinator-2",
                        "storage-1",
                        "storage-2",
                        "storage-3",
                        "gateway");
        assertThat(plan.node("2").name()).isEqualTo("storage-2");
        assertThat(plan.node("storage-2").rack()).isEqualTo("RACK2");
        assertThat(plan.node("1002").name()).isEqualTo("coordinator-2");
        assertThat(plan.nodes().stream().map(NodePlan::port)).doesNotHaveDuplicates();
    }

    @Test
    void aLaterPlanKeepsNodesAndAddsSome() {
        ClusterPlan before = ClusterPlanner.plan(null, wish(2, Map.of("num.partitions", "3")));
        ClusterPlan after = ClusterPlanner.plan(before, wish(3, Map.of()));
        assertThat(after.nodes()).containsAll(before.nodes());
        assertThat(after.nodes(Role.STORAGE)).hasSize(3);
        assertThat(after.secret()).isEqualTo(before.secret());
        assertThat(after.settings()).isEqualTo(Map.of("num.partitions", "3"));
    }

    @Test
    void refusesWhatItCannotDo() {
        ClusterPlan before = ClusterPlanner.plan(null, wish(3, Map.of()));
        for (Runnable wrong :
                List.<Runnable>of(
                        () -> ClusterPlanner.plan(before, wish(2, Map.of())),
                        () -> ClusterPlanner.plan(null, wish(0, Map.of())),
                        () -> ClusterPlanner.plan(null, wish(1, Map.of("no.such", "1"))))) {
            assertThatThrownBy(wrong::run).isInstanceOf(ClusterFailureException.class);
        }
    }

    @Test
    void kafkasNamesBecomeTheNodesOwn() {
        Map<String, String> given =
                Map.of(
                        "num.partitions", "4",
                        "min.insync.replicas", "2",
                        "group.initial.rebalance.delay.ms", "0",
                        "log.segment.bytes", "1048576",
                        "headrace.storage.loops", "1");
        assertThat(UserSettings.of(Role.COORDINATOR, given))
                .containsEntry("headrace.coordinator.topic-defaults.partitions", "4")
                .containsEntry("headrace.coordinator.group.initial-rebalance-delay", "0")
                .doesNotContainValue("1048576");
        assertThat(UserSettings.of(Role.STORAGE, given))
                .containsEntry("headrace.storage.topic-defaults[min.insync.replicas]", "2")
                .containsEntry("headrace.storage.topic-defaults[segment.bytes]", "1048576")
                .containsEntry("headrace.storage.loops", "1");
    }

    @Test
    void secretsAreNotShown() {
        ClusterPlan plan = ClusterPlanner.plan(null, wish(1, Map.of()));
        assertThat(plan.toString() + plan.database())
                .doesNotContain(plan.secret())
                .doesNotContain(plan.database().password());
    }
}
