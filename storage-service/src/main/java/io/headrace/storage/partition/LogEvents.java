package io.headrace.storage.partition;

import io.headrace.storage.log.LogListener;
import io.headrace.storage.log.PartitionLog;
import io.headrace.storage.replication.ReplicationState;

/** What a partition's log tells it; on the partition's loop, and only while it is its log. */
final class LogEvents implements LogListener {
    private final Partition partition;

    LogEvents(Partition partition) {
        this.partition = partition;
    }

    @Override
    public void onFlushed(PartitionLog source, long flushedOffset) {
        if (source == partition.openLog()) {
            partition.onFlushed(source);
        }
    }

    @Override
    public void onOffline(PartitionLog source, Throwable cause) {
        if (source == partition.openLog()) {
            partition.onLogFailed(String.valueOf(cause.getMessage()));
        }
    }

    /** Not while an epoch begins, or the log is cut. */
    @Override
    public boolean mayMove(PartitionLog log) {
        ReplicationState state = partition.replication().state();
        boolean isSettled =
                state instanceof ReplicationState.Leading
                        || state instanceof ReplicationState.Following;
        return log == partition.openLog() && isSettled && partition.follower().hold();
    }

    @Override
    public void onMoved(PartitionLog log, PartitionLog now) {
        if (log == partition.openLog()) {
            partition.onMoved(now);
        }
    }
}
