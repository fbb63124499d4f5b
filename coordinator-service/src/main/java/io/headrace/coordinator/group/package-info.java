/**
 * Groups: who is a member, who may commit, who gets what.
 *
 * <p>Lives here: the shard of groups and the decisions of every group API, with the rebalances that
 * they begin. The groups themselves have rooms of their own ({@code group.classic}, {@code
 * group.consumer}, {@code group.share}), and so have what all decisions share ({@code
 * group.space}), assignors ({@code group.assignor}) and committed offsets ({@code group.offset}).
 *
 * <p>May depend on: those rooms, {@code shard}'s seam, the metadata image; no I/O, no threads, no
 * clock.
 *
 * <p>Invariant: a step changes the state and hands out the records of all that must survive; a
 * group made from those records again is the same group.
 */
@NullMarked
package io.headrace.coordinator.group;

import org.jspecify.annotations.NullMarked;
