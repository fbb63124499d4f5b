package io.headrace.standalone.chaos;

import java.util.ArrayList;
import java.util.Comparator;
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
     * @param lane faults of one lane follow each other; those of two lanes may overlap
     */
    record Event(long atMs, long lastsMs, FaultKind kind, long seed, int lane) {}

    Schedule {
        events = List.copyOf(events);
    }

    /**
     * Draws a schedule: in the first lane one fault after the other, each kind about as often, with
     * time between them to come back; in the second, now and then, one that may overlap them.
     */
    static Schedule draw(long seed, long totalMs, List<FaultKind> kinds) {
        SplittableRandom random = new SplittableRandom(seed);
        List<Event> events = new ArrayList<>(drawLane(random, 0, totalMs, kinds));
        List<FaultKind> second = kinds.stream().filter(FaultKind::mayOverlap).toList();
        if (!second.isEmpty()) {
            events.addAll(drawLane(random, 1, totalMs, second));
        }
        events.sort(Comparator.comparingLong(Event::atMs));
        return new Schedule(seed, events);
    }

    private static List<Event> drawLane(
            SplittableRandom random, int lane, long totalMs, List<FaultKind> kinds) {
        List<Event> events = new ArrayList<>();
        List<FaultKind> bag = new ArrayList<>();
        long at = FIRST_MS + lane * random.nextLong(FIRST_MS, 3 * LONGEST_REST_MS);
        while (true) {
            if (bag.isEmpty()) {
                bag.addAll(kinds);
            }
            FaultKind kind = bag.remove(random.nextInt(bag.size()));
            long lasts = random.nextLong(kind.shortestMs(), kind.longestMs() + 1L);
            if (at + lasts > totalMs) {
                return events;
            }
            events.add(new Event(at, lasts, kind, random.nextLong(), lane));
            at += lasts + (1 + 2L * lane) * random.nextLong(SHORTEST_REST_MS, LONGEST_REST_MS);
        }
    }
}
