/**
 * Consumer groups: who is a member, who may commit, what is committed.
 *
 * <p>Lives here: the classic group protocol with its rebalances and timers, the records of groups,
 * the decisions of every group API. Committed offsets have their own room, {@code group.offset}.
 *
 * <p>May depend on: {@code shard}'s seam, the metadata image; no I/O, no threads, no clock.
 *
 * <p>Invariant: a step changes the state and hands out the records of all that must survive; a
 * group made from those records again is the same group.
 */
@NullMarked
package io.headrace.coordinator.group;

import org.jspecify.annotations.NullMarked;
