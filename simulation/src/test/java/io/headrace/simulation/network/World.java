package io.headrace.simulation.network;

import io.headrace.testkit.clock.ManualLoop;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** Time, chance and the trace of one run: everything that a seed decides comes from here. */
public final class World {
    private static final int MAX_LINES = 200_000;
    private static final long START_MS = 1_700_000_000_000L;

    private final long seed;
    private final ManualLoop time = new ManualLoop(START_MS);
    private final SplittableRandom random;
    private final boolean keepsLines;
    private final List<String> lines = new ArrayList<>();
    private long traceHash = 0xcbf29ce484222325L;
    private long events;
    private @Nullable Throwable failure;

    /**
     * @param keepsLines whether the trace is kept as text, not only as a hash
     */
    public World(long seed, boolean keepsLines) {
        this.seed = seed;
        this.random = new SplittableRandom(seed);
        this.keepsLines = keepsLines;
    }

    public long seed() {
        return seed;
    }

    public ManualLoop time() {
        return time;
    }

    public long nowMs() {
        return time.nowMs();
    }

    /** Milliseconds since the run began. */
    public long elapsedMs() {
        return time.nowMs() - START_MS;
    }

    public SplittableRandom random() {
        return random;
    }

    /** Whether something of that chance happens now. */
    public boolean chance(double probability) {
        return random.nextDouble() < probability;
    }

    /** A number from {@code min} to {@code max}, both included. */
    public long between(long min, long max) {
        return min + random.nextLong(max - min + 1);
    }

    /** Runs a task of the simulation itself, whatever becomes of the hosts. */
    public void after(long delayMs, Runnable task) {
        time.after(Duration.ofMillis(delayMs), task);
    }

    /** Notes what was broken where nobody may catch it; the first counts. */
    public void fail(Throwable broken) {
        if (failure == null) {
            failure = broken;
        }
    }

    /**
     * Looks whether something was broken.
     *
     * @throws AssertionError if so
     */
    public void requireSound() {
        Throwable broken = failure;
        if (broken instanceof AssertionError violation) {
            throw violation;
        }
        if (broken != null) {
            throw new IllegalStateException("A client of the simulation failed", broken);
        }
    }

    /** Notes an event of the trace. */
    public void trace(String what, long first, long second, long third) {
        mixEvent(what.hashCode(), first, second, third);
        if (keepsLines) {
            line(what, first, second, third);
        }
    }

    /** Notes a frame that arrived; as {@link #trace}, for what happens all the time. */
    void traceFrame(
            char arrow, String api, String from, String to, long pipe, long correlation, int size) {
        mixEvent(
                (((long) arrow * 31 + api.hashCode()) * 31 + from.hashCode()) * 31 + to.hashCode(),
                pipe,
                correlation,
                size);
        if (keepsLines) {
            line(arrow + " " + api + " " + from + ">" + to, pipe, correlation, size);
        }
    }

    private void mixEvent(long what, long first, long second, long third) {
        events++;
        mix(elapsedMs());
        mix(what);
        mix(first);
        mix(second);
        mix(third);
    }

    private void line(String what, long first, long second, long third) {
        if (lines.size() < MAX_LINES) {
            lines.add(elapsedMs() + " " + what + " " + first + " " + second + " " + third);
        }
    }

    /** Whether {@link #note} is worth its cost. */
    public boolean keepsLines() {
        return keepsLines;
    }

    /** Notes something for readers of the trace only. */
    public void note(String what) {
        if (keepsLines && lines.size() < MAX_LINES) {
            lines.add(elapsedMs() + " " + what);
        }
    }

    private void mix(long value) {
        traceHash = (traceHash ^ value) * 0x100000001b3L;
        traceHash ^= traceHash >>> 29;
    }

    /** One number for all events so far: the same seed gives the same. */
    public long traceHash() {
        return traceHash;
    }

    public long events() {
        return events;
    }

    /** The trace as text, if it is kept. */
    public List<String> lines() {
        return lines;
    }
}
