package io.headrace.gateway.config;

import org.springframework.util.unit.DataSize;

import java.time.Duration;

/** Checks of configured values; a failure names the property. */
final class Checks {
    private Checks() {}

    static void positive(Duration value, String property) {
        check(value.isPositive(), property, "a positive duration", value);
    }

    static void positive(DataSize value, String property) {
        check(
                value.toBytes() > 0 && value.toBytes() <= Integer.MAX_VALUE,
                property,
                "a size from 1 B to 2047 MB",
                value);
    }

    static void positive(int value, String property) {
        check(value > 0, property, "at least 1", value);
    }

    static void notNegative(int value, String property) {
        check(value >= 0, property, "at least 0", value);
    }

    private static void check(boolean valid, String property, String wanted, Object value) {
        if (!valid) {
            throw new IllegalArgumentException(
                    "headrace.gateway." + property + " must be " + wanted + ", not " + value);
        }
    }
}
