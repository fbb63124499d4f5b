package io.headrace.simulation;

import io.headrace.simulation.planted.Bug;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/**
 * Runs seeds on all processors: {@code ManySeeds FIRST COUNT}. One seed alone prints its trace with
 * {@code -Dtrace=true}.
 */
final class ManySeeds {
    private ManySeeds() {}

    /** Prints each violation with its seed, and the sums. */
    public static void main(String[] arguments) throws InterruptedException, ExecutionException {
        long first = Long.parseLong(arguments[0]);
        int count = Integer.parseInt(arguments[1]);
        if (count == 1) {
            one(first);
            return;
        }
        List<String> failures = run(first, count, Bug.NONE, System.out::println);
        if (!failures.isEmpty()) {
            System.exit(1);
        }
    }

    private static void one(long seed) {
        Simulation simulation = new Simulation(seed, Bug.NONE, true);
        try {
            System.out.println(simulation.run());
        } finally {
            if (Boolean.getBoolean("trace")) {
                simulation.world().lines().forEach(System.out::println);
            }
        }
    }

    /**
     * Runs seeds.
     *
     * @param bug what is planted in each run
     * @return a line for each seed that failed
     */
    static List<String> run(long first, int count, Bug bug, Consumer<String> progress)
            throws InterruptedException, ExecutionException {
        long beganNanos = System.nanoTime();
        List<String> failures = Collections.synchronizedList(new ArrayList<>());
        AtomicLong events = new AtomicLong();
        AtomicLong elections = new AtomicLong();
        AtomicLong truncations = new AtomicLong();
        AtomicLong crashes = new AtomicLong();
        AtomicLong next = new AtomicLong(first);
        int threads = Runtime.getRuntime().availableProcessors();
        try (ExecutorService pool = Executors.newFixedThreadPool(threads)) {
            List<Future<?>> all = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                all.add(
                        pool.submit(
                                () -> {
                                    for (long seed = next.getAndIncrement();
                                            seed < first + count;
                                            seed = next.getAndIncrement()) {
                                        try {
                                            Report report = new Simulation(seed, bug, false).run();
                                            events.addAndGet(report.events());
                                            elections.addAndGet(report.elections());
                                            truncations.addAndGet(report.truncations());
                                            crashes.addAndGet(report.crashes());
                                        } catch (AssertionError | RuntimeException e) {
                                            failures.add("seed " + seed + ": " + e);
                                            progress.accept("seed " + seed + ": " + e);
                                        }
                                        if ((seed - first + 1) % 1_000 == 0) {
                                            progress.accept((seed - first + 1) + " seeds begun");
                                        }
                                    }
                                }));
            }
            for (Future<?> each : all) {
                each.get();
            }
        }
        double seconds = (System.nanoTime() - beganNanos) / 1e9;
        progress.accept(
                "%d seeds in %.1f s (%.1f a second): %d failed, %d events, %d elections, %d truncations, %d crashes"
                        .formatted(
                                count,
                                seconds,
                                count / seconds,
                                failures.size(),
                                events.get(),
                                elections.get(),
                                truncations.get(),
                                crashes.get()));
        return failures;
    }
}
