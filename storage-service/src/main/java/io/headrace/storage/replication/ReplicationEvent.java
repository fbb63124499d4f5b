package io.headrace.storage.replication;

import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.PartitionImage;

/** Something that happened to one partition of this node. */
public sealed interface ReplicationEvent {

    /**
     * The committed metadata of the partition changed, or this node's registration did.
     *
     * @param nodeEpoch this incarnation's node epoch; -1 while it is not registered
     */
    record MetadataApplied(PartitionImage image, long nodeEpoch) implements ReplicationEvent {}

    /**
     * The start of a leader epoch that was asked for is durable.
     *
     * @param highWatermark the high watermark that the log remembers
     */
    record EpochStarted(
            int leaderEpoch, long flushedOffset, long logEndOffset, long highWatermark, long nowMs)
            implements ReplicationEvent {}

    /** The log grew or more of it is flushed. */
    record LogAdvanced(long flushedOffset, long logEndOffset) implements ReplicationEvent {}

    /**
     * A follower asked for more.
     *
     * @param fetchOffset its log end
     * @param flushedOffset what it has flushed, at most its log end
     * @param heardCheck the newest check of this leader that it has heard of, or -1
     * @param active whether the metadata has this incarnation registered and not fenced
     */
    record FollowerFetched(
            int nodeId,
            long nodeEpoch,
            int leaderEpoch,
            long fetchOffset,
            long flushedOffset,
            int heardCheck,
            boolean active,
            long nowMs)
            implements ReplicationEvent {}

    /**
     * The controller decided on the proposal that builds on a partition epoch.
     *
     * @param verdict what it said
     * @param newPartitionEpoch the partition epoch of what it committed
     */
    record IsrDecided(
            int leaderEpoch, int partitionEpoch, IsrVerdict verdict, int newPartitionEpoch)
            implements ReplicationEvent {}

    /** Time passed; the metadata says who is registered and not fenced. */
    record Tick(long nowMs, MetadataImage cluster) implements ReplicationEvent {}

    /** The log can be neither written nor read any more. */
    record LogFailed(String reason) implements ReplicationEvent {}
}
