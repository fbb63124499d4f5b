package io.headrace.testkit.wait;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;

/** Polls a condition until it holds or a deadline passes. */
public final class Eventually {
    private static final long FIRST_PAUSE_NANOS = TimeUnit.MICROSECONDS.toNanos(200);
    private static final long LONGEST_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    private Eventually() {}

    /** A condition, which may throw; an exception counts as "not yet". */
    @FunctionalInterface
    public interface Condition {
        boolean holds() throws Exception;
    }

    /** A value to look at again and again, which may throw; an exception counts as "not yet". */
    @FunctionalInterface
    public interface Value<T> {
        T get() throws Exception;
    }

    /** Assertions to try again and again; any exception or error counts as "not yet". */
    @FunctionalInterface
    public interface Assertions {
        void check() throws Exception;
    }

    /**
     * Returns when the condition holds.
     *
     * @throws AssertionError after {@code limit}, with the description
     */
    public static void until(Duration limit, Condition condition, String description) {
        var _ = until(limit, condition::holds, holds -> holds, description);
    }

    /**
     * Returns the first value that satisfies the predicate.
     *
     * @throws AssertionError after {@code limit}, with the description and the last value
     */
    public static <T> T until(
            Duration limit, Value<T> value, Predicate<? super T> wanted, String description) {
        long startNanos = System.nanoTime();
        long pauseNanos = FIRST_PAUSE_NANOS;
        String last;
        Throwable cause;
        do {
            try {
                T seen = value.get();
                if (wanted.test(seen)) {
                    return seen;
                }
                last = String.valueOf(seen);
                cause = null;
            } catch (Exception | AssertionError notYet) {
                last = notYet.toString();
                cause = notYet;
            }
            LockSupport.parkNanos(pauseNanos);
            pauseNanos = Math.min(2 * pauseNanos, LONGEST_PAUSE_NANOS);
        } while (System.nanoTime() - startNanos < limit.toNanos() && !interrupted());
        throw inVain(limit, description, last, cause);
    }

    /**
     * Returns when the assertions pass.
     *
     * @throws AssertionError after {@code limit}, with what they said last
     */
    public static void passes(Duration limit, Assertions assertions, String description) {
        until(
                limit,
                () -> {
                    assertions.check();
                    return true;
                },
                description);
    }

    private static boolean interrupted() {
        return Thread.currentThread().isInterrupted();
    }

    private static AssertionError inVain(
            Duration limit, String description, String last, @Nullable Throwable cause) {
        String why = interrupted() ? "Interrupted while waiting" : "Waited " + limit + " in vain";
        return new AssertionError(why + " for: " + description + "; last seen: " + last, cause);
    }
}
