package io.headrace.client.connection;

import java.time.Duration;

/** The ranges of option values; each check throws {@link IllegalArgumentException}. */
public final class OptionChecks {
    private OptionChecks() {}

    public static void positive(Duration value, String name) {
        if (value.isNegative() || value.isZero()) {
            throw new IllegalArgumentException(name + " is " + value + ", not above zero");
        }
    }

    public static void notNegative(Duration value, String name) {
        if (value.isNegative()) {
            throw new IllegalArgumentException(name + " is " + value + ", below zero");
        }
    }

    public static void inRange(long value, String name, long lowest, long highest) {
        if (value < lowest || value > highest) {
            throw new IllegalArgumentException(
                    name + " is " + value + ", not in " + lowest + ".." + highest);
        }
    }
}
