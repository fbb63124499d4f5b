package io.headrace.benchmarks.report;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.Locale;
import java.util.Objects;

/**
 * The middle and the ends of some readings.
 *
 * @param count how many; the rest is NaN if there is none
 */
record Spread(int count, double median, double lowest, double highest) {
    static Spread of(List<? extends @Nullable Double> values) {
        double[] sorted =
                values.stream().filter(Objects::nonNull).mapToDouble(v -> v).sorted().toArray();
        if (sorted.length == 0) {
            return new Spread(0, Double.NaN, Double.NaN, Double.NaN);
        }
        int middle = sorted.length / 2;
        double median =
                sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        return new Spread(sorted.length, median, sorted[0], sorted[sorted.length - 1]);
    }

    boolean isEmpty() {
        return count == 0;
    }

    /** The median, with the lowest and the highest if there are several. */
    String text() {
        if (isEmpty()) {
            return "-";
        }
        return count == 1
                ? number(median)
                : number(median) + " (" + number(lowest) + " to " + number(highest) + ")";
    }

    static String number(double value) {
        return value >= 1000
                ? String.format(Locale.ROOT, "%,.0f", value)
                : String.format(Locale.ROOT, "%.2f", value);
    }
}
