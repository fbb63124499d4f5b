package io.headrace.standalone.chaos;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * What happens when; it follows from the seed, the duration and the kinds alone.
 *
 * @param events in the order of their start
 */
record Schedule(long seed, List<Event> events) {
    private static final long FIRST_MS = 5_000;
    private static final long SHORTEST_REST_MS = 4_000;
    private static final long LONGEST_REST_MS = 12_000;

    /**
     * One fault.
     *
     * @param atMs since the workloads began
     * @param seed decides whom it befalls
     */
    record Event(long atMs, long lastsMs, FaultKind kind, long seed) {}

    Schedule {
        events = List.copyOf(events);
    }

    /**
     * Draws a schedule: one fault after the other, each kind about as often, with time between them
     * to come back.
     */
    static Schedule draw(long seed, long totalMs, List<FaultKind> kinds) {
        SplittableRandom random = new SplittableRandom(seed);
        List<Event> events = new ArrayList<>();
        List<FaultKind> bag = new ArrayList<>();
        long at = FIRST_MS;
        while (true) {
            if (bag.isEmpty()) {
                bag.addAll(kinds);
            }
            FaultKind kind = bag.remove(random.nextInt(bag.size()));
            long lasts = random.nextLong(kind.shortestMs(), kind.longestMs() + 1L);
            if (at + lasts > totalMs) {
                return new Schedule(seed, events);
            }
            events.add(new Event(at, lasts, kind, random.nextLong()));
            at += lasts + random.nextLong(SHORTEST_REST_MS, LONGEST_REST_MS);
        }
    }
}
