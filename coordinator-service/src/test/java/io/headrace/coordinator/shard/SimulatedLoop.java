package io.headrace.coordinator.shard;

import io.headrace.transport.loop.Loop;

import java.util.Comparator;
import java.util.PriorityQueue;

/** A loop in virtual time: the test decides how far it runs. */
public final class SimulatedLoop implements Loop {
    private final PriorityQueue<Task> tasks =
            new PriorityQueue<>(
                    Comparator.comparingLong((Task task) -> task.atMs)
                            .thenComparingLong(task -> task.sequence));
    private long nowMs = 1_000_000;
    private long lastSequence;

    private static final class Task implements ScheduledTask {
        private final long atMs;
        private final long sequence;
        private final Runnable action;
        private boolean cancelled;

        Task(long atMs, long sequence, Runnable action) {
            this.atMs = atMs;
            this.sequence = sequence;
            this.action = action;
        }

        @Override
        public void cancel() {
            cancelled = true;
        }
    }

    public long nowMs() {
        return nowMs;
    }

    @Override
    public boolean inLoop() {
        return true;
    }

    @Override
    public void execute(Runnable task) {
        schedule(task, 0);
    }

    @Override
    public ScheduledTask schedule(Runnable task, long delayMs) {
        lastSequence++;
        Task added = new Task(nowMs + delayMs, lastSequence, task);
        tasks.add(added);
        return added;
    }

    /** Runs everything that is due within that time, and moves the clock there. */
    public void runFor(long durationMs) {
        long untilMs = nowMs + durationMs;
        Task next = tasks.peek();
        while (next != null && next.atMs <= untilMs) {
            tasks.remove();
            nowMs = next.atMs;
            if (!next.cancelled) {
                next.action.run();
            }
            next = tasks.peek();
        }
        nowMs = untilMs;
    }
}
