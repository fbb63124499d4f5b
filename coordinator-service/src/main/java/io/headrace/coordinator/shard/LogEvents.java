package io.headrace.coordinator.shard;

/** What the log made of a shard's writes. Called on the shard's loop. */
interface LogEvents {
    /** That many more records are committed. */
    void onCommitted(int recordCount);

    /** Another owner has a higher epoch: this one must change nothing more. */
    void onFenced();

    /** What this owner knows of the log does not hold: it must start again from the log. */
    void onBroken(String reason);
}
