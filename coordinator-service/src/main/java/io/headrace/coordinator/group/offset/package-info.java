/**
 * Committed offsets of groups.
 *
 * <p>Lives here: the table of committed offsets and their records.
 *
 * <p>May depend on: {@code shard}'s records; no I/O, no threads, no clock.
 *
 * <p>Invariant: the table is a function of the records applied, in order.
 */
@NullMarked
package io.headrace.coordinator.group.offset;

import org.jspecify.annotations.NullMarked;
