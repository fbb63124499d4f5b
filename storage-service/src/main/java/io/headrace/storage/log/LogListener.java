package io.headrace.storage.log;

/** Receives news of a log on its owner loop. */
public interface LogListener {
    /** Hears nothing. */
    LogListener NONE =
            new LogListener() {
                @Override
                public void onFlushed(PartitionLog log, long flushedOffset) {}

                @Override
                public void onOffline(PartitionLog log, Throwable cause) {}
            };

    /** Everything below the offset is now stored as the flush policy demands. */
    void onFlushed(PartitionLog log, long flushedOffset);

    /** The log's directory is offline: nothing more is appended, read or flushed. */
    void onOffline(PartitionLog log, Throwable cause);

    /**
     * A copy in another directory is about to take the log's place. If it may, the listener neither
     * cuts the log nor begins an epoch in it until {@link #onMoved}; appends are refused meanwhile.
     */
    default boolean mayMove(PartitionLog log) {
        return true;
    }

    /**
     * The log has been replaced.
     *
     * @param now what stands for it; the log itself when nothing came of it
     */
    default void onMoved(PartitionLog log, PartitionLog now) {}
}
