package io.headrace.coordinator.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Seeds of {@link ControllerSimulation}; {@code -Dseed=} replays one, {@code -Dseeds=} more. */
class ControllerSimulationTest {
    private static final int STEPS = 3_000;

    /** A move once made a leader of an in-sync node whose incarnation had been replaced. */
    @Test
    void aMoveHandsOverToOneThatLives() {
        run(2675633022L, 200);
    }

    private static ControllerSimulation run(long seed, int steps) {
        ControllerSimulation simulation = new ControllerSimulation(seed);
        int step = 0;
        try {
            for (; step < steps; step++) {
                simulation.step();
            }
        } catch (AssertionError | RuntimeException e) {
            throw new AssertionError("-Dseed=" + seed + " step " + step + ": " + e, e);
        }
        return simulation;
    }

    @Test
    void theInvariantsHoldForEverySeed() {
        Long only = Long.getLong("seed");
        int seeds = only == null ? Integer.getInteger("seeds", 40) : 1;
        long first = only == null ? System.nanoTime() & 0xFFFF_FFFFL : only;
        int elections = 0;
        int lastResorts = 0;
        int records = 0;
        int isrChanges = 0;
        for (long seed = first; seed < first + seeds; seed++) {
            ControllerSimulation simulation = run(seed, STEPS);
            elections += simulation.elections;
            lastResorts += simulation.invariants.lastResorts;
            records += simulation.invariants.records;
            isrChanges += simulation.isrChanges;
        }
        System.out.printf(
                "%d seeds from %d: %d elections (%d of last resort), %d ISR changes, %d records"
                        + " committed%n",
                seeds, first, elections, lastResorts, isrChanges, records);
        // A simulation in which nothing happens proves nothing.
        assertThat(elections).isGreaterThan(10 * seeds);
        assertThat(isrChanges).isGreaterThan(10 * seeds);
        assertThat(records).isGreaterThan(10 * seeds);
    }
}
