/**
 * What all decisions about groups share.
 *
 * <p>Lives here: the groups of a shard with their deadlines and offsets, the step that is being
 * taken, the settings and counters, what a shard wants done outside and what comes of it.
 *
 * <p>May depend on: the rooms of each kind of group, {@code group.offset}, {@code shard}'s seam,
 * the metadata image; no I/O, no threads, no clock. It knows of no decision.
 *
 * <p>Invariant: an id names a group of one kind only; what a step hands out leaves with its
 * effects.
 */
@NullMarked
package io.headrace.coordinator.group.space;

import org.jspecify.annotations.NullMarked;
