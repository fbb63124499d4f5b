package io.headrace.storage.repair;

/** How a repair ended. */
public enum RepairOutcome {
    /** The segment is whole: it was repaired, or nothing is wrong with it. */
    WHOLE,
    /** No replica could give what is missing, or the segment cannot be replaced yet: try again. */
    NOT_NOW,
    /** There is no other replica to get it from. */
    IMPOSSIBLE
}
