package io.headrace.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.simulation.planted.Bug;

import org.junit.jupiter.api.Test;

import java.util.concurrent.TimeUnit;

/** Goal: whatever goes wrong, from whatever seed, the cluster keeps what it promised. */
class SimulationTest {
    private static final long FRESH_SECONDS = 8;

    @Test
    void freshSeedsAreClean() {
        Long given = Long.getLong("seed");
        if (given != null) {
            System.out.println(Simulation.run(given));
            return;
        }
        long first = System.nanoTime() & Long.MAX_VALUE >>> 8;
        long untilNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(FRESH_SECONDS);
        int count = 0;
        while (count < 10 || System.nanoTime() < untilNanos) {
            Simulation.run(first + count);
            count++;
        }
        System.out.println(count + " fresh seeds from " + first + " were clean");
        assertThat(count).isGreaterThanOrEqualTo(10);
    }

    @Test
    void aSeedReplaysExactly() {
        for (long seed = 100; seed < 103; seed++) {
            Simulation one = new Simulation(seed, Bug.NONE, true);
            Simulation other = new Simulation(seed, Bug.NONE, true);
            Report first = one.run();
            assertThat(other.run()).isEqualTo(first);
            assertThat(other.world().lines()).isEqualTo(one.world().lines()).isNotEmpty();
        }
    }

    @Test
    void muchHappensInARun() {
        int elections = 0;
        int truncations = 0;
        int crashes = 0;
        int acknowledged = 0;
        for (long seed = 1; seed <= 25; seed++) {
            Report report = Simulation.run(seed);
            elections += report.elections();
            truncations += report.truncations();
            crashes += report.crashes();
            acknowledged += report.acknowledged();
        }
        assertThat(elections).isGreaterThan(50);
        assertThat(truncations).isPositive();
        assertThat(crashes).isGreaterThan(50);
        assertThat(acknowledged).isGreaterThan(500);
    }
}
