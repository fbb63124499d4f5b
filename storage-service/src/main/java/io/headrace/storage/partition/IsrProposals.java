package io.headrace.storage.partition;

import io.headrace.storage.replication.ReplicationEffect.ProposeIsr;

/**
 * Takes proposals of in-sync sets to the controller; the partition hears the verdict by {@link
 * Partition#onIsrDecided}. Any thread.
 */
@FunctionalInterface
public interface IsrProposals {
    /** Sends the proposal, again while its outcome is unknown and it has not been overtaken. */
    void propose(Partition partition, ProposeIsr proposal);
}
