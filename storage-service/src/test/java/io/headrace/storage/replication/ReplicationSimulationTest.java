package io.headrace.storage.replication;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.testkit.random.Seed;
import io.headrace.testkit.random.Seeded;

import org.junit.jupiter.api.Test;

import java.util.random.RandomGenerator;

/**
 * The replication core of three nodes under chance: delayed, lost and repeated messages, crashes
 * that lose what is not flushed, fencing, elections, late metadata. What any leader called
 * committed stays, in every leader after.
 */
class ReplicationSimulationTest {
    private static final int STEPS = 3_000;

    @Seeded(runs = 30)
    void whatIsCommittedStays(Seed seed) {
        ReplicationModel model = new ReplicationModel(seed.generator(), false);
        model.run(STEPS);
        assertThat(model.committedCount()).as(seed.toString()).isGreaterThanOrEqualTo(0);
    }

    @Test
    void theModelMakesProgress() {
        long committed = 0;
        long elections = 0;
        long truncations = 0;
        for (int i = 0; i < 10; i++) {
            RandomGenerator random = new Seed(7_000 + i).generator();
            ReplicationModel model = new ReplicationModel(random, false);
            model.run(STEPS);
            committed += model.committedCount();
            elections += model.electionCount();
            truncations += model.truncationCount();
        }
        assertThat(committed).isGreaterThan(500);
        assertThat(elections).isGreaterThan(50);
        assertThat(truncations).isGreaterThan(10);
    }

    /** The checks can fail: a follower that reports what it has not flushed loses records. */
    @Test
    void reportingUnflushedRecordsAsFlushedIsFound() {
        int found = 0;
        for (int i = 0; i < 200 && found == 0; i++) {
            ReplicationModel model = new ReplicationModel(new Seed(i).generator(), true);
            try {
                model.run(STEPS);
            } catch (AssertionError lost) {
                found++;
            }
        }
        assertThat(found).isPositive();
    }
}
