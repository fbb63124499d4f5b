package io.headrace.testkit.clock;

import org.jspecify.annotations.Nullable;

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
    /** So many milliseconds ahead, each has a list of its tasks; what is later waits in a heap. */
    private static final int NEAR_MS = 1 << 15;

    /** A test that runs more tasks without moving the time has a loop in it. */
    private static final int MAX_TASKS_AT_ONE_TIME = 1_000_000;

    /** A task that can be taken back. */
    public static final class Scheduled implements Comparable<Scheduled> {
        private final Runnable task;
        private @Nullable Scheduled next;
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

    private final @Nullable Scheduled[] first = new @Nullable Scheduled[NEAR_MS];
    private final @Nullable Scheduled[] last = new @Nullable Scheduled[NEAR_MS];
    private final PriorityQueue<Scheduled> later = new PriorityQueue<>();
    private int near;
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
        add(scheduled);
        return scheduled;
    }

    private void add(Scheduled scheduled) {
        if (scheduled.atMs - nowMs >= NEAR_MS) {
            later.add(scheduled);
        } else {
            append(scheduled);
        }
    }

    private void append(Scheduled scheduled) {
        int at = slot(scheduled.atMs);
        Scheduled before = last[at];
        if (before == null) {
            first[at] = scheduled;
        } else {
            before.next = scheduled;
        }
        last[at] = scheduled;
        scheduled.next = null;
        near++;
    }

    private static int slot(long ms) {
        return (int) (ms & (NEAR_MS - 1));
    }

    /** Takes the next task of the present time out, or answers null. */
    private @Nullable Scheduled removeDue() {
        int at = slot(nowMs);
        Scheduled due = first[at];
        if (due != null) {
            Scheduled next = due.next;
            first[at] = next;
            if (next == null) {
                last[at] = null;
            }
            near--;
        }
        return due;
    }

    /** Moves the time on to where there may be a task, at most to a bound. */
    private void moveOn(long untilMs) {
        Scheduled soonest = later.peek();
        if (near > 0) {
            nowMs++;
        } else {
            nowMs = soonest == null ? untilMs : Math.min(untilMs, soonest.atMs);
        }
        while (soonest != null && soonest.atMs - nowMs < NEAR_MS) {
            append(later.remove());
            soonest = later.peek();
        }
    }

    /** All tasks that wait, in the order in which they will run. */
    private List<Scheduled> all() {
        List<Scheduled> all = new ArrayList<>();
        for (long ms = nowMs; ms < nowMs + NEAR_MS; ms++) {
            for (Scheduled each = first[slot(ms)]; each != null; each = each.next) {
                all.add(each);
            }
        }
        later.stream().sorted().forEach(all::add);
        all.removeIf(task -> task.done);
        return all;
    }

    /** How many tasks wait. */
    public int waiting() {
        return all().size();
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
        List<Scheduled> waiting = all();
        if (waiting.isEmpty()) {
            return false;
        }
        advanceTo(waiting.getFirst().atMs);
        return true;
    }

    private int advanceTo(long untilMs) {
        if (untilMs < nowMs) {
            throw new IllegalArgumentException("time never goes back");
        }
        int ran = 0;
        int atOneTime = 0;
        while (nowMs <= untilMs) { // a task may move the time on itself
            Scheduled next = removeDue();
            if (next == null) {
                if (nowMs == untilMs) {
                    break;
                }
                moveOn(untilMs);
                atOneTime = 0;
                continue;
            }
            if (++atOneTime > MAX_TASKS_AT_ONE_TIME) {
                throw new IllegalStateException("tasks submit each other without end");
            }
            if (!next.done) {
                run(next);
                ran++;
            }
        }
        return ran;
    }

    private void run(Scheduled task) {
        task.done = task.periodMs == 0;
        task.task.run();
        if (!task.done) {
            task.atMs = nowMs + task.periodMs;
            add(task);
        }
    }

    /** The times at which tasks wait, in order; for messages of failed tests. */
    public List<Long> waitingTimesMs() {
        return all().stream().map(task -> task.atMs).toList();
    }
}
