/**
 * Groups of the consumer protocol (KIP-848): whose members each bring themselves, step by step, to
 * the assignment that the coordinator made.
 *
 * <p>Lives here: the state of such a group and of its members, the reconciliation of one member,
 * the records of it all, regular expressions over topics.
 *
 * <p>May depend on: {@code group.assignor}, {@code shard}'s records, the metadata image; no I/O, no
 * threads, no clock.
 *
 * <p>Invariant: no partition is assigned to two members at a time; a group is a function of its
 * records, in order.
 */
@NullMarked
package io.headrace.coordinator.group.consumer;

import org.jspecify.annotations.NullMarked;
