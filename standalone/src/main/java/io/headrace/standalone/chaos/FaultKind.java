package io.headrace.standalone.chaos;

/** The faults that a user can choose, and how long each lasts. */
enum FaultKind {
    KILL(1_000, 8_000),
    PAUSE(2_000, 12_000),
    PARTITION(3_000, 15_000),
    POWERLOSS(1_000, 6_000),
    DISK(3_000, 10_000),
    CLOCK(5_000, 15_000),
    RESTART(500, 3_000),
    CONTROLLER(3_000, 10_000);

    private final int shortestMs;
    private final int longestMs;

    FaultKind(int shortestMs, int longestMs) {
        this.shortestMs = shortestMs;
        this.longestMs = longestMs;
    }

    int shortestMs() {
        return shortestMs;
    }

    int longestMs() {
        return longestMs;
    }
}
