/**
 * The recovery of a metadata database that has lost committed changes, from what storage nodes have
 * applied.
 *
 * <p>Lives here: what nodes report, and the plan made of it.
 *
 * <p>May depend on: the images and records of {@code protocol}; no I/O, no clock, no chance.
 *
 * <p>Invariant: no epoch, offset or id of the recovered metadata is at or below one that a node or
 * the database has shown, and no topic is dropped that a node has records of.
 */
@NullMarked
package io.headrace.coordinator.recovery;

import org.jspecify.annotations.NullMarked;
