package io.headrace.coordinator.cluster;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Partitions that wait for an election or a smaller ISR, those without a leader first. An entry may
 * have been settled by another change; whoever reads looks again.
 */
public final class DueElections {
    private final ArrayDeque<PartitionKey> leaderless = new ArrayDeque<>();
    private final ArrayDeque<PartitionKey> led = new ArrayDeque<>();
    private final Set<PartitionKey> queued = new HashSet<>();

    /**
     * Adds a partition unless it waits already.
     *
     * @param hasLeader whether its leader lives: it waits behind all that have none
     */
    void add(PartitionKey key, boolean hasLeader) {
        if (queued.add(key)) {
            (hasLeader ? led : leaderless).add(key);
        }
    }

    boolean isEmpty() {
        return queued.isEmpty();
    }

    /** The first entries that pass, in order. */
    public List<PartitionKey> first(int count, Predicate<PartitionKey> wanted) {
        List<PartitionKey> found = new ArrayList<>();
        for (ArrayDeque<PartitionKey> queue : List.of(leaderless, led)) {
            for (PartitionKey key : queue) {
                if (found.size() == count) {
                    return found;
                }
                if (wanted.test(key)) {
                    found.add(key);
                }
            }
        }
        return found;
    }

    /** Takes settled entries off the front. */
    void dropSettled(Predicate<PartitionKey> settled) {
        for (ArrayDeque<PartitionKey> queue : List.of(leaderless, led)) {
            while (!queue.isEmpty() && settled.test(queue.peek())) {
                queued.remove(queue.poll());
            }
        }
    }

    void clear() {
        leaderless.clear();
        led.clear();
        queued.clear();
    }
}
