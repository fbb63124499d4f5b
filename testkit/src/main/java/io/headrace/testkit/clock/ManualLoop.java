package io.headrace.testkit.clock;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;
import java.util.concurrent.Executor;

/**
 * An event loop whose time stands still until a test moves it.
 *
 * <p>Tasks run on the thread that moves the time, in the order of their time, then of their
 * submission. Not thread-safe.
 */
public final class ManualLoop implements Executor {
    /** A test that runs more tasks without moving the time has a loop in it. */
    private static final int MAX_TASKS_AT_ONE_TIME = 1_000_000;

    /** A task that can be taken back. */
    public static final class Scheduled implements Comparable<Scheduled> {
        private final Runnable task;
        private final long order;
        private final long periodMs;
        private long atMs;
        private boolean done;

        private Scheduled(long atMs, long order, Runnable task, long periodMs) {
            this.atMs = atMs;
            this.order = order;
            this.task = task;
            this.periodMs = periodMs;
        }

        @Override
        public int compareTo(Scheduled other) {
            return atMs == other.atMs
                    ? Long.compare(order, other.order)
                    : Long.compare(atMs, other.atMs);
        }

        /** Takes the task back; false when it ran for the last time or was taken back before. */
        public boolean cancel() {
            boolean waiting = !done;
            done = true;
            return waiting;
        }
    }

    private final PriorityQueue<Scheduled> queue = new PriorityQueue<>();
    private long nowMs;
    private long submitted;

    /** A loop whose time begins at {@code startMs}. */
    public ManualLoop(long startMs) {
        nowMs = startMs;
    }

    /** The time, in milliseconds. */
    public long nowMs() {
        return nowMs;
    }

    /** Runs a task at the present time, after those submitted before. */
    @Override
    public void execute(Runnable task) {
        after(Duration.ZERO, task);
    }

    /** Runs a task when the time has moved by {@code delay}. */
    public Scheduled after(Duration delay, Runnable task) {
        return add(nowMs + delay.toMillis(), task, 0);
    }

    /** Runs a task after each {@code period}. */
    public Scheduled every(Duration period, Runnable task) {
        long periodMs = period.toMillis();
        if (periodMs <= 0) {
            throw new IllegalArgumentException("a period is at least 1 ms, not " + period);
        }
        return add(nowMs + periodMs, task, periodMs);
    }

    private Scheduled add(long atMs, Runnable task, long periodMs) {
        if (atMs < nowMs) {
            throw new IllegalArgumentException("a delay is not negative");
        }
        Scheduled scheduled = new Scheduled(atMs, submitted++, task, periodMs);
        queue.add(scheduled);
        return scheduled;
    }

    /** How many tasks wait. */
    public int waiting() {
        return (int) queue.stream().filter(task -> !task.done).count();
    }

    /** Runs everything that is due now, and what that submits for now; returns how many ran. */
    public int runDue() {
        return advanceTo(nowMs);
    }

    /**
     * Moves the time on and runs what becomes due on the way; returns how many ran. A task may move
     * the time as well: it waits while others run.
     */
    public int advance(Duration duration) {
        return advanceTo(nowMs + duration.toMillis());
    }

    /** Moves the time to the next task and runs all tasks of that time; false without a task. */
    public boolean runNext() {
        queue.removeIf(task -> task.done);
        Scheduled next = queue.peek();
        if (next == null) {
            return false;
        }
        advanceTo(next.atMs);
        return true;
    }

    private int advanceTo(long untilMs) {
        if (untilMs < nowMs) {
            throw new IllegalArgumentException("time never goes back");
        }
        int ran = 0;
        int atOneTime = 0;
        Scheduled next = queue.peek();
        while (next != null && next.atMs <= untilMs) {
            queue.remove();
            atOneTime = next.atMs == nowMs ? atOneTime + 1 : 0;
            if (atOneTime > MAX_TASKS_AT_ONE_TIME) {
                throw new IllegalStateException("tasks submit each other without end");
            }
            if (!next.done) {
                nowMs = next.atMs;
                run(next);
                ran++;
            }
            next = queue.peek();
        }
        nowMs = Math.max(nowMs, untilMs); // a task may have moved the time on itself
        return ran;
    }

    private void run(Scheduled task) {
        task.done = task.periodMs == 0;
        task.task.run();
        if (!task.done) {
            task.atMs = nowMs + task.periodMs;
            queue.add(task);
        }
    }

    /** The times at which tasks wait, in order; for messages of failed tests. */
    public List<Long> waitingTimesMs() {
        List<Long> times = new ArrayList<>();
        queue.stream().filter(task -> !task.done).forEach(task -> times.add(task.atMs));
        times.sort(null);
        return times;
    }
}
