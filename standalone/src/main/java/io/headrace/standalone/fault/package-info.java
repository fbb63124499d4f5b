/**
 * Real faults for a cluster of real processes.
 *
 * <p>Lives here: one class for each kind of fault, and the machinery some of them need: networks of
 * their own for nodes, notes of what the device has.
 *
 * <p>May depend on: {@code cluster}.
 *
 * <p>Invariant: whatever a fault did is undone when it is healed, but for bytes it destroyed on one
 * node.
 */
@NullMarked
package io.headrace.standalone.fault;

import org.jspecify.annotations.NullMarked;
