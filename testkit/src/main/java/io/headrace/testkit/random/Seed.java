package io.headrace.testkit.random;

import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/** The number from which all chance of one test run follows. */
public record Seed(long value) {
    /** A generator at the start of this seed's sequence. */
    public RandomGenerator generator() {
        return new SplittableRandom(value);
    }

    @Override
    public String toString() {
        return "-Dseed=" + value;
    }
}
