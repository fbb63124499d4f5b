package io.headrace.coordinator.group.space;

/** Does something once a number of others are done. Confined to the shard's core. */
public final class Countdown {
    private final Runnable onEnd;
    private int left;

    /**
     * @param count how many; with 0 it is over at once
     */
    public Countdown(int count, Runnable onEnd) {
        this.left = count;
        this.onEnd = onEnd;
        if (count == 0) {
            onEnd.run();
        }
    }

    public void next() {
        left--;
        if (left == 0) {
            onEnd.run();
        }
    }
}
