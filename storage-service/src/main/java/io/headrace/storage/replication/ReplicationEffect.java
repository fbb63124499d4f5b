package io.headrace.storage.replication;

/** What the owner of a {@link Replication} has to do now, in order. */
public sealed interface ReplicationEffect {

    /** Make the start of the epoch durable, then report {@code EpochStarted}. */
    record BeginEpoch(int leaderEpoch) implements ReplicationEffect {}

    /** Serve as leader from now on. */
    record Lead(int leaderEpoch) implements ReplicationEffect {}

    /** Everything below the offset is committed. */
    record MoveHighWatermark(long highWatermark) implements ReplicationEffect {}

    /** Serve no more: whoever waits is told that this node does not lead. */
    record StopLeading(int leaderEpoch) implements ReplicationEffect {}
}
