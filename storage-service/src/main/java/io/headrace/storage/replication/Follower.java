package io.headrace.storage.replication;

/** What one incarnation of a follower told the leader in the current leader epoch. */
final class Follower {
    private final long nodeEpoch;
    private long flushedOffset = -1;
    private long lastCaughtUpMs;
    private long lastFetchMs;
    private long logEndAtLastFetch = Long.MAX_VALUE;
    private int heardCheck = -1;

    /**
     * @param nowMs from when it has time to catch up
     */
    Follower(long nodeEpoch, long nowMs) {
        this.nodeEpoch = nodeEpoch;
        this.lastCaughtUpMs = nowMs;
        this.lastFetchMs = nowMs;
    }

    long nodeEpoch() {
        return nodeEpoch;
    }

    /** What it has flushed, -1 before its first fetch. */
    long flushedOffset() {
        return flushedOffset;
    }

    int heardCheck() {
        return heardCheck;
    }

    /**
     * Takes a fetch down. It was caught up at the time of its last fetch if it has flushed by now
     * all that was there then.
     */
    void onFetch(long flushed, int check, long leaderLogEnd, long nowMs) {
        if (flushed >= leaderLogEnd) {
            lastCaughtUpMs = Math.max(lastCaughtUpMs, nowMs);
        } else if (flushed >= logEndAtLastFetch) {
            lastCaughtUpMs = Math.max(lastCaughtUpMs, lastFetchMs);
        }
        flushedOffset = flushed;
        heardCheck = Math.max(heardCheck, check);
        lastFetchMs = nowMs;
        logEndAtLastFetch = leaderLogEnd;
    }

    /** Whether it has all, or had all not too long ago. */
    boolean isCaughtUp(long leaderLogEnd, long nowMs, long maxLagMs) {
        return flushedOffset >= leaderLogEnd || nowMs - lastCaughtUpMs <= maxLagMs;
    }
}
