package io.headrace.standalone.chaos;

import io.headrace.testkit.history.Violation;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Watches that every workload gets something done within the limit; time in which none can be asked
 * for does not count. Thread-safe.
 */
final class StallWatch {
    private final List<Activity> activities;
    private final long begunNanos;
    private final long limitNanos;
    private final List<Violation> violations = new ArrayList<>();
    private final Set<String> stalled = new HashSet<>();
    private int excuses;
    private long excusedUntilNanos;

    StallWatch(List<Activity> activities, long begunNanos, long limitNanos) {
        this.activities = List.copyOf(activities);
        this.begunNanos = begunNanos;
        this.limitNanos = limitNanos;
        this.excusedUntilNanos = begunNanos;
    }

    /** From now on nobody can make progress. */
    synchronized void excuse() {
        excuses++;
    }

    /** From now on progress can be asked for again. */
    synchronized void expect() {
        excuses--;
        excusedUntilNanos = System.nanoTime();
    }

    /** Looks at all workloads; called now and then. */
    synchronized void look() {
        long now = System.nanoTime();
        for (Activity activity : activities) {
            long since = Math.max(activity.lastNanos(), excusedUntilNanos);
            boolean late = excuses == 0 && now - since > limitNanos;
            if (!late) {
                stalled.remove(activity.name());
            } else if (stalled.add(activity.name())) {
                violations.add(
                        new Violation.Stalled(
                                activity.name(), (since - begunNanos) / 1e9, (now - since) / 1e9));
            }
        }
    }

    synchronized List<Violation> violations() {
        return List.copyOf(violations);
    }
}
