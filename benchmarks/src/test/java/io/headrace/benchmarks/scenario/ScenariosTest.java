package io.headrace.benchmarks.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ScenariosTest {
    @Test
    void thereAreAtMostTwentyFourCells() {
        assertThat(Scenarios.ALL).hasSizeLessThanOrEqualTo(24);
    }

    @Test
    void everyCellIsFoundByItsOwnName() {
        assertThat(Scenarios.ALL).extracting(Scenario::name).doesNotHaveDuplicates();
        for (Scenario scenario : Scenarios.ALL) {
            assertThat(Scenarios.named(scenario.name())).contains(scenario);
        }
    }
}
