/**
 * Share groups: who shares which partitions (KIP-932).
 *
 * <p>Lives here: the state of a share group and its records, their replay, the changes of a group,
 * the assignor.
 *
 * <p>May depend on: {@code shard}'s records; no I/O, no threads, no clock.
 *
 * <p>Invariant: every change is in a record, and replaying the records makes the same group; a
 * partition is assigned only once its state is known to be there.
 */
@NullMarked
package io.headrace.coordinator.group.share;

import org.jspecify.annotations.NullMarked;
