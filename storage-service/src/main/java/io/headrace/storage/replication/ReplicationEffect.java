package io.headrace.storage.replication;

import io.headrace.protocol.metadata.PartitionImage.IsrMember;

import java.util.List;

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

    /**
     * Copy from that leader from now on, and from no other.
     *
     * @param leaderId the leading node, or -1: copy from nobody
     */
    record Follow(int leaderId, int leaderEpoch) implements ReplicationEffect {}

    /**
     * Ask the controller to commit these in-sync replicas, then report {@code IsrDecided}.
     *
     * @param partitionEpoch the version of the partition that this builds on
     */
    record ProposeIsr(int leaderEpoch, int partitionEpoch, List<IsrMember> isr)
            implements ReplicationEffect {}
}
