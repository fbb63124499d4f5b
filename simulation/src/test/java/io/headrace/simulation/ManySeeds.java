package io.headrace.simulation;

import io.headrace.simulation.planted.Bug;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/**
 * Runs seeds on all processors: {@code ManySeeds FIRST COUNT}. One seed alone prints its trace with
 * {@code -Dtrace=true}.
 */
final class ManySeeds {
    private static final long PROGRESS_SECONDS = 10;

    private final long first;
    private final int count;
    private final Bug bug;
    private final Consumer<String> progress;
    private final long beganNanos = System.nanoTime();
    private final Duration cpuBefore =
            ProcessHandle.current().info().totalCpuDuration().orElse(Duration.ZERO);
    private final AtomicLong next;
    private final List<String> failures = Collections.synchronizedList(new ArrayList<>());
    private final Map<String, Long> sums = new TreeMap<>();

    private ManySeeds(long first, int count, Bug bug, Consumer<String> progress) {
        this.first = first;
        this.count = count;
        this.bug = bug;
        this.progress = progress;
        this.next = new AtomicLong(first);
    }

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
     * @param progress is told of each seed that failed, and every ten seconds how far it is
     * @return a line for each seed that failed
     */
    static List<String> run(long first, int count, Bug bug, Consumer<String> progress)
            throws InterruptedException, ExecutionException {
        return new ManySeeds(first, count, bug, progress).runAll();
    }

    private List<String> runAll() throws InterruptedException, ExecutionException {
        int threads = Integer.getInteger("threads", Runtime.getRuntime().availableProcessors());
        try (ExecutorService pool = Executors.newFixedThreadPool(threads)) {
            List<Future<?>> all = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                all.add(pool.submit(this::work));
            }
            for (Future<?> each : all) {
                await(each);
            }
        }
        progress.accept(state());
        return failures;
    }

    private void await(Future<?> work) throws InterruptedException, ExecutionException {
        boolean done = false;
        while (!done) {
            try {
                work.get(PROGRESS_SECONDS, TimeUnit.SECONDS);
                done = true;
            } catch (TimeoutException notYet) {
                progress.accept(state());
            }
        }
    }

    private void work() {
        for (long seed = next.getAndIncrement();
                seed < first + count;
                seed = next.getAndIncrement()) {
            try {
                add(new Simulation(seed, bug, false).run());
            } catch (AssertionError e) {
                String line = String.valueOf(e.getMessage());
                failures.add(line);
                progress.accept(line);
            }
        }
    }

    private synchronized void add(Report report) {
        sums.merge(" seeds", 1L, Long::sum);
        sums.merge("acknowledged records", (long) report.acknowledged(), Long::sum);
        sums.merge("crashes", (long) report.crashes(), Long::sum);
        sums.merge("elections", (long) report.elections(), Long::sum);
        sums.merge("events", report.events(), Long::sum);
        sums.merge("simulated s", report.simulatedMs() / 1_000, Long::sum);
        sums.merge("longest wait ms", report.longestWaitMs(), Long::max);
        sums.merge("truncations", (long) report.truncations(), Long::sum);
        report.checks().forEach((name, checks) -> sums.merge(name, checks, Long::sum));
    }

    private synchronized String state() {
        double seconds = (System.nanoTime() - beganNanos) / 1e9;
        double cpuSeconds =
                ProcessHandle.current()
                        .info()
                        .totalCpuDuration()
                        .map(used -> used.minus(cpuBefore).toMillis() / 1e3)
                        .orElse(seconds);
        long ended = sums.getOrDefault(" seeds", 0L) + failures.size();
        return "%d of %d seeds from %d clean, %d failed, %.1f s, %.1f a second, %.1f a second of processor time; %s"
                .formatted(
                        sums.getOrDefault(" seeds", 0L),
                        count,
                        first,
                        failures.size(),
                        seconds,
                        ended / seconds,
                        ended / cpuSeconds,
                        sums);
    }
}
