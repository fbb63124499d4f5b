package io.headrace.storage.replication;

import io.headrace.protocol.metadata.PartitionImage;

/** Something that happened to one partition of this node. */
public sealed interface ReplicationEvent {

    /**
     * The committed metadata of the partition changed, or this node's registration did.
     *
     * @param nodeEpoch this incarnation's node epoch; -1 while it is not registered
     * @param highWatermark the high watermark that the log remembers
     */
    record MetadataApplied(PartitionImage image, long nodeEpoch, long highWatermark)
            implements ReplicationEvent {}

    /** The start of a leader epoch that was asked for is durable. */
    record EpochStarted(int leaderEpoch, long flushedOffset, long logEndOffset)
            implements ReplicationEvent {}

    /** The log grew or more of it is flushed. */
    record LogAdvanced(long flushedOffset, long logEndOffset) implements ReplicationEvent {}

    /**
     * A follower asked for more.
     *
     * @param fetchOffset its log end
     * @param flushedOffset what it has flushed, at most its log end
     */
    record FollowerFetched(
            int nodeId, long nodeEpoch, int leaderEpoch, long fetchOffset, long flushedOffset)
            implements ReplicationEvent {}

    /** The log can be neither written nor read any more. */
    record LogFailed(String reason) implements ReplicationEvent {}
}
