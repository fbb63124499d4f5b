/**
 * Who leads a partition and what of it is committed: a deterministic state machine.
 *
 * <p>Lives here: the leader's view of the in-sync set, flushed offsets of replicas, the high
 * watermark, and what a change of metadata means for this node.
 *
 * <p>May depend on: {@code protocol.metadata}; no I/O, threads, clock, randomness or Spring.
 *
 * <p>Invariant: a node leads only where the committed metadata names its own current node epoch,
 * and the high watermark never passes an offset that a member of the maximal ISR has not flushed.
 */
@NullMarked
package io.headrace.storage.replication;

import org.jspecify.annotations.NullMarked;
