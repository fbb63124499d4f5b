package io.headrace.coordinator.group.space;

import org.jspecify.annotations.Nullable;

import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.PriorityQueue;

/**
 * Deadlines by key. Moving a deadline later, as every heartbeat does, costs one map write: the
 * queue keeps one entry a key, which is put back when it comes up too early.
 */
public final class GroupTimers {
    private final Map<TimerKey, Long> deadlines = new HashMap<>();
    private final PriorityQueue<Entry> queue =
            new PriorityQueue<>(
                    Comparator.comparingLong(Entry::atMs).thenComparingLong(Entry::sequence));
    private final Map<TimerKey, Entry> queued = new HashMap<>();
    private long lastSequence;

    /** What a deadline is for. */
    public enum Kind {
        /** A member must be heard of. */
        HEARTBEAT,
        /** A rebalance must complete. */
        JOIN,
        /** Every member must ask for its assignment. */
        SYNC,
        /** A member of a consumer group must be heard of. */
        SESSION,
        /** A member of a consumer group must have given up partitions. */
        REVOCATION,
        /** A member of a consumer group that speaks the classic protocol must join again. */
        MEMBER_JOIN,
        /** Such a member must ask for its assignment. */
        MEMBER_SYNC,
        /** A target is made of the changes that were gathered. */
        ASSIGNMENT,
        /** States of a share group's partitions are tried again to be made. */
        SHARE_STATES,
        /** Offsets are looked at for expiry. */
        EXPIRY
    }

    private record Entry(long atMs, long sequence, TimerKey key) {}

    public void schedule(TimerKey key, long atMs) {
        deadlines.put(key, atMs);
        Entry entry = queued.get(key);
        if (entry == null || entry.atMs() > atMs) {
            enqueue(key, atMs);
        }
    }

    public void cancel(TimerKey key) {
        deadlines.remove(key);
        Entry entry = queued.remove(key);
        if (entry != null) {
            queue.remove(entry);
        }
    }

    public boolean isScheduled(TimerKey key) {
        return deadlines.containsKey(key);
    }

    /** The earliest time at which {@link #poll} may answer a key. */
    public long nextMs() {
        Entry first = queue.peek();
        return first == null ? Long.MAX_VALUE : first.atMs();
    }

    /** Takes a key whose deadline has come, or null when there is none. */
    public @Nullable TimerKey poll(long nowMs) {
        Entry first = queue.peek();
        while (first != null && first.atMs() <= nowMs) {
            queue.remove();
            queued.remove(first.key());
            Long atMs = deadlines.get(first.key());
            if (atMs != null && atMs <= nowMs) {
                deadlines.remove(first.key());
                return first.key();
            }
            if (atMs != null) {
                enqueue(first.key(), atMs);
            }
            first = queue.peek();
        }
        return null;
    }

    private void enqueue(TimerKey key, long atMs) {
        lastSequence++;
        Entry entry = new Entry(atMs, lastSequence, key);
        Entry before = queued.put(key, entry);
        if (before != null) {
            queue.remove(before);
        }
        queue.add(entry);
    }
}
