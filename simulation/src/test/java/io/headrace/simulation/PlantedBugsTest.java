package io.headrace.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.simulation.network.Tamper;
import io.headrace.simulation.planted.Bug;
import io.headrace.simulation.planted.PlantedBugs;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.List;

/**
 * Goal: the checkers find bugs. Method: each bug is planted in runs of seeds, one after the other,
 * until a run breaks a promise; no later than in the 1,000th. {@link PlantedBugsIT} begins with
 * seed 1; here, where each build waits, with a seed shortly before the one that found the bug.
 */
class PlantedBugsTest {
    private static final int MAX_SEEDS = 1_000;

    /**
     * A bug and where to begin to look for it.
     *
     * @param near a seed; whatever changes the runs of seeds changes which one finds the bug; 0
     *     where none is known that does
     */
    record Planted(Bug bug, long near) {
        @Override
        public String toString() {
            return bug.toString();
        }
    }

    static List<Planted> bugs() {
        return List.of(
                new Planted(
                        Bug.onRecovery(
                                "a replica that starts cuts its log back to its high watermark",
                                logs ->
                                        logs.logs()
                                                .forEach(
                                                        log ->
                                                                log.truncateTo(
                                                                        log.highWatermark()))),
                        1),
                onWire("skipping the epoch check", new PlantedBugs.SkipsEpochCheck(), 14),
                onWire("acknowledging before ISR", new PlantedBugs.AcknowledgesBeforeIsr(), 4),
                new Planted(
                        Bug.onWire(
                                "restart within the same leader epoch",
                                truth -> new PlantedBugs.RestartsInSameEpoch()),
                        11),
                onWire(
                        "reporting unflushed bytes as replicated",
                        new PlantedBugs.ReportsUnflushed(),
                        5),
                new Planted(
                        Bug.onWire(
                                        "ISR expansion from a dead incarnation",
                                        PlantedBugs.CountsDeadIncarnations::new)
                                .onLostDisks(),
                        96),
                onWire(
                        "a min.insync change racing an ISR shrink",
                        new PlantedBugs.MinInSyncRacesShrink(),
                        3),
                new Planted(
                        Bug.onWire(
                                "a shard append without its fence",
                                truth -> new PlantedBugs.ShardAppendWithoutFence()),
                        61),
                new Planted(
                        Bug.onWire(
                                        "a controller deaf after it was deposed",
                                        PlantedBugs.DeafAfterDeposition::new)
                                .thatStops(),
                        951));
    }

    /** Those of every build: one whose seed is not known would take minutes. */
    static List<Planted> soonFound() {
        return bugs().stream().filter(planted -> planted.near() > 0).toList();
    }

    private static Planted onWire(String name, Tamper stateless, long near) {
        return new Planted(Bug.onWire(name, truth -> stateless), near);
    }

    @ParameterizedTest
    @MethodSource("soonFound")
    void isFound(Planted planted) {
        requireFound(planted.bug(), planted.near());
    }

    /** Looks for a bug, from a seed on. */
    static void requireFound(Bug bug, long firstSeed) {
        String found = null;
        for (long seed = firstSeed; seed < firstSeed + MAX_SEEDS && found == null; seed++) {
            try {
                new Simulation(seed, bug, false).run();
            } catch (AssertionError violation) {
                String message = String.valueOf(violation.getMessage());
                // A run that only comes to a standstill has broken no promise but that one.
                boolean stands = message.contains(Simulation.NO_PROGRESS);
                found = stands == bug.stops() ? message : null;
            }
        }
        System.out.println(bug + ": " + found);
        assertThat(found).as("no run of %d broke a promise", MAX_SEEDS).isNotNull();
        assertThat(found).contains("AssertionError"); // an invariant, not the bug's wiring
    }
}
