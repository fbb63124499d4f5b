package io.headrace.standalone.chaos;

/** The faults that a user can choose, and how long each lasts. */
enum FaultKind {
    KILL(1_000, 8_000, true),
    PAUSE(2_000, 12_000, true),
    PARTITION(3_000, 15_000, false),
    POWERLOSS(1_000, 6_000, false),
    DISK(3_000, 10_000, false),
    CLOCK(5_000, 15_000, true),
    RESTART(500, 3_000, false),
    CONTROLLER(3_000, 10_000, true),
    NETWORK(4_000, 15_000, true);

    private final int shortestMs;
    private final int longestMs;
    private final boolean mayOverlap;

    FaultKind(int shortestMs, int longestMs, boolean mayOverlap) {
        this.shortestMs = shortestMs;
        this.longestMs = longestMs;
        this.mayOverlap = mayOverlap;
    }

    /** Whether it may befall a cluster that another fault is in already. */
    boolean mayOverlap() {
        return mayOverlap;
    }

    int shortestMs() {
        return shortestMs;
    }

    int longestMs() {
        return longestMs;
    }
}
