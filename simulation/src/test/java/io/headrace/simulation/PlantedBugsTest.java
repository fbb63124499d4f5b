package io.headrace.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.simulation.network.Tamper;
import io.headrace.simulation.planted.Bug;
import io.headrace.simulation.planted.PlantedBugs;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.List;

/**
 * Goal: the checkers find bugs. Method: each bug is planted in runs of seeds 1, 2, ..., until a run
 * breaks a promise; no later than the 1,000th.
 */
class PlantedBugsTest {
    private static final int MAX_SEEDS = 1_000;

    static List<Bug> bugs() {
        return List.of(
                Bug.onRecovery(
                        "a replica that starts cuts its log back to its high watermark",
                        logs -> logs.logs().forEach(log -> log.truncateTo(log.highWatermark()))),
                onWire("skipping the epoch check", new PlantedBugs.SkipsEpochCheck()),
                onWire("acknowledging before ISR", new PlantedBugs.AcknowledgesBeforeIsr()),
                Bug.onWire(
                        "restart within the same leader epoch",
                        truth -> new PlantedBugs.RestartsInSameEpoch()),
                onWire(
                        "reporting unflushed bytes as replicated",
                        new PlantedBugs.ReportsUnflushed()),
                Bug.onWire(
                        "ISR expansion from a dead incarnation",
                        PlantedBugs.CountsDeadIncarnations::new),
                onWire(
                        "a min.insync change racing an ISR shrink",
                        new PlantedBugs.MinInSyncRacesShrink()),
                Bug.onWire(
                        "a shard append without its fence",
                        truth -> new PlantedBugs.ShardAppendWithoutFence()));
    }

    private static Bug onWire(String name, Tamper stateless) {
        return Bug.onWire(name, truth -> stateless);
    }

    @ParameterizedTest
    @MethodSource("bugs")
    void isFound(Bug bug) {
        String found = null;
        for (long seed = 1; seed <= MAX_SEEDS && found == null; seed++) {
            try {
                new Simulation(seed, bug, false).run();
            } catch (AssertionError violation) {
                String message = String.valueOf(violation.getMessage());
                // A run that only comes to a standstill has not broken a promise yet.
                found = message.contains("no progress") ? null : message;
            }
        }
        System.out.println(bug + ": " + found);
        assertThat(found).as("no run of %d broke a promise", MAX_SEEDS).isNotNull();
        assertThat(found).contains("AssertionError"); // an invariant, not the bug's wiring
    }
}
