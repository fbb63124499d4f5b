package io.headrace.coordinator.metadata;

import org.jspecify.annotations.Nullable;

/**
 * Tells whether somebody is alive from a value in SQL that they keep changing, by this process's
 * own clock. It serves liveness alone: who may write is decided by the fence.
 *
 * <p>Only time between two successful reads counts: a pause of this process, or of the database,
 * says nothing about the other one.
 */
final class LeaseWatch {
    private final long leaseMs;
    private final long suspectedLeaseMs;
    private @Nullable Object value;
    private long sinceMs;
    private long lastReadMs;

    /**
     * @param leaseMs how long the value must stay the same
     * @param suspectedLeaseMs how long when the membership reports the other one gone as well
     */
    LeaseWatch(long leaseMs, long suspectedLeaseMs) {
        this.leaseMs = leaseMs;
        this.suspectedLeaseMs = suspectedLeaseMs;
    }

    /**
     * Notes what was read.
     *
     * @param readMs when the read began
     */
    void observe(Object read, long readMs) {
        if (!read.equals(value)) {
            value = read;
            sinceMs = readMs;
        }
        lastReadMs = readMs;
    }

    /** A read failed: the time until the next one counts for nothing. */
    void restart() {
        value = null;
    }

    /** Whether the value was seen unchanged for the whole lease. */
    boolean isExpired(boolean suspected) {
        return value != null && lastReadMs - sinceMs >= (suspected ? suspectedLeaseMs : leaseMs);
    }
}
