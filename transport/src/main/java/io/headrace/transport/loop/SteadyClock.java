package io.headrace.transport.loop;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;

/**
 * The time of day in milliseconds as deadlines, sessions and leases are to see it: it goes on by
 * what really passes, never goes back, and approaches the system's clock by at most a twentieth of
 * what passes. Somebody who sets that clock by a day, or a machine that wakes up, ends no session
 * and makes nobody wait for a day. What is written down for people, such as a record's timestamp,
 * takes the system's clock itself.
 *
 * <p>Safe for use by any threads.
 */
public final class SteadyClock implements LongSupplier {
    private static final long ANCHORED_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    /** How long it takes to approach a system clock that is a little off, so by small steps. */
    private static final double APPROACH_MS = 1_000;

    private static final double MOST_CHANGE = 0.05;

    private final LongSupplier systemMs;
    private final LongSupplier nanos;
    private final AtomicReference<Anchor> anchor;

    /** From here on time goes on at a rate. */
    private record Anchor(long nanos, double ms, double rate) {
        double at(long nowNanos) {
            return ms + Math.max(0, nowNanos - nanos) / 1e6 * rate;
        }
    }

    /** A clock that begins at what the system's says. */
    public SteadyClock() {
        this(System::currentTimeMillis, System::nanoTime);
    }

    /**
     * A clock.
     *
     * @param systemMs the time of day, which may jump
     * @param nanos goes on by what passes and never jumps; only its differences count
     */
    SteadyClock(LongSupplier systemMs, LongSupplier nanos) {
        this.systemMs = systemMs;
        this.nanos = nanos;
        this.anchor = new AtomicReference<>(new Anchor(nanos.getAsLong(), systemMs.getAsLong(), 1));
    }

    @Override
    public long getAsLong() {
        long nowNanos = nanos.getAsLong();
        Anchor current = anchor.get();
        double now = current.at(nowNanos);
        if (nowNanos - current.nanos() > ANCHORED_NANOS) {
            double behindMs = systemMs.getAsLong() - now;
            double change = Math.clamp(behindMs / APPROACH_MS, -MOST_CHANGE, MOST_CHANGE);
            // Whoever loses the race goes on by the other's rate from the next time on.
            var _ = anchor.compareAndSet(current, new Anchor(nowNanos, now, 1 + change));
        }
        return (long) now;
    }
}
