package io.headrace.simulation.invariant;

import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.storage.SimulatedStorageNode;
import io.headrace.storage.log.PartitionLog;
import io.headrace.storage.partition.Partition;

/**
 * Something that must hold at every moment of a run; it throws an {@link AssertionError} if not.
 */
public interface Invariant {
    /** How often something was compared. */
    long checks();

    /** Looks at one replica of a living node. */
    default void onReplica(
            SimulatedStorageNode node,
            Partition partition,
            PartitionLog log,
            MetadataImage truth) {}

    /** Looks at newly committed metadata. */
    default void onMetadata(MetadataImage before, MetadataImage after) {}
}
