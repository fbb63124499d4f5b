/**
 * Who gets which partitions: the assignors that run in the coordinator (KIP-848).
 *
 * <p>Lives here: the uniform and the range assignor, what they are told and what they answer.
 *
 * <p>May depend on: nothing but the names of topics and members; no I/O, no threads, no clock.
 *
 * <p>Invariant: an assignment is a function of its input, gives no partition to two members, and
 * gives members only partitions of topics that they subscribe to.
 */
@NullMarked
package io.headrace.coordinator.group.assignor;

import org.jspecify.annotations.NullMarked;
