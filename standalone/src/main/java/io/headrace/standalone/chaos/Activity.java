package io.headrace.standalone.chaos;

import java.util.Arrays;

/** How much a workload got done in each second, and when it last did. Thread-safe. */
final class Activity {
    private final String name;
    private final long begunNanos;
    private int[] perSecond = new int[64];
    private int seconds;
    private long lastNanos;
    private long longestGapNanos;

    Activity(String name, long begunNanos) {
        this.name = name;
        this.begunNanos = begunNanos;
        this.lastNanos = begunNanos;
    }

    String name() {
        return name;
    }

    synchronized void done(int count) {
        long now = System.nanoTime();
        longestGapNanos = Math.max(longestGapNanos, now - lastNanos);
        lastNanos = now;
        int second = (int) ((now - begunNanos) / 1_000_000_000L);
        if (second >= perSecond.length) {
            perSecond = Arrays.copyOf(perSecond, Math.max(second + 1, perSecond.length * 2));
        }
        perSecond[second] += count;
        seconds = Math.max(seconds, second + 1);
    }

    /** When it last got something done. */
    synchronized long lastNanos() {
        return lastNanos;
    }

    synchronized double longestGapSeconds() {
        return longestGapNanos / 1e9;
    }

    synchronized int[] perSecond() {
        return Arrays.copyOf(perSecond, seconds);
    }
}
