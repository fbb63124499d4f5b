/**
 * Faults, where they can be shown to have effect.
 *
 * <p>Lives here: what a bad network does to packets.
 *
 * <p>May depend on: the program's faults, and the tools they need; without these a test is skipped.
 *
 * <p>Invariant: an effect is measured from outside, not read from what was set.
 */
@NullMarked
package io.headrace.standalone.fault;

import org.jspecify.annotations.NullMarked;
