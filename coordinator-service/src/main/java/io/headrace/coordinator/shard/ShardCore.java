package io.headrace.coordinator.shard;

import io.headrace.protocol.metadata.MetadataImage;

/**
 * The state of a shard and the decisions about it: deterministic, without I/O, clock or threads.
 *
 * <p>A step changes the state at once and hands out the records of the change; the shard sees to it
 * that they are committed, or throws the whole core away and makes a new one from the log. So a
 * step never has to be undone.
 */
public interface ShardCore {
    /** Applies a record of the log, in order, before {@link #onLoaded}. */
    void replay(ShardRecord record);

    /** The whole log was replayed: from now on requests come. */
    void onLoaded(MetadataImage image, long nowMs, Effects effects);

    /** Decides a request; it is answered in this step or a later one. */
    void onRequest(ShardRequest request, long nowMs, Effects effects);

    /** Whether the request needs no more memory of the log's, so may overtake waiting ones. */
    boolean isLight(ShardRequest request);

    /** Nobody waits for the answer to that request any more. */
    void onAbandoned(long requestId, long nowMs, Effects effects);

    /** The cluster's metadata changed. */
    void onMetadata(MetadataImage image, long nowMs, Effects effects);

    /** Something happened outside, mostly the end of a task of this core. */
    default void onEvent(ShardEvent event, long nowMs, Effects effects) {
        throw new IllegalArgumentException("No events are expected here, but got " + event);
    }

    /** Some time passed, perhaps past {@link #nextDeadlineMs}. */
    void onTime(long nowMs, Effects effects);

    /** When {@link #onTime} is to be called next; {@link Long#MAX_VALUE} for never. */
    long nextDeadlineMs();
}
