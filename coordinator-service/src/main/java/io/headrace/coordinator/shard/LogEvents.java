package io.headrace.coordinator.shard;

/** What the log made of a shard's writes. Called on the shard's loop. */
interface LogEvents {
    /** That many more records are committed. */
    void onCommitted(int recordCount);

    /**
     * Another owner has a higher epoch: this one must change nothing more.
     *
     * @param nothingWritten whether nothing of what was not said to be committed is in the log, nor
     *     ever will be
     */
    void onFenced(boolean nothingWritten);

    /** What this owner knows of the log does not hold: it must start again from the log. */
    void onBroken(String reason);
}
