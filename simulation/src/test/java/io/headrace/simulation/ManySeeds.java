package io.headrace.simulation;

import io.headrace.simulation.network.Tamper;

import java.util.ArrayList;
import java.util.List;

/** Runs seeds one after the other: {@code ManySeeds FIRST COUNT}. */
final class ManySeeds {
    private ManySeeds() {}

    /** Prints each run's report, and each violation with its seed. */
    public static void main(String[] arguments) {
        long first = Long.parseLong(arguments[0]);
        int count = Integer.parseInt(arguments[1]);
        List<Long> failed = new ArrayList<>();
        long beganNanos = System.nanoTime();
        for (long seed = first; seed < first + count; seed++) {
            Simulation simulation = new Simulation(seed, Tamper.NONE, count == 1);
            try {
                Report report = simulation.run();
                System.out.println(report);
            } catch (AssertionError | RuntimeException e) {
                failed.add(seed);
                System.out.println("seed " + seed + " FAILED: " + e);
                if (count == 1) {
                    e.printStackTrace(System.out);
                }
            }
            if (count == 1 && Boolean.getBoolean("trace")) {
                simulation.world().lines().forEach(System.out::println);
            }
        }
        double seconds = (System.nanoTime() - beganNanos) / 1e9;
        System.out.printf(
                "%d seeds in %.1f s (%.1f a second), failed: %s%n",
                count, seconds, count / seconds, failed);
    }
}
