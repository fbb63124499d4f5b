package io.headrace.storage.share;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.testkit.random.Seed;
import io.headrace.testkit.random.Seeded;

import org.junit.jupiter.api.Test;

/**
 * Share partitions and their shard under chance, with a change of leader at every step: nothing
 * acknowledged is delivered again, everything else may be, and nothing is forgotten.
 */
class ShareSimulationTest {
    private static final int STEPS = 600;

    @Seeded(runs = 60)
    void whatIsAcknowledgedIsNotDeliveredAgain(Seed seed) {
        run(seed, STEPS, -1, false);
    }

    @Seeded(runs = 4)
    void aLeaderChangesAtEveryStep(Seed seed) {
        for (int step = 0; step < 120; step++) {
            run(seed, 120, step, false);
        }
    }

    private static ShareModel run(Seed seed, int steps, int takeOverAt, boolean forgetsEpochs) {
        ShareModel model = new ShareModel(seed.generator(), forgetsEpochs);
        try {
            model.run(steps, takeOverAt);
        } catch (AssertionError | RuntimeException e) {
            throw new AssertionError(seed + ", take-over at " + takeOverAt, e);
        }
        return model;
    }

    @Test
    void theModelMakesProgress() {
        int delivered = 0;
        int redelivered = 0;
        int takeOvers = 0;
        for (int i = 0; i < 10; i++) {
            ShareModel model = run(new Seed(9_000 + i), STEPS, -1, false);
            delivered += model.deliveredCount();
            redelivered += model.redeliveredCount();
            takeOvers += model.takeOverCount();
        }
        assertThat(delivered).isGreaterThan(1_000);
        assertThat(redelivered).isGreaterThan(100);
        assertThat(takeOvers).isGreaterThan(50);
    }

    /** The checks can fail: a shard that listens to deposed leaders loses acknowledgements. */
    @Test
    void aShardThatForgetsEpochsIsFound() {
        int found = 0;
        for (int i = 0; i < 200 && found == 0; i++) {
            try {
                run(new Seed(i), STEPS, -1, true);
            } catch (AssertionError violation) {
                found++;
            }
        }
        assertThat(found).isPositive();
    }
}
