package io.headrace.standalone.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.standalone.cluster.ClusterPlanner;
import io.headrace.standalone.cluster.NodePlan;
import io.headrace.standalone.cluster.Role;

import org.junit.jupiter.api.Test;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Pauses make zombies of some nodes and are cut short for others. */
class WatchedTest {
    private final List<NodePlan> nodes =
            ClusterPlanner.plan(null, ClusterPlanner.Wish.onAnyPorts(3, 2, Map.of(), Map.of()))
                    .nodes();

    @Test
    void someOfEachRoleAreWatchedAndSomeAreNot() {
        Set<Watched> all = new HashSet<>();
        for (long seed = 0; seed < 200; seed++) {
            Watched watched = Watched.draw(seed, nodes, Map.of());
            assertThat(watched).isEqualTo(Watched.draw(seed, nodes, Map.of()));
            for (Role role : List.of(Role.STORAGE, Role.COORDINATOR)) {
                List<NodePlan> ofRole = nodes.stream().filter(node -> node.role() == role).toList();
                long without =
                        ofRole.stream()
                                .filter(node -> !watched.optionsOf(node).jvmOptions().isEmpty())
                                .count();
                assertThat(without).isBetween(1L, ofRole.size() - 1L);
            }
            all.add(watched);
        }
        assertThat(all).as("(3 + 3) * 2 ways").hasSize(12);
    }

    @Test
    void whatTheUserSetHoldsForAll() {
        Watched watched = Watched.draw(1, nodes, Map.of("headrace.watchdog.timeout", "5s"));
        assertThat(watched.unwatched()).isEmpty();
        assertThat(watched.note()).contains("set for them");
    }
}
