/**
 * Shards: state that lives in the log of one partition of an internal topic and is owned by one
 * coordinator at a time.
 *
 * <p>Lives here: the life of a shard on its event loop (take over, replay, decide, append, reply on
 * commit), the seam to its log, the log over the wire, the shards that this coordinator owns.
 *
 * <p>May depend on: protocol, transport, {@code metadata}'s view of the cluster; what the records
 * mean is for the cores.
 *
 * <p>Invariant: nothing is answered before all that was decided up to it is committed in this
 * owner's own shard epoch, and a read not before the log said, after it arrived, that this owner is
 * not fenced.
 */
@NullMarked
package io.headrace.coordinator.shard;

import org.jspecify.annotations.NullMarked;
