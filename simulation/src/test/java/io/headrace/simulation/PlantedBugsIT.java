package io.headrace.simulation;

import io.headrace.simulation.PlantedBugsTest.Planted;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Goal: each planted bug is found within 1,000 seeds, from the first one on. */
@Tag("fault")
class PlantedBugsIT {
    @ParameterizedTest
    @MethodSource("io.headrace.simulation.PlantedBugsTest#bugs")
    void isFoundFromTheFirstSeedOn(Planted planted) {
        PlantedBugsTest.requireFound(planted.bug(), 1);
    }
}
