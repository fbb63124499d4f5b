package io.headrace.client.connection;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/** Pauses that double from a first to a longest, with a random fifth more or less. */
public final class Backoff {
    private final long firstMs;
    private final long longestMs;

    public Backoff(Duration first, Duration longest) {
        this.firstMs = Math.max(1, first.toMillis());
        this.longestMs = Math.max(firstMs, longest.toMillis());
    }

    /** The pause after so many failures in a row, from 1. */
    public long delayMs(int failures) {
        return delayMs(failures, ThreadLocalRandom.current().nextDouble());
    }

    long delayMs(int failures, double chance) {
        int doublings = Math.min(Math.max(failures, 1) - 1, 30);
        long plain = Math.min(longestMs, firstMs << doublings);
        return Math.max(1, Math.round(plain * (0.8 + 0.4 * chance)));
    }
}
