package io.headrace.standalone.chaos;

import io.headrace.standalone.cluster.LaunchOptions;
import io.headrace.standalone.cluster.NodePlan;
import io.headrace.standalone.cluster.Role;
import io.headrace.standalone.serve.WatchdogSettings;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;

/**
 * Which nodes a watchdog ends and starts again when they are paused, as by default, and which ones
 * wake up as they were and still believe what they knew: some of each role, drawn from the seed.
 *
 * @param unwatched the names of those without
 * @param isDrawn false when a setting decides for all alike
 */
record Watched(Set<String> unwatched, boolean isDrawn) {
    Watched {
        unwatched = Collections.unmodifiableSet(new TreeSet<>(unwatched));
    }

    /** Half of each role, at least one; none where the user has set what holds. */
    static Watched draw(long seed, List<NodePlan> nodes, Map<String, String> settings) {
        if (settings.containsKey(WatchdogSettings.TIMEOUT)) {
            return new Watched(Set.of(), false);
        }
        SplittableRandom random = new SplittableRandom(seed);
        Set<String> unwatched = new TreeSet<>();
        for (Role role : List.of(Role.STORAGE, Role.COORDINATOR)) {
            List<String> names =
                    new ArrayList<>(
                            nodes.stream()
                                    .filter(node -> node.role() == role)
                                    .map(NodePlan::name)
                                    .toList());
            Collections.shuffle(names, Random.from(random));
            int half = (names.size() + (random.nextBoolean() ? 1 : 0)) / 2;
            unwatched.addAll(names.subList(0, Math.max(1, half)));
        }
        return new Watched(unwatched, true);
    }

    /** What a node's process gets. */
    LaunchOptions optionsOf(NodePlan node) {
        return unwatched.contains(node.name())
                ? new LaunchOptions(
                        List.of(), Map.of(), List.of("-D" + WatchdogSettings.TIMEOUT + "=0"))
                : LaunchOptions.NONE;
    }

    /** For the report. */
    String note() {
        return isDrawn
                ? "When paused, a node is ended and started again by its watchdog, but for "
                        + String.join(", ", unwatched)
                        + ", which wake up as they were."
                : "All nodes have the watchdog that was set for them.";
    }
}
