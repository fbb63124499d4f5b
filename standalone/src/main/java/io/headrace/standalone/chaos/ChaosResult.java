package io.headrace.standalone.chaos;

import io.headrace.testkit.history.Violation;

import java.util.Comparator;
import java.util.List;
import java.util.Map;

/**
 * What a run showed.
 *
 * @param happened the faults as they were, in order
 * @param counts figures for the report, in order
 */
record ChaosResult(
        Schedule schedule,
        double seconds,
        List<Happened> happened,
        List<Activity> activities,
        Map<String, String> counts,
        List<String> notes,
        List<Violation> violations) {

    /** A fault as it was. */
    record Happened(FaultKind kind, String what, double fromSeconds, double toSeconds) {}

    ChaosResult {
        happened =
                happened.stream()
                        .sorted(Comparator.comparingDouble(Happened::fromSeconds))
                        .toList();
        activities = List.copyOf(activities);
        notes = List.copyOf(notes);
        violations = List.copyOf(violations);
    }
}
