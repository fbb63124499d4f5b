/**
 * Groups of the classic protocol: whose members meet, and one of them assigns.
 *
 * <p>Lives here: the state of such a group and of its members, its records, what members say of
 * themselves inside of it (the embedded consumer protocol).
 *
 * <p>May depend on: {@code shard}'s records; no I/O, no threads, no clock.
 *
 * <p>Invariant: every member of a generation has one protocol that all of them know, and a group is
 * stored only with the assignment of a whole generation.
 */
@NullMarked
package io.headrace.coordinator.group.classic;

import org.jspecify.annotations.NullMarked;
