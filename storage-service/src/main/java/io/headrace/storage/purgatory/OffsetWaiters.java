package io.headrace.storage.purgatory;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;

/**
 * Who waits until an offset of one partition is passed: acknowledgements of produced batches.
 * Confined to the partition's owner loop.
 *
 * @param <T> what is given back when a wait ends
 */
public final class OffsetWaiters<T> {
    private static final Comparator<Waiter<?>> BY_OFFSET =
            Comparator.<Waiter<?>>comparingLong(Waiter::offset).thenComparingLong(Waiter::order);

    private final PriorityQueue<Waiter<T>> byOffset = new PriorityQueue<>(1, BY_OFFSET);
    private final int maxWaiters;
    private long nextOrder;

    private record Waiter<T>(long offset, long order, long deadlineMs, T who) {}

    public OffsetWaiters(int maxWaiters) {
        this.maxWaiters = maxWaiters;
    }

    /**
     * Waits until the offset is reached.
     *
     * @param offset what must be reached: one above the last record waited for
     * @return false when too many wait already
     */
    public boolean add(long offset, long deadlineMs, T who) {
        if (byOffset.size() >= maxWaiters) {
            return false;
        }
        byOffset.add(new Waiter<>(offset, nextOrder++, deadlineMs, who));
        return true;
    }

    /** Takes out who waited for the offset or a lower one, lowest first. */
    public List<T> reached(long offset) {
        Waiter<T> first = byOffset.peek();
        if (first == null || first.offset() > offset) {
            return List.of();
        }
        List<T> due = new ArrayList<>();
        while (first != null && first.offset() <= offset) {
            due.add(byOffset.remove().who());
            first = byOffset.peek();
        }
        return due;
    }

    /** Takes out who waited too long. */
    public List<T> expired(long nowMs) {
        if (byOffset.isEmpty()) {
            return List.of();
        }
        List<T> due = new ArrayList<>();
        byOffset.removeIf(
                waiter -> {
                    boolean late = waiter.deadlineMs() <= nowMs;
                    if (late) {
                        due.add(waiter.who());
                    }
                    return late;
                });
        return due;
    }

    /** Takes out all. */
    public List<T> drain() {
        List<T> all = new ArrayList<>(byOffset.size());
        while (!byOffset.isEmpty()) {
            all.add(byOffset.remove().who());
        }
        return all;
    }

    public int size() {
        return byOffset.size();
    }
}
